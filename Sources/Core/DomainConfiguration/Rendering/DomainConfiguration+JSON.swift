extension DomainConfiguration {
    /// The configuration as a JSON object: the keys of xl.cfg, with `disk` and `vif` as arrays of objects, and `warnings`
    /// as an array of `{line, column, message}`. Defaults that count (`type`, `memory`, `maxmem`, `vcpus`, `maxvcpus`) are always there.
    package func jsonText() -> String { json.text + "\n" }

    var json: JSONText {
        var members: [JSONText.Member] = []
        func add(_ name: String, _ value: JSONText) { members.append(JSONText.Member(name: name, value: value)) }
        for (key, value) in settings.scalarValues { add(key, JSONText(value)) }
        for event in DomainEvent.allCases {
            if let action = settings.actions[event: event] { add(event.key, .string(action.rawValue)) }
        }
        add("disk", .array(settings.disks.map(\.json)))
        add("vif", .array(settings.interfaces.map(\.json)))
        for setting in settings.others {
            // A stray key of this name must not hide the list of warnings.
            add(setting.key == "warnings" ? "key:warnings" : setting.key, JSONText(setting.value))
        }
        for (key, value) in settings.oracle.keyedValues {
            add(key, key == "OVM_high_availability" ? .boolean(value == .number(1)) : JSONText(value))
        }
        add("warnings", .array(warnings.map(\.json)))
        return .object(members)
    }
}

extension ConfigurationWarning {
    fileprivate var json: JSONText {
        .object([
            .init(name: "line", value: .number(line)), .init(name: "column", value: .number(column)),
            .init(name: "message", value: .string(message)),
        ])
    }
}

extension DiskConfiguration {
    fileprivate var json: JSONText {
        let optional: [(String, JSONText?)] = [
            ("target", .string(target)), ("format", .string(format.rawValue)), ("vdev", .string(virtualDevice)),
            ("access", .string(access.rawValue)), ("cdrom", .boolean(isCDROM)), ("backend", backendDomain.map { .string($0) }),
            ("backendtype", backendType.map { .string($0.rawValue) }), ("script", script.map { .string($0) }),
            ("discard", discards.map { .boolean($0) }), ("direct-io-safe", isDirectIOSafe ? .boolean(true) : nil),
            ("specification", specification.map { .string($0) }), ("trusted", isTrusted.map { .boolean($0) }),
        ]
        return .object(DeviceParameter.members(optional, others))
    }
}

extension InterfaceConfiguration {
    fileprivate var json: JSONText {
        var optional: [(String, JSONText?)] = namedValues.map { key, value in
            (key, key == "trusted" ? .boolean(value == .number(1)) : JSONText(value))
        }
        if let rate { optional.append(("rate_kilobits", .number(rate.kilobitsPerSecond))) }
        return .object(DeviceParameter.members(optional, others))
    }
}

extension DeviceParameter {
    /// The members that have a value, then the parameters without a field; of two with one name the last counts, as JSON demands.
    fileprivate static func members(_ optional: [(String, JSONText?)], _ others: [DeviceParameter]) -> [JSONText.Member] {
        var members = optional.compactMap { name, value in value.map { JSONText.Member(name: name, value: $0) } }
        var indexByName: [String: Int] = [:]
        for (index, member) in members.enumerated() { indexByName[member.name] = index }
        for parameter in others {
            let member = JSONText.Member(name: parameter.key, value: parameter.value.map { .string($0) } ?? .boolean(true))
            if let index = indexByName[parameter.key] {
                members[index] = member
            } else {
                indexByName[parameter.key] = members.count
                members.append(member)
            }
        }
        return members
    }
}
