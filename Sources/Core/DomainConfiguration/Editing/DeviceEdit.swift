/// One change of a configuration's devices, as an operator asks for it.
package enum DeviceEdit: Hashable, Sendable {
    /// Adds a disk, as an element of `disk`.
    case attachDisk(String)
    /// Removes the disk of a virtual device.
    case detachDisk(String)
    /// Puts a file or device of the server into a CD drive.
    case insertMedium(target: String, drive: String)
    /// Leaves a CD drive empty.
    case ejectMedium(drive: String)
    /// Adds an interface, as an element of `vif`.
    case attachInterface(String)
    /// Removes the interface of a MAC address, or of a place in the list that is counted from 0.
    case detachInterface(String)
}

/// A configuration with one device changed.
package struct EditedConfiguration: Hashable, Sendable {
    /// The canonical text.
    package let text: String
    package let settings: DomainSettings
    /// The virtual device of the disk, or the MAC address of the interface.
    package let device: String
    /// The changed element in canonical form: as it is now, or was where it is gone.
    package let element: String
}

/// Why a device cannot be changed so.
package struct DeviceEditRefusal: Error, Hashable, Sendable {
    /// What is wrong.
    package enum Kind: Hashable, Sendable {
        /// What was given cannot be read.
        case malformed
        /// There is such a device already.
        case taken
        /// There is no such device.
        case absent
    }

    package let kind: Kind
    /// What is wrong, as a sentence.
    package let cause: String
    /// What to do, as a sentence.
    package let cure: String

    package init(kind: Kind, cause: String, cure: String) {
        self.kind = kind
        self.cause = cause
        self.cure = cure
    }
}

/// Single elements of the lists `disk` and `vif`.
package enum DeviceElement {
    private static let start = SourcePosition(line: 1, column: 1)

    /// - Throws: the first mistake.
    package static func disk(_ text: String) throws(DomainConfigurationError) -> DiskConfiguration {
        var reader = DiskSpecificationReader(file: "disk", position: start)
        try reader.read(text)
        return reader.disk
    }

    /// - Throws: the first mistake.
    package static func interface(_ text: String) throws(DomainConfigurationError) -> InterfaceConfiguration {
        var reader = InterfaceSpecificationReader(file: "vif", position: start)
        try reader.read(text)
        return reader.interface
    }
}

extension DomainConfiguration {
    /// The configuration with one device changed; whatever else it says stays.
    ///
    /// Comments are lost, as with every canonical text. Where interfaces change, each one's MAC address and number are written out: what
    /// is made of an interface's place in the list would change with the list.
    ///
    /// - Parameter uuid: the domain's, whose hash the addresses are that the configuration leaves out.
    package func edited(by edit: DeviceEdit, uuid: (high: UInt64, low: UInt64)) throws(DeviceEditRefusal) -> EditedConfiguration {
        var settings = settings
        let device: String
        let element: String
        switch edit {
        case .attachDisk(let text): (device, element) = try settings.attachDisk(text)
        case .detachDisk(let name): (device, element) = try settings.detachDisk(name)
        case .insertMedium(let target, let drive): (device, element) = try settings.changeMedium(of: drive, to: target)
        case .ejectMedium(let drive): (device, element) = try settings.changeMedium(of: drive, to: "")
        case .attachInterface(let text): (device, element) = try settings.attachInterface(text, uuid)
        case .detachInterface(let name): (device, element) = try settings.detachInterface(name, uuid)
        }
        let text = settings.canonicalText()
        try Self.prove(text, settings)
        return EditedConfiguration(text: text, settings: settings, device: device, element: element)
    }

    /// Reads the new text back: what is stored says what was meant.
    private static func prove(_ text: String, _ settings: DomainSettings) throws(DeviceEditRefusal) {
        let again: DomainConfiguration
        do throws(DomainConfigurationError) {
            again = try DomainConfigurationText.parse(text, file: "vm.cfg")
        } catch {
            throw DeviceEditRefusal(
                kind: .malformed, cause: "The configuration could not be read again with that device: found \(error.found).",
                cure: "Write \(error.expected).")
        }
        guard again.settings.disks == settings.disks, again.settings.interfaces == settings.interfaces, again.canonicalText() == text else {
            throw DeviceEditRefusal(
                kind: .malformed, cause: "The configuration would say something else with that device.",
                cure: "Describe the device in a simpler way.")
        }
    }
}

extension DomainSettings {
    fileprivate mutating func attachDisk(_ text: String) throws(DeviceEditRefusal) -> (device: String, element: String) {
        let disk: DiskConfiguration
        do throws(DomainConfigurationError) { disk = try DeviceElement.disk(text) } catch { throw DeviceEditRefusal(error, in: "disk") }
        guard !disks.contains(where: { $0.virtualDevice == disk.virtualDevice }) else {
            throw DeviceEditRefusal(
                kind: .taken, cause: "There is a disk \(disk.virtualDevice) already.",
                cure: "Choose another device, or detach that one first.")
        }
        disks.append(disk)
        return (disk.virtualDevice, disk.canonicalText(for: .pool))
    }

    fileprivate mutating func detachDisk(_ name: String) throws(DeviceEditRefusal) -> (device: String, element: String) {
        guard let index = disks.firstIndex(where: { $0.virtualDevice == name }) else {
            throw .absent("disk", name, among: disks.map(\.virtualDevice))
        }
        return (name, disks.remove(at: index).canonicalText(for: .pool))
    }

    fileprivate mutating func changeMedium(
        of drive: String, to target: String
    ) throws(DeviceEditRefusal) -> (device: String, element: String) {
        guard let index = disks.firstIndex(where: { $0.virtualDevice == drive && $0.isCDROM }) else {
            throw .absent("CD drive", drive, among: disks.filter(\.isCDROM).map(\.virtualDevice))
        }
        guard target.isEmpty || target.hasPrefix("/"), !target.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F })
        else {
            throw DeviceEditRefusal(
                kind: .malformed, cause: "The medium \(DisplayText.quoted(target)) is no path on a server.",
                cure: "Give a path that begins with a slash.")
        }
        disks[index].target = target
        disks[index].format = .raw
        return (drive, disks[index].canonicalText(for: .pool))
    }

    fileprivate mutating func attachInterface(
        _ text: String, _ uuid: (high: UInt64, low: UInt64)
    ) throws(DeviceEditRefusal) -> (device: String, element: String) {
        let added: InterfaceConfiguration
        do throws(DomainConfigurationError) { added = try DeviceElement.interface(text) } catch {
            throw DeviceEditRefusal(error, in: "interface")
        }
        writeOutIdentities(uuid)
        if let given = added.mac, interfaces.contains(where: { $0.mac == given }) {
            throw DeviceEditRefusal(
                kind: .taken, cause: "There is an interface \(given) already.", cure: "Choose another MAC address, or leave it out.")
        }
        if let given = added.deviceID, interfaces.contains(where: { $0.deviceID == given }) {
            throw DeviceEditRefusal(
                kind: .taken, cause: "There is an interface with devid \(given) already.", cure: "Choose another, or leave it out.")
        }
        let next = interfaces.compactMap(\.deviceID).max().map { $0 + 1 } ?? 0
        interfaces.append(added)
        // One that was there before keeps its number: what the guest knows of it goes by that.
        if added.deviceID == nil { interfaces[interfaces.count - 1].deviceID = next }
        writeOutIdentities(uuid)
        let interface = interfaces[interfaces.count - 1]
        return (interface.mac?.description ?? "", interface.canonicalText)
    }

    fileprivate mutating func detachInterface(
        _ name: String, _ uuid: (high: UInt64, low: UInt64)
    ) throws(DeviceEditRefusal) -> (device: String, element: String) {
        writeOutIdentities(uuid)
        let address = MACAddress(name)
        // A MAC address without separators would be a number too, which no list is long enough for.
        let place = name.utf8.count < 6 ? Int(name) : nil
        guard let index = interfaces.indices.first(where: { $0 == place || address != nil && interfaces[$0].mac == address }) else {
            throw .absent("interface", name, among: interfaces.compactMap { $0.mac?.description })
        }
        let interface = interfaces.remove(at: index)
        return (interface.mac?.description ?? "", interface.canonicalText)
    }

    /// Gives each interface the MAC address and the number that it has had without their being written: both are made of its place in the
    /// list, which changes with the list, and the guest and a domain that is built of the text elsewhere have to agree on them.
    private mutating func writeOutIdentities(_ uuid: (high: UInt64, low: UInt64)) {
        writeOutAddresses(uuid)
        for index in interfaces.indices where interfaces[index].deviceID == nil { interfaces[index].deviceID = index }
    }

    /// Gives each interface the MAC address that it has had without one being written.
    package mutating func writeOutAddresses(_ uuid: (high: UInt64, low: UInt64)) {
        var used = Set(interfaces.compactMap { $0.mac?.value })
        for index in interfaces.indices where interfaces[index].mac == nil {
            interfaces[index].mac = MACAddress(value: StableMACAddress.value(of: uuid, interface: index, avoiding: &used))
        }
    }

    /// The devices by what they are called, with their elements in canonical form: disks by virtual device, interfaces by MAC address.
    package func devices(_ uuid: (high: UInt64, low: UInt64)) -> [(device: String, element: String)] {
        var settings = self
        settings.writeOutAddresses(uuid)
        return settings.disks.map { ($0.virtualDevice, $0.canonicalText(for: .pool)) }
            + settings.interfaces.map { ($0.mac?.description ?? "", $0.canonicalText) }
    }

    /// A text that describes the devices and nothing else.
    package var deviceText: String {
        var settings = DomainSettings(name: name)
        settings.disks = disks
        settings.interfaces = interfaces
        return settings.canonicalText()
    }
}

extension DeviceEditRefusal {
    fileprivate init(_ error: DomainConfigurationError, in what: String) {
        self.init(kind: .malformed, cause: "The \(what) cannot be read: found \(error.found).", cure: "Write \(error.expected).")
    }

    fileprivate static func absent(_ what: String, _ name: String, among known: [String]) -> DeviceEditRefusal {
        let shown = known.prefix(16).joined(separator: ", ") + (known.count > 16 ? " and \(known.count - 16) more" : "")
        return DeviceEditRefusal(
            kind: .absent, cause: "There is no \(what) \(DisplayText.quoted(name)).",
            cure: known.isEmpty ? "There is none at all; attach one first." : "Name one of \(shown).")
    }
}
