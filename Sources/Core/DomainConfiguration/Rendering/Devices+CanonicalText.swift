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
