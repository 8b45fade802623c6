/// Reads one interface: `key=value` separated by commas, or a Python dictionary (xl-network-configuration(5)).
struct InterfaceSpecificationReader {
    let file: String
    let position: SourcePosition
    private(set) var interface = InterfaceConfiguration()
    private(set) var notes: [String] = []
    private var given: Set<String> = []

    init(file: String, position: SourcePosition) {
        self.file = file
        self.position = position
    }

    /// Reads the whole of `text`, which may be empty.
    mutating func read(_ text: String) throws(DomainConfigurationError) {
        for part in text.utf8.split(separator: UInt8(ascii: ",")) {
            let parameter = Substring(part).trimmed
            if parameter.isEmpty { continue }
            guard let equals = parameter.firstIndex(ofByte: "=") else {
                readFlag(String(parameter))
                continue
            }
            let key = parameter[..<equals].trimmed
            let value = parameter[parameter.utf8.index(after: equals)...].trimmed
            try readNamed(String(key), String(value))
        }
    }

    /// Reads a dictionary.
    mutating func read(_ entries: [ConfigurationEntry]) throws(DomainConfigurationError) {
        for entry in entries {
            let value = String(SettingValue(entry.value).flatText[...].trimmed)
            guard DiskSpecificationReader.isName(entry.key[...]), !value.utf8.contains(UInt8(ascii: ",")) else {
                throw refusal(
                    found: "the interface parameter \(DisplayText.quoted(entry.key)) with \(DisplayText.quoted(value))",
                    expected: "a word for the parameter, and a value without commas")
            }
            try readNamed(entry.key, value)
        }
    }

    private mutating func readFlag(_ flag: String) {
        switch flag {
        case "trusted", "untrusted":
            noteSecond("trusted")
            interface.isTrusted = flag == "trusted"
        default:
            note("The interface parameter \(DisplayText.quoted(flag)) has no value, and is kept; xl expects key=value.")
            interface.others.append(DeviceParameter(key: flag, value: nil))
        }
    }

    private mutating func readNamed(_ key: String, _ value: String) throws(DomainConfigurationError) {
        noteSecond(key)
        if value.isEmpty && Self.knownKeys.contains(key) {
            note("The interface parameter \(key) is empty, which leaves the default; it is not kept.")
            return
        }
        switch key {
        case "mac": interface.mac = try mac(value)
        case "bridge": interface.bridge = value
        case "gatewaydev": interface.gatewayDevice = value
        case "netdev":
            note("The interface parameter netdev is deprecated; write gatewaydev.")
            interface.gatewayDevice = value
        case "type": interface.kind = try kind(value)
        case "model": interface.model = value
        case "vifname": interface.interfaceName = value
        case "script": interface.script = value
        case "ip": interface.ip = value
        case "backend": interface.backendDomain = value
        case "rate": interface.rate = try rate(value)
        case "devid": interface.deviceID = try number(key, value, 0...65_535)
        case "mtu": interface.mtu = try number(key, value, 68...65_535)
        case "vlan": interface.vlan = try vlan(value)
        case "trusted": interface.isTrusted = try number(key, value, 0...1) == 1
        default:
            note("The interface parameter \(DisplayText.quoted(key)) is unknown, and kept.")
            interface.others.append(DeviceParameter(key: key, value: value))
        }
    }

    private static let knownKeys: Set<String> = [
        "mac", "bridge", "gatewaydev", "netdev", "type", "model", "vifname", "script", "ip", "backend", "rate", "devid", "mtu", "vlan",
        "trusted",
    ]

    private mutating func noteSecond(_ key: String) {
        guard !given.insert(key).inserted else { return }
        note("The interface parameter \(DisplayText.quoted(key)) is given twice; the last one counts.")
    }

    private mutating func note(_ message: String) { notes.append(message) }

    private func refusal(found: String, expected: String) -> DomainConfigurationError {
        DomainConfigurationError(file: file, at: position, found: found, expected: expected)
    }

    private mutating func mac(_ text: String) throws(DomainConfigurationError) -> MACAddress {
        guard let address = MACAddress(text) else {
            throw refusal(
                found: "the MAC address \(DisplayText.quoted(text))",
                expected: "six bytes in hexadecimal with colons or dashes, such as 00:16:3e:00:00:01")
        }
        if address.isMulticast {
            note("The MAC address \(address) is a multicast address, which no network card has; its first byte must be even.")
        }
        return address
    }

    private mutating func kind(_ text: String) throws(DomainConfigurationError) -> InterfaceConfiguration.Kind {
        if let kind = InterfaceConfiguration.Kind(rawValue: text) { return kind }
        guard text == "netfront" else {
            throw refusal(found: "the interface type \(DisplayText.quoted(text))", expected: "type=ioemu or type=vif")
        }
        note("The interface type netfront is xm's, and taken as vif.")
        return .paravirtualized
    }

    private mutating func rate(_ text: String) throws(DomainConfigurationError) -> InterfaceRate {
        switch InterfaceRate.read(text) {
        case .rate(let rate, let message):
            if let message { note(message) }
            return rate
        case .malformed:
            throw refusal(
                found: "the rate \(DisplayText.quoted(text))",
                expected: "a number with Gb, Mb, Kb, b, GB, MB, KB or B and \"/s\", such as 100Mb/s or 1MB/s@20ms")
        }
    }

    private func vlan(_ text: String) throws(DomainConfigurationError) -> String {
        guard case .integer(let number, _) = Numeral(text) else { return text }
        guard (1...4_094).contains(number) else {
            throw refusal(found: "the VLAN \(number)", expected: "a number from 1 to 4094")
        }
        return String(number)
    }

    private func number(_ key: String, _ text: String, _ range: ClosedRange<Int>) throws(DomainConfigurationError) -> Int {
        guard case .integer(let number, _) = Numeral(text), range.contains(number) else {
            throw refusal(
                found: "\(key)=\(DisplayText.quoted(text)) in an interface",
                expected: "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
