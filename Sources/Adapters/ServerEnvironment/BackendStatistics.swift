package import AgentPorts

/// What the Linux kernel counts of the devices that it serves to domains (Xen's back ends in sysfs(5)). Disks that a device model serves
/// are not among them.
package struct BackendStatistics: Hashable, Sendable {
    /// Disks by their domain, in the order of their numbers.
    package private(set) var disks: [UInt32: [DiskUsage]] = [:]
    /// Network interfaces by their domain, in their order.
    package private(set) var interfaces: [UInt32: [InterfaceUsage]] = [:]

    /// Devices that are looked at, at most.
    static let mostDevices = 8_192
    /// Bytes of a sector, however large the disk's own are (`blkif.h`).
    private static let sectorBytes: UInt64 = 512

    /// Reads anew.
    ///
    /// - Parameters:
    ///   - domains: whose devices are looked at.
    ///   - system: the folder of sysfs(5).
    package init(of domains: Set<UInt32>, system: String = "/sys") {
        let folder = "\(system)/bus/xen-backend/devices"
        let devices = SystemFile.names(in: folder, limit: Self.mostDevices).compactMap { Device($0) }
        for device in devices.sorted(by: { $0.number < $1.number }) where domains.contains(device.domain) {
            switch device.kind {
            case .disk: disks[device.domain, default: []].append(Self.disk(device, in: "\(folder)/\(device.name)/statistics"))
            case .interface:
                // It may have been given another name than vif1.0.
                guard let name = SystemFile.names(in: "\(folder)/\(device.name)/net", limit: 2).first else { continue }
                let counted = Self.interface("\(device.number)", in: "\(folder)/\(device.name)/net/\(name)/statistics")
                interfaces[device.domain, default: []].append(counted)
                // What a guest without a driver of Xen's is given instead.
                let emulated = "\(system)/class/net/\(name)-emu/statistics"
                guard SystemFile.exists(emulated) else { continue }
                interfaces[device.domain, default: []].append(Self.interface("\(device.number)-emulated", in: emulated))
            }
        }
    }

    private static func disk(_ device: Device, in folder: String) -> DiskUsage {
        func bytes(_ name: String) -> UInt64? {
            number("\(folder)/\(name)").flatMap { sectors in
                let (bytes, isTooLarge) = sectors.multipliedReportingOverflow(by: sectorBytes)
                return isTooLarge ? nil : bytes
            }
        }
        return DiskUsage(
            name: diskName(device.number), readBytes: bytes("rd_sect"), writtenBytes: bytes("wr_sect"),
            reads: number("\(folder)/rd_req"), writes: number("\(folder)/wr_req"))
    }

    /// What the back end has sent, the guest has received.
    private static func interface(_ name: String, in folder: String) -> InterfaceUsage {
        InterfaceUsage(
            name: name, receivedBytes: number("\(folder)/tx_bytes"), sentBytes: number("\(folder)/rx_bytes"),
            receivedPackets: number("\(folder)/tx_packets"), sentPackets: number("\(folder)/rx_packets"))
    }

    /// The number that a file holds, and nothing else.
    private static func number(_ path: String) -> UInt64? {
        guard var text = SystemFile.text(path) else { return nil }
        if text.utf8.last == UInt8(ascii: "\n") { text.removeLast() }
        return Device.digits(text).flatMap { UInt64($0) }
    }

    /// What a guest calls a disk of this number (Xen's `vbd-interface(7)`): `xvda1`, `hdc`, `sdb`; else the number itself.
    package static func diskName(_ number: UInt32) -> String {
        func name(_ kind: String, _ disk: UInt32, _ partition: UInt32) -> String {
            "\(kind)\(letters(disk))" + (partition == 0 ? "" : "\(partition)")
        }
        // Disks beyond the sixteenth have 20 bits for themselves and 8 for the partition.
        if number >> 28 == 1 { return name("xvd", number >> 8 & 0xFFFFF, number & 0xFF) }
        switch number >> 8 {
        case 202: return name("xvd", number >> 4 & 0xF, number & 0xF)
        case 8: return name("sd", number >> 4 & 0xF, number & 0xF)
        case 3: return name("hd", number >> 6 & 3, number & 0x3F)
        case 22: return name("hd", (number >> 6 & 3) + 2, number & 0x3F)
        default: return "\(number)"
        }
    }

    /// a to z, then aa to az, ba and so on.
    private static func letters(_ number: UInt32) -> String {
        let last = String(UnicodeScalar(UInt8(ascii: "a") + UInt8(number % 26)))
        return number < 26 ? last : letters(number / 26 - 1) + last
    }
}

/// The name of a device in the folder of back ends: `vbd-1-51712`, `vif-1-0`.
private struct Device {
    enum Kind { case disk, interface }

    let name: String
    let kind: Kind
    let domain: UInt32
    let number: UInt32

    init?(_ name: String) {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, let domain = Self.digits(parts[1]).flatMap({ UInt32($0) }),
            let number = Self.digits(parts[2]).flatMap({ UInt32($0) })
        else { return nil }
        switch parts[0] {
        case "vbd": kind = .disk
        case "vif": kind = .interface
        default: return nil
        }
        self.name = name
        self.domain = domain
        self.number = number
    }

    /// The text, where it is digits alone: Swift would take a sign too.
    static func digits<Text: StringProtocol>(_ text: Text) -> Text? {
        (1...20).contains(text.utf8.count) && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? text : nil
    }
}
