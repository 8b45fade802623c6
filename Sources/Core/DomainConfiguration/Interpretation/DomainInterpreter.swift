/// Finds the meaning of assignments: each key is taken once, checked, and put into its field.
struct DomainInterpreter {
    let file: String
    /// The end of the text, where a missing key is reported.
    let end: SourcePosition
    var warnings: WarningCollector
    private var entries: [EffectiveAssignments.Entry] = []
    private var indexByKey: [String: Int] = [:]
    private var taken: Set<String> = []

    init(file: String, end: SourcePosition, warnings: WarningCollector) {
        self.file = file
        self.end = end
        self.warnings = warnings
    }

    /// Interprets all of a text's assignments.
    mutating func interpret(_ assignments: [ConfigurationAssignment]) throws(DomainConfigurationError) -> DomainSettings {
        entries = try EffectiveAssignments(assignments, file: file, warnings: &warnings).entries
        for (index, entry) in entries.enumerated() { indexByKey[entry.key] = index }
        var settings = DomainSettings(name: try readName())
        settings.uuid = try readUUID()
        settings.domainType = try readDomainType()
        let memory = try readMemory()
        settings.memoryMebibytes = memory.start
        settings.maximumMemoryMebibytes = memory.maximum
        let processors = try readVirtualCPUs(settings.domainType)
        settings.virtualCPUs = processors.start
        settings.maximumVirtualCPUs = processors.maximum
        settings.kernel = try readKernel(settings.domainType)
        settings.ramdisk = try text("ramdisk")?.value
        try readCommandLine(into: &settings)
        settings.bootloader = try text("bootloader")?.value
        settings.boot = try readBoot(settings.domainType)
        settings.actions = try readActions()
        settings.disks = try readDisks()
        settings.interfaces = try readInterfaces()
        settings.oracle = try readOracle(settings.domainType)
        settings.others = readOthers()
        // A deprecated key is written in its place under the name that replaced it.
        settings.keyOrder = entries.map { $0.key == "builder" ? "type" : $0.key }
        settings.keyOrder = settings.keyedValues(for: .pool).map(\.key)
        return settings
    }

    /// The entries that no field took, in order.
    var untaken: [EffectiveAssignments.Entry] { entries.filter { !taken.contains($0.key) } }

    /// Counts `key` as read without looking at its value.
    mutating func drop(_ key: String) { taken.insert(key) }
}

extension DomainInterpreter {
    /// A value and its place.
    struct Located<Value> {
        let value: Value
        let position: SourcePosition
    }

    /// The entry of `key`; nil where it is missing or `None`.
    ///
    /// An xm file is Python, where `None` says that a key is not given, and xl has no word for that: to every field it is as if the key were
    /// missing. It is not counted as taken, so that ``readOthers()`` comes to it, leaves it out and warns of it.
    mutating func take(_ key: String) -> EffectiveAssignments.Entry? {
        guard let index = indexByKey[key] else { return nil }
        if case .nothing = entries[index].value.content { return nil }
        taken.insert(key)
        return entries[index]
    }

    /// The string of `key`; a number counts as its digits. An empty string counts as none, and is left to those that no field took.
    mutating func text(_ key: String) throws(DomainConfigurationError) -> Located<String>? {
        if emptyText(key) != nil { return nil }
        guard let entry = take(key) else { return nil }
        switch entry.value.content {
        case .text(let text): return Located(value: text, position: entry.value.position)
        case .number(let number): return Located(value: String(number), position: entry.value.position)
        case .numeral(let digits): return Located(value: digits, position: entry.value.position)
        case .boolean, .nothing, .list, .dictionary:
            throw refusal(
                at: entry.value.position, found: "\(Self.shape(of: entry.value)) for \(key)", expected: "\(key) = \"...\", a string")
        }
    }

    /// Where the value of `key` stands if it is an empty string.
    func emptyText(_ key: String) -> SourcePosition? {
        guard let index = indexByKey[key], case .text("") = entries[index].value.content else { return nil }
        return entries[index].value.position
    }

    /// The whole number of `key`, quoted or not.
    mutating func number(
        _ key: String, _ range: ClosedRange<Int>, unit: String
    ) throws(DomainConfigurationError) -> Located<Int>? {
        guard let entry = take(key) else { return nil }
        let expected = "\(key) = a whole number\(unit) from \(range.lowerBound) to \(range.upperBound)"
        let position = entry.value.position
        switch Self.numeral(of: entry.value) {
        case .integer(let number, let isOctal):
            guard range.contains(number) else { throw refusal(at: position, found: "\(key) = \(number)", expected: expected) }
            if isOctal { warnings.add("The number \(key) is octal because of its leading zero, and means \(number).", at: position) }
            return Located(value: number, position: position)
        case .kept, .malformed:
            throw refusal(at: position, found: "\(key) = \(Self.shown(entry.value))", expected: expected)
        }
    }

    static func numeral(of value: ConfigurationValue) -> Numeral {
        switch value.content {
        case .number(let number): .integer(number, isOctal: false)
        case .text(let text): Numeral(text[...].trimmed)
        case .numeral: .kept
        case .boolean, .nothing, .list, .dictionary: .malformed
        }
    }

    static func shape(of value: ConfigurationValue) -> String {
        switch value.content {
        case .text: "a string"
        case .number, .numeral: "a number"
        case .boolean: "True or False"
        case .nothing: "None"
        case .list: "a list"
        case .dictionary: "a dictionary"
        }
    }

    static func shown(_ value: ConfigurationValue) -> String {
        switch value.content {
        case .text(let text): DisplayText.quoted(text)
        case .number(let number): String(number)
        case .numeral(let digits): digits.utf8.count <= ConfigurationLimits.quotedScalars ? digits : "\(digits.prefix(20))..."
        case .boolean(let isTrue): isTrue ? "True" : "False"
        case .nothing, .list, .dictionary: shape(of: value)
        }
    }

    func refusal(at position: SourcePosition, found: String, expected: String) -> DomainConfigurationError {
        DomainConfigurationError(file: file, at: position, found: found, expected: expected)
    }
}
