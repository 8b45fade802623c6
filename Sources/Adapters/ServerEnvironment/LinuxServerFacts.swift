import Glibc
package import PoolModel

/// What the Linux kernel tells of this machine. Under Xen it is Domain-0's view: its own memory and virtual CPUs, but the real cards.
package struct LinuxServerFacts: Hashable, Sendable {
    /// MemTotal of /proc/meminfo, rounded down.
    package let memory: Mebibytes
    /// CPUs that are online.
    package let processors: Int
    /// Cards with a device behind them; those whose speed is not known (no link, virtual) count as 1 Gb/s.
    package let cards: [NetworkInterfaceCard]
    package let bridges: [NetworkBridge]

    /// What a card of unknown speed is counted as.
    package static let presumedSpeed = KilobitsPerSecond(1_000_000)
    /// Interfaces that are looked at, at most.
    static let mostInterfaces = 1_024

    /// Reads anew.
    ///
    /// - Parameters:
    ///   - processes: the folder of proc(5).
    ///   - system: the folder of sysfs(5).
    /// - Throws: ``EnvironmentError/refused(operation:path:reason:)`` where the memory is not told.
    package init(processes: String = "/proc", system: String = "/sys") throws(EnvironmentError) {
        memory = try Self.memory(in: "\(processes)/meminfo")
        processors = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let folder = "\(system)/class/net"
        let interfaces = SystemFile.names(in: folder, limit: Self.mostInterfaces)
        let physical = interfaces.filter { Self.isCard("\(folder)/\($0)") }
        cards = physical.map { NetworkInterfaceCard(name: $0, speed: Self.speed(of: "\(folder)/\($0)")) }
        bridges = interfaces.filter { SystemFile.exists("\(folder)/\($0)/bridge") }.map { bridge in
            let ports = SystemFile.names(in: "\(folder)/\(bridge)/brif", limit: Self.mostInterfaces)
            // The interfaces of virtual machines are ports of the bridge too, but no cards.
            return NetworkBridge(name: bridge, cards: ports.filter(physical.contains))
        }
    }

    /// Whether a device stands behind an interface that is not the near end of a virtual machine's own: that one (`vif1.0`) has a device
    /// too, on the bus of Xen's back ends.
    private static func isCard(_ interface: String) -> Bool {
        SystemFile.exists("\(interface)/device")
            && SystemFile.linkTarget("\(interface)/device/subsystem")?.split(separator: "/").last != "xen-backend"
    }

    private static func memory(in path: String) throws(EnvironmentError) -> Mebibytes {
        let line = SystemFile.text(path)?.split(separator: "\n").first { $0.hasPrefix("MemTotal:") }
        let words = line?.split(separator: " ") ?? []
        guard words.count == 3, words[2] == "kB", let kibibytes = Int(words[1]), kibibytes >= 0 else {
            throw .refused(operation: "tell the memory from", path: path, reason: "it has no line MemTotal in kB")
        }
        return Mebibytes(kibibytes / 1_024)
    }

    private static func speed(of interface: String) -> KilobitsPerSecond {
        // In Mb/s; -1, or an error, while it is not known.
        let text = SystemFile.text("\(interface)/speed")?.split(whereSeparator: \.isWhitespace).first
        guard let megabits = text.flatMap({ Int($0) }), (1...1_000_000_000).contains(megabits) else { return presumedSpeed }
        return KilobitsPerSecond(megabits * 1_000)
    }
}

/// Identifies this boot of the machine.
package enum BootIdentifier {
    /// The kernel's random identifier, another one at each boot (random(4)).
    package static func read(path: String = "/proc/sys/kernel/random/boot_id") throws(EnvironmentError) -> UniqueIdentifier {
        guard let text = SystemFile.text(path), let boot = UniqueIdentifier(text.prefix { !$0.isWhitespace }) else {
            throw .refused(operation: "tell the boot identifier from", path: path, reason: "it holds no UUID")
        }
        return boot
    }
}

/// Identifies the machine itself.
package enum HardwareIdentifier {
    /// The SMBIOS UUID (System Information, type 1) as the kernel shows it to root.
    ///
    /// - Returns: nil where it cannot be read, or where the firmware says that it has none: all bits clear, or all bits set (SMBIOS
    ///   reference specification 7.2.1).
    package static func read(path: String = "/sys/class/dmi/id/product_uuid") -> UniqueIdentifier? {
        guard let text = SystemFile.text(path), let found = UniqueIdentifier(text.prefix { !$0.isWhitespace }) else { return nil }
        let isAbsent = (found.high == 0 && found.low == 0) || (found.high == .max && found.low == .max)
        return isAbsent ? nil : found
    }
}
