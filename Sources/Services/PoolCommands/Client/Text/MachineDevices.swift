import DomainConfiguration
package import QueryModel

/// The disks and interfaces of a virtual machine, by the names that the commands about them take.
package struct MachineDevices: Hashable, Sendable {
    /// `xvda /OVS/web01.img`, in the order of the vm.cfg.
    package let disks: [String]
    /// `00:16:3e:2a:4c:8d on xenbr0, 10 Mb/s`, in the order of the vm.cfg.
    package let interfaces: [String]
    /// The virtual devices of the CD drives.
    package let drives: [String]

    /// Reads a machine's vm.cfg; nil where it is not there, or cannot be read: the pool has accepted it by a newer version than this is.
    package init?(of machine: MachineDocument) {
        guard let configuration = machine.configuration, let uuid = Self.words(ofUUID: machine.uuid) else { return nil }
        var settings: DomainSettings
        do throws(DomainConfigurationError) {
            settings = try DomainConfigurationText.parse(configuration, file: "vm.cfg").settings
        } catch {
            return nil
        }
        settings.writeOutAddresses(uuid)
        drives = settings.disks.filter(\.isCDROM).map(\.virtualDevice)
        disks = settings.disks.map { disk in
            let target = disk.target.isEmpty ? "empty" : disk.hostPath ?? disk.target
            return "\(disk.virtualDevice) \(target)\(disk.isCDROM ? ", a CD drive" : "")"
        }
        let needs = machine.requirements.interfaces
        interfaces = settings.interfaces.enumerated().map { index, interface in
            let rate = needs.indices.contains(index) ? ", \(QuantityText.rate(kilobits: needs[index].rateKbps))" : ""
            let bridge = needs.indices.contains(index) ? needs[index].bridge : interface.bridge ?? "the default bridge"
            return "\(interface.mac?.description ?? "none") on \(bridge)\(rate)"
        }
    }

    private static func words(ofUUID text: String) -> (high: UInt64, low: UInt64)? {
        let digits = text.filter { $0 != "-" }
        guard digits.count == 32, let high = UInt64(digits.prefix(16), radix: 16), let low = UInt64(digits.suffix(16), radix: 16) else {
            return nil
        }
        return (high, low)
    }
}
