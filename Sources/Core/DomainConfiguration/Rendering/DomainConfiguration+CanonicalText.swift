extension DomainConfiguration {
    /// Who is to read a canonical text.
    package enum Reader: Hashable, Sendable {
        /// This room: reading the text back gives equal settings.
        case pool
        /// xl itself, which refuses keys with capitals (they become comments) and shared access (`w!` becomes `rw`).
        case xl
    }

    /// The configuration in xl.cfg's own spelling, its keys in the order given: `type` for `builder`, named disk parameters, no
    /// prefixes, numbers without quotes.
    package func canonicalText(for reader: Reader = .pool) -> String { settings.canonicalText(for: reader) }

    /// What a text for `reader` leaves out that no warning of the reading has named yet, in the order of the text.
    package func losses(for reader: Reader) -> [ConfigurationWarning] {
        guard reader == .xl else { return [] }
        let kept = Set(settings.keyOrder)
        var seen: Set<String> = []
        return assignments.filter { !DomainSettings.canXLRead($0.key) && kept.contains($0.key) && seen.insert($0.key).inserted }.map {
            let message = "The key \($0.key) has capitals, which xl does not read; it is written as a comment."
            return ConfigurationWarning(line: $0.position.line, column: $0.position.column, message: message)
        }
    }
}

extension DomainSettings {
    /// The settings in xl.cfg's own spelling.
    package func canonicalText(for reader: DomainConfiguration.Reader = .pool) -> String {
        var lines: [String] = []
        for (key, value) in keyedValues(for: reader) {
            let line = "\(key) = \(value.canonicalText(indent: key.utf8.count + 3))"
            let isReadable = reader == .pool || Self.canXLRead(key)
            // A comment ends with its line, so a list is put on one.
            lines.append(isReadable ? line : "# \(key) = \(value.canonicalText(indent: nil))")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// xl's keys are a lower-case letter, then lower-case letters, digits and underscores.
    fileprivate static func canXLRead(_ key: String) -> Bool {
        guard let first = key.utf8.first, first >= UInt8(ascii: "a") else { return false }
        return !key.utf8.contains { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") }
    }

    /// Every key with its value: those of `keyOrder` that have one, then those that it lacks.
    func keyedValues(for reader: DomainConfiguration.Reader) -> [(key: String, value: SettingValue)] {
        let values = unorderedValues(for: reader)
        var valueByKey: [String: SettingValue] = [:]
        for (key, value) in values where valueByKey[key] == nil { valueByKey[key] = value }
        var ordered: [(key: String, value: SettingValue)] = []
        for key in keyOrder + values.map(\.key) {
            // A key is written once, whichever way it came into the order.
            if let value = valueByKey.removeValue(forKey: key) { ordered.append((key, value)) }
        }
        return ordered
    }

    private func unorderedValues(for reader: DomainConfiguration.Reader) -> [(key: String, value: SettingValue)] {
        let given = Set(keyOrder)
        // A maximum that equals what the domain starts with is written only where the text gave it, and so is an empty list.
        var values = scalarValues.filter { key, _ in
            switch key {
            case "maxmem": maximumMemoryMebibytes != memoryMebibytes || given.contains(key)
            case "maxvcpus": maximumVirtualCPUs != virtualCPUs || given.contains(key)
            default: true
            }
        }
        for event in DomainEvent.allCases {
            if let action = actions[event: event] { values.append((event.key, .text(action.rawValue))) }
        }
        if !disks.isEmpty || given.contains("disk") {
            values.append(("disk", .list(disks.map { .text($0.canonicalText(for: reader)) })))
        }
        if !interfaces.isEmpty || given.contains("vif") { values.append(("vif", .list(interfaces.map { .text($0.canonicalText) }))) }
        return values + others.map { (key: $0.key, value: $0.value) } + oracle.keyedValues
    }

    /// The keys with fields of their own, except events, devices and Oracle's; `maxmem` and `maxvcpus` in any case.
    var scalarValues: [(key: String, value: SettingValue)] {
        let texts: [(String, String?)] = [
            ("kernel", kernel), ("ramdisk", ramdisk), ("cmdline", wholeCommandLine), ("root", rootDevice), ("extra", extraArguments),
            ("bootloader", bootloader), ("boot", boot),
        ]
        var values: [(key: String, value: SettingValue)] = [("name", .text(name))]
        if let uuid { values.append(("uuid", .text(uuid))) }
        values.append(("type", .text(domainType.rawValue)))
        values.append(("memory", .number(memoryMebibytes)))
        values.append(("maxmem", .number(maximumMemoryMebibytes)))
        values.append(("vcpus", .number(virtualCPUs)))
        values.append(("maxvcpus", .number(maximumVirtualCPUs)))
        for (key, text) in texts { if let text { values.append((key, .text(text))) } }
        return values
    }
}

extension OracleSettings {
    /// The keys that are given, with their values.
    var keyedValues: [(key: String, value: SettingValue)] {
        let texts: [(String, SettingValue?)] = [
            ("OVM_simple_name", simpleName.map { .text($0) }),
            ("OVM_high_availability", highAvailability.map { .number($0 ? 1 : 0) }),
            ("OVM_domain_type", domainType.map { .text($0) }),
            ("OVM_os_type", operatingSystem.map { .text($0) }),
            ("OVM_description", summary.map { .text($0) }),
            ("OVM_cpu_compat_group", cpuCompatibilityGroup.map { .text($0) }),
            ("guest_os_type", guestOperatingSystem.map { .text($0) }),
        ]
        return texts.compactMap { key, value in value.map { (key: key, value: $0) } }
    }
}

extension DiskConfiguration {
    /// The disk string with named parameters, the target last, where it may have commas.
    func canonicalText(for reader: DomainConfiguration.Reader) -> String {
        let isShared = reader == .pool && access.isShared
        let plainAccess = access == .write || access == .sharedWrite ? "rw" : "ro"
        var parts = ["format=\(format.rawValue)", "vdev=\(virtualDevice)", "access=\(isShared ? access.rawValue : plainAccess)"]
        if isCDROM { parts.append("devtype=cdrom") }
        if let backendDomain { parts.append("backend=\(backendDomain)") }
        if let backendType { parts.append("backendtype=\(backendType.rawValue)") }
        if let script { parts.append("script=\(script)") }
        if let discards { parts.append(discards ? "discard" : "no-discard") }
        if isDirectIOSafe { parts.append("direct-io-safe") }
        if let specification { parts.append("specification=\(specification)") }
        if let isTrusted { parts.append(isTrusted ? "trusted" : "untrusted") }
        parts += others.map(\.text)
        // xl drops one comma from the end of a target.
        let guardComma = target.utf8.last == UInt8(ascii: ",") ? "," : ""
        return parts.joined(separator: ", ") + ", target=\(target)\(guardComma)"
    }
}

extension InterfaceConfiguration {
    /// The interface string, empty where nothing is given. Trust is a flag in it, as in xl.
    var canonicalText: String {
        var parts = namedValues.filter { $0.key != "trusted" }.map { "\($0.key)=\($0.value.flatText)" }
        if let isTrusted { parts.append(isTrusted ? "trusted" : "untrusted") }
        return (parts + others.map(\.text)).joined(separator: ",")
    }

    /// The parameters that are given and have fields.
    var namedValues: [(key: String, value: SettingValue)] {
        let values: [(String, SettingValue?)] = [
            ("mac", mac.map { .text($0.description) }), ("bridge", bridge.map { .text($0) }),
            ("gatewaydev", gatewayDevice.map { .text($0) }), ("type", kind.map { .text($0.rawValue) }),
            ("model", model.map { .text($0) }), ("vifname", interfaceName.map { .text($0) }), ("script", script.map { .text($0) }),
            ("ip", ip.map { .text($0) }), ("backend", backendDomain.map { .text($0) }), ("rate", rate.map { .text($0.text) }),
            ("devid", deviceID.map { .number($0) }), ("mtu", mtu.map { .number($0) }),
            // A word for the script may look like a number; `009` must not become 9.
            ("vlan", vlan.map { text in Int(text).flatMap { String($0) == text ? .number($0) : nil } ?? .text(text) }),
            ("trusted", isTrusted.map { .number($0 ? 1 : 0) }),
        ]
        return values.compactMap { key, value in value.map { (key: key, value: $0) } }
    }
}

extension SettingValue {
    /// The value in xl.cfg's grammar; a list has an element to a line, indented by `indent`, or all on one where that is nil.
    func canonicalText(indent: Int?) -> String {
        switch self {
        case .number(let number): return String(number)
        case .text(let text): return Self.quoted(text)
        case .list(let elements):
            let separator = indent.map { ",\n" + String(repeating: " ", count: $0 + 2) } ?? ", "
            return elements.isEmpty ? "[ ]" : "[ " + elements.map { $0.canonicalText(indent: nil) }.joined(separator: separator) + " ]"
        }
    }

    /// `text` in double quotes, with the escapes that xl and Python share.
    private static func quoted(_ text: String) -> String {
        var result: [UInt8] = [UInt8(ascii: "\"")]
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): result += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): result += "\\n".utf8
            case UInt8(ascii: "\t"): result += "\\t".utf8
            case UInt8(ascii: "\r"): result += "\\r".utf8
            case 0..<0x20, 0x7F: result += ("\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)).utf8
            default: result.append(byte)
            }
        }
        result.append(UInt8(ascii: "\""))
        return String(decoding: result, as: UTF8.self)
    }
}
