extension DomainConfiguration {
    /// The configuration for a person: a line to a fact, the labels in a column of one width, then the warnings with their places.
    package func summaryText() -> String {
        var rows: [(label: String, value: String)] = []
        func add(_ label: String, _ value: String?) {
            if let value { rows.append((label, value)) }
        }
        add("name", settings.name)
        add("simple name", settings.oracle.simpleName)
        add("uuid", settings.uuid)
        add("type", settings.domainType.rawValue)
        add("memory", Self.amount(settings.memoryMebibytes, settings.maximumMemoryMebibytes, unit: " MiB"))
        add("virtual CPUs", Self.amount(settings.virtualCPUs, settings.maximumVirtualCPUs, unit: ""))
        add("high availability", settings.oracle.highAvailability.map { $0 ? "yes" : "no" })
        add("kernel", settings.kernel)
        add("ramdisk", settings.ramdisk)
        add("command line", settings.commandLine)
        add("bootloader", settings.bootloader)
        add("boot", settings.boot)
        for event in DomainEvent.allCases { add("on \(event.rawValue)", settings.actions[event: event]?.rawValue) }
        for disk in settings.disks { add("disk \(disk.virtualDevice)", disk.summaryText) }
        for (index, interface) in settings.interfaces.enumerated() {
            add("vif \(interface.deviceID ?? index)", interface.summaryText)
        }
        for setting in settings.others { add(setting.key, setting.value.flatText) }
        for (key, value) in settings.oracle.keyedValues.withoutNamed { add(key, value.flatText) }
        let width = rows.map(\.label.count).max() ?? 0
        var lines = rows.map { label, value in
            let padded = label + String(repeating: " ", count: width - label.count)
            return DisplayText.printable("\(padded)  \(value)")
        }
        lines += warnings.map(warningLine)
        return lines.joined(separator: "\n") + "\n"
    }

    /// A warning with the file and its place, on one line.
    package func warningLine(_ warning: ConfigurationWarning) -> String {
        "warning: \(DisplayText.printable(file)):\(warning.line):\(warning.column): \(warning.message)"
    }

    private static func amount(_ start: Int, _ maximum: Int, unit: String) -> String {
        start == maximum ? "\(start)\(unit)" : "\(start)\(unit) (at most \(maximum)\(unit))"
    }
}

extension [(key: String, value: SettingValue)] {
    /// Those that the summary has not named in words already.
    fileprivate var withoutNamed: Self { filter { $0.key != "OVM_simple_name" && $0.key != "OVM_high_availability" } }
}

extension DiskConfiguration {
    fileprivate var summaryText: String {
        let accesses: [Access: String] = [
            .read: "read", .write: "read and write", .sharedRead: "shared, read", .sharedWrite: "shared, read and write",
        ]
        var parts = [target.isEmpty ? "empty" : target, isCDROM ? "CD drive" : format.rawValue, accesses[access] ?? access.rawValue]
        if let script { parts.append("script \(script)") }
        if let backendDomain { parts.append("from \(backendDomain)") }
        parts += others.map(\.text)
        return parts.joined(separator: ", ")
    }
}

extension InterfaceConfiguration {
    fileprivate var summaryText: String {
        var parts = [mac?.description ?? "any MAC address", bridge.map { "bridge \($0)" } ?? "default bridge"]
        for (key, value) in namedValues where key != "mac" && key != "bridge" { parts.append("\(key) \(value.flatText)") }
        parts += others.map(\.text)
        return parts.joined(separator: ", ")
    }
}
