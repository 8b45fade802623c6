import DomainConfiguration
import PoolModel

/// A disk as libxl is to attach it (`libxl_device_disk`).
package struct DiskPlan: Hashable, Sendable {
    /// How the image is read.
    package enum Format: String, Hashable, Sendable, CaseIterable {
        case raw, qcow, qcow2, vhd, qed
        /// A drive without a medium.
        case empty
    }

    /// Who serves it.
    package enum Backend: String, Hashable, Sendable, CaseIterable {
        case phy, qdisk, standalone, tap
    }

    /// nil for an empty drive.
    package var path: String?
    package var format: Format
    package var device: String
    package var isWritable: Bool
    package var isCDROM: Bool
    package var backend: Backend?
    package var backendDomain: String?
    package var script: String?
    package var discards: Bool?
    package var bypassesCache: Bool
    package var specification: String?
    package var isTrusted: Bool?

    static func all(_ disks: [DiskConfiguration], keys: inout ConfigurationKeys) -> [DiskPlan] {
        disks.enumerated().map { DiskPlan($1, index: $0, keys: &keys) }
    }

    private init(_ disk: DiskConfiguration, index: Int, keys: inout ConfigurationKeys) {
        let isEmpty = disk.target.isEmpty
        // A script gives the target its own meaning; else a bare name is one of /dev.
        path = isEmpty ? nil : disk.hostPath ?? disk.target
        format = isEmpty && disk.isCDROM ? .empty : Format(rawValue: disk.format.rawValue) ?? .raw
        device = disk.virtualDevice
        isWritable = !disk.isCDROM && (disk.access == .write || disk.access == .sharedWrite)
        isCDROM = disk.isCDROM
        backend = disk.backendType.flatMap { Backend(rawValue: $0.rawValue) }
        backendDomain = disk.backendDomain
        script = disk.script
        discards = disk.discards
        bypassesCache = disk.isDirectIOSafe
        specification = disk.specification
        isTrusted = disk.isTrusted
        if disk.access.isShared && !isCDROM { share(index, &keys) }
        for other in disk.others {
            let shown = ForeignText.shown(other.key, longest: 40)
            keys.warn("disk", element: index, "The parameter \(shown) of the disk \(device) is not carried out.")
        }
    }

    /// libxl has no word for a shared disk. Its script for block devices refuses a second writer, and qemu would cache what another
    /// server has changed: so qemu serves it, without a cache.
    private mutating func share(_ index: Int, _ keys: inout ConfigurationKeys) {
        guard backend == nil, script == nil else { return }
        backend = .qdisk
        bypassesCache = true
        keys.warn(
            "disk", element: index,
            "The disk \(device) is shared: qemu serves it, without Domain-0's cache, as Xen's own script refuses a second machine.")
    }
}

/// A network interface as libxl is to attach it (`libxl_device_nic`).
package struct InterfacePlan: Hashable, Sendable {
    /// Six bytes.
    package var mac: [UInt8]
    package var number: Int
    package var bridge: String?
    package var gatewayDevice: String?
    /// Whether an emulated card stands beside the paravirtualized one; nil for libxl's default.
    package var isEmulated: Bool?
    package var model: String?
    package var name: String?
    package var script: String?
    package var addresses: String?
    package var backendDomain: String?
    /// Bytes in each interval; nil for no limit.
    package var bytesPerInterval: UInt64?
    package var intervalMicroseconds: UInt32?
    package var mtu: Int?
    package var isTrusted: Bool?

    static func all(_ interfaces: [InterfaceConfiguration], uuid: UniqueIdentifier, keys: inout ConfigurationKeys) -> [InterfacePlan] {
        var used = Set(interfaces.compactMap { $0.mac?.value })
        return interfaces.enumerated().map { index, interface in
            let mac = interface.mac?.value ?? StableMACAddress.value(of: (uuid.high, uuid.low), interface: index, avoiding: &used)
            return InterfacePlan(interface, mac: mac, index: index, keys: &keys)
        }
    }

    private init(_ interface: InterfaceConfiguration, mac: UInt64, index: Int, keys: inout ConfigurationKeys) {
        self.mac = (0..<6).map { UInt8(truncatingIfNeeded: mac >> UInt64(8 * (5 - $0))) }
        number = interface.deviceID ?? index
        bridge = interface.bridge
        gatewayDevice = interface.gatewayDevice
        isEmulated = interface.kind.map { $0 == .emulated }
        model = interface.model
        name = interface.interfaceName
        script = interface.script
        addresses = interface.ip
        backendDomain = interface.backendDomain
        mtu = interface.mtu
        isTrusted = interface.isTrusted
        if let rate = interface.rate {
            let product = rate.bytesPerSecond.multipliedFullWidth(by: rate.intervalMicroseconds)
            bytesPerInterval = UInt64(max(1, 1_000_000.dividingFullWidth(product).quotient))
            intervalMicroseconds = UInt32(clamping: rate.intervalMicroseconds)
        }
        if let vlan = interface.vlan { useVLAN(vlan, index, &keys) }
        for other in interface.others {
            let shown = ForeignText.shown(other.key, longest: 40)
            keys.warn("vif", element: index, "The parameter \(shown) of interface \(index) is not carried out.")
        }
    }

    /// libxl 4.17 hands no VLAN to a script; that of Open vSwitch takes it as part of the bridge's name.
    private mutating func useVLAN(_ vlan: String, _ index: Int, _ keys: inout ConfigurationKeys) {
        guard let script, script.split(separator: "/").last == "vif-openvswitch", let bridge else {
            keys.warn(
                "vif", element: index,
                "The VLAN \(ForeignText.shown(vlan, longest: 40)) of interface \(index) is not carried out: Xen 4.17 tags with "
                    + "script=vif-openvswitch and a bridge alone. Name a bridge that is on the VLAN.")
            return
        }
        self.bridge = "\(bridge).\(vlan)"
    }
}
