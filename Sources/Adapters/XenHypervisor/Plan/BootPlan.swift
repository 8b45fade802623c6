import DomainConfiguration
import PoolModel

/// Where a domain's kernel comes from.
package struct BootPlan: Hashable, Sendable {
    package var kernel: String?
    package var ramdisk: String?
    package var commandLine: String?
    /// A program that finds the kernel in the domain's disk, such as `pygrub`; libxl looks for a bare name among its own programs.
    package var bootloader: String?
    package var bootloaderArguments: [String]

    /// Where Xen's own images of boot loaders lie (`firmware` of pv and pvh machines).
    private static let firmwareFolder = "/usr/lib/xen-4.17/boot"

    init(_ settings: DomainSettings, type: PoolModel.DomainType, keys: inout ConfigurationKeys) throws(XenRefusal) {
        kernel = settings.kernel
        ramdisk = settings.ramdisk
        commandLine = settings.commandLine
        bootloader = settings.bootloader
        bootloaderArguments = Self.arguments(&keys)
        switch type {
        case .hvm: dropForHardware(&keys)
        case .pv, .pvh:
            if let firmware = keys.text("firmware") { try useFirmware(firmware) }
            guard kernel != nil || bootloader != nil else {
                throw XenRefusal(
                    cause: "The configuration of this \(type.rawValue) machine gives nothing to boot.",
                    cure: "Add kernel = \"...\", or bootloader = \"pygrub\" for a kernel in the machine's own disk.")
            }
        }
    }

    private static func arguments(_ keys: inout ConfigurationKeys) -> [String] {
        switch keys.take("bootloader_args") {
        case nil: []
        case .list(let elements): elements.map(\.flatText)
        // xl splits a lone string at its blanks.
        case .some(let value): value.flatText.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\n" }).map(String.init)
        }
    }

    private mutating func dropForHardware(_ keys: inout ConfigurationKeys) {
        if let path = kernel, path.split(separator: "/").last == "hvmloader" {
            keys.warn("kernel", "The kernel hvmloader is not carried out, as xl does not: libxl chooses the firmware of an hvm machine.")
            kernel = nil
        }
        if bootloader != nil {
            keys.warn("bootloader", "The key bootloader is not carried out: an hvm machine boots by its firmware.")
            bootloader = nil
        }
    }

    private mutating func useFirmware(_ firmware: String) throws(XenRefusal) {
        guard firmware == "pvgrub32" || firmware == "pvgrub64" else {
            throw XenRefusal(
                cause: "The firmware \(ForeignText.shown(firmware, longest: 80)) is none for a machine without emulated hardware.",
                cure: "Write firmware = \"pvgrub64\" or \"pvgrub32\", or give a kernel or bootloader instead.")
        }
        guard kernel == nil else {
            throw XenRefusal(cause: "The configuration gives both a kernel and a firmware.", cure: "Remove one of them.")
        }
        kernel = "\(Self.firmwareFolder)/\(firmware).bin"
    }
}
