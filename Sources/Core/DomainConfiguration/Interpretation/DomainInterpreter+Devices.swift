extension DomainInterpreter {
    mutating func readDisks() throws(DomainConfigurationError) -> [DiskConfiguration] {
        var disks: [DiskConfiguration] = []
        var devices: Set<String> = []
        for element in try elements("disk") {
            var reader = DiskSpecificationReader(file: file, position: element.position)
            switch element.content {
            case .text(let text): try reader.read(text)
            case .dictionary(let entries): try reader.read(entries)
            default: throw refuseElement(element, of: "disk", expected: "'TARGET,FORMAT,VDEV,ACCESS'")
            }
            for note in reader.notes { warnings.add(note, at: element.position) }
            guard devices.insert(reader.disk.virtualDevice).inserted else {
                throw refusal(
                    at: element.position, found: "a second disk \(DisplayText.quoted(reader.disk.virtualDevice))",
                    expected: "a virtual device of its own for each disk")
            }
            disks.append(reader.disk)
        }
        return disks
    }

    mutating func readInterfaces() throws(DomainConfigurationError) -> [InterfaceConfiguration] {
        var interfaces: [InterfaceConfiguration] = []
        var addresses: Set<MACAddress> = []
        for element in try elements("vif") {
            var reader = InterfaceSpecificationReader(file: file, position: element.position)
            switch element.content {
            case .text(let text): try reader.read(text)
            case .dictionary(let entries): try reader.read(entries)
            default: throw refuseElement(element, of: "vif", expected: "'mac=..,bridge=..'")
            }
            for note in reader.notes { warnings.add(note, at: element.position) }
            if let mac = reader.interface.mac, !addresses.insert(mac).inserted {
                warnings.add("The MAC address \(mac) is given to two interfaces of this domain.", at: element.position)
            }
            interfaces.append(reader.interface)
        }
        return interfaces
    }

    /// The elements of the list of `key`; a value that stands alone is a list of one.
    private mutating func elements(_ key: String) throws(DomainConfigurationError) -> [ConfigurationValue] {
        guard let entry = take(key) else { return [] }
        switch entry.value.content {
        case .list(let elements): return elements
        case .text(let text) where text.isEmpty:
            warnings.add("The key \(key) should be a list; an empty string is taken as an empty one.", at: entry.value.position)
            return []
        case .text, .dictionary:
            warnings.add("The key \(key) should be a list; its value is taken as a list of one.", at: entry.value.position)
            return [entry.value]
        case .number, .numeral, .boolean, .nothing:
            throw refuseElement(entry.value, of: key, expected: "\(key) = [ '...', '...' ]")
        }
    }

    private func refuseElement(_ element: ConfigurationValue, of key: String, expected: String) -> DomainConfigurationError {
        refusal(at: element.position, found: "\(Self.shape(of: element)) in \(key)", expected: "a string, \(expected)")
    }
}
