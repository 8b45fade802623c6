extension DomainInterpreter {
    mutating func readName() throws(DomainConfigurationError) -> String {
        guard let entry = take("name") else {
            throw refusal(
                at: end, found: "no name in the whole configuration", expected: "name = \"...\", the one key that every domain needs")
        }
        let cure = "a name of 1 to \(ConfigurationLimits.nameBytes) bytes without slashes, control characters and outer spaces"
        guard let name = try text("name") else { throw refusal(at: entry.value.position, found: "an empty name", expected: cure) }
        let isOdd =
            name.value.unicodeScalars.contains { $0 == "/" || DisplayText.isUnprintable($0) }
            || name.value[...].trimmed.utf8.count != name.value.utf8.count || name.value == "." || name.value == ".."
        guard !isOdd, name.value.utf8.count <= ConfigurationLimits.nameBytes else {
            throw refusal(at: name.position, found: "the name \(DisplayText.quoted(name.value))", expected: cure)
        }
        if name.value.utf8.allSatisfy(TextScanner.isDigit) {
            warnings.add("The name \(name.value) is a number, which xl's commands take for a domain's number.", at: name.position)
        }
        return name.value
    }

    mutating func readUUID() throws(DomainConfigurationError) -> String? {
        guard let given = try text("uuid") else { return nil }
        let digits = given.value.utf8.filter { $0 != UInt8(ascii: "-") }
        let isHexadecimal = digits.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
        let groups = given.value.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false).map(\.count)
        guard digits.count == 32, isHexadecimal, groups == [8, 4, 4, 4, 12] || groups == [32] else {
            throw refusal(
                at: given.position, found: "the UUID \(DisplayText.quoted(given.value))",
                expected: "32 hexadecimal digits as 8-4-4-4-12, or leave uuid out to get a new one")
        }
        let lowercase = String(decoding: digits, as: UTF8.self).lowercased()
        var result = ""
        for (index, digit) in lowercase.enumerated() {
            if [8, 12, 16, 20].contains(index) { result += "-" }
            result.append(digit)
        }
        return result
    }

    /// `type` counts before `builder`, which is its deprecated form.
    mutating func readDomainType() throws(DomainConfigurationError) -> DomainType {
        dropIfEmpty("builder")
        dropIfEmpty("type")
        let builder = try text("builder")
        let built: DomainType? =
            switch builder?.value {
            case "hvm": .hardwareVirtualized
            case "generic", "linux": .paravirtualized
            default: nil
            }
        if let builder, built == nil {
            throw refusal(
                at: builder.position, found: "the builder \(DisplayText.quoted(builder.value))",
                expected: "type = \"pv\", \"pvh\" or \"hvm\" instead of builder")
        }
        guard let type = try text("type") else {
            if let builder, let built {
                warnings.add(
                    "The key builder = \(DisplayText.quoted(builder.value)) is deprecated; type = \(DisplayText.quoted(built.rawValue)) is written in its place.",
                    at: builder.position)
            }
            return built ?? .paravirtualized
        }
        guard let domainType = DomainType(rawValue: type.value) else {
            throw refusal(
                at: type.position, found: "the domain type \(DisplayText.quoted(type.value))", expected: "type = \"pv\", \"pvh\" or \"hvm\""
            )
        }
        if let builder {
            let relation = built == domainType ? "repeats" : "contradicts"
            warnings.add(
                "The builder \(builder.value) \(relation) the type \(domainType.rawValue), which counts; builder is not kept.",
                at: builder.position)
        }
        return domainType
    }

    /// A domain has a type in any case, so that an empty one cannot be kept beside it.
    private mutating func dropIfEmpty(_ key: String) {
        guard let position = emptyText(key) else { return }
        warnings.add("The key \(key) is empty, which says nothing; it is not kept.", at: position)
        drop(key)
    }

    mutating func readOracle(_ domainType: DomainType) throws(DomainConfigurationError) -> OracleSettings {
        var oracle = OracleSettings()
        oracle.simpleName = try text("OVM_simple_name")?.value
        oracle.highAvailability = try readHighAvailability()
        let type = try text("OVM_domain_type")
        if let type, type.value.utf8.starts(with: "xen_hvm".utf8), domainType == .paravirtualized {
            warnings.add(
                "OVM_domain_type is \(DisplayText.quoted(type.value)), but the domain is pv; write type = \"hvm\" if that is meant.",
                at: type.position)
        }
        oracle.domainType = type?.value
        oracle.operatingSystem = try text("OVM_os_type")?.value
        oracle.summary = try text("OVM_description")?.value
        oracle.cpuCompatibilityGroup = try text("OVM_cpu_compat_group")?.value
        oracle.guestOperatingSystem = try text("guest_os_type")?.value
        return oracle
    }

    private mutating func readHighAvailability() throws(DomainConfigurationError) -> Bool? {
        guard let entry = take("OVM_high_availability") else { return nil }
        switch entry.value.content {
        case .boolean(let isTrue): return isTrue
        case .number(let number) where number == 0 || number == 1: return number == 1
        case .text(let text):
            switch text.lowercased() {
            case "": return nil
            case "true", "1", "yes", "on": return true
            case "false", "0", "no", "off": return false
            default: break
            }
        case .number, .numeral, .nothing, .list, .dictionary: break
        }
        throw refusal(
            at: entry.value.position, found: "OVM_high_availability = \(Self.shown(entry.value))",
            expected: "OVM_high_availability = True or False")
    }
}
