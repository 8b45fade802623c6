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
}

extension DomainSettings {
    /// The settings in xl.cfg's own spelling.
    package func canonicalText(for reader: DomainConfiguration.Reader = .pool) -> String {
        var lines: [String] = []
        for (key, value) in keyedValues(for: reader) {
            let line = "\(key) = \(value.canonicalText(for: reader, indent: key.utf8.count + 3))"
            let isReadable = reader == .pool || Self.canXLRead(key)
            // A comment ends with its line, so a list is put on one.
            lines.append(isReadable ? line : "# \(key) = \(value.canonicalText(for: reader, indent: nil))")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// xl's keys are a lower-case letter, then lower-case letters, digits and underscores.
    static func canXLRead(_ key: String) -> Bool {
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
