extension DomainInterpreter {
    /// The keys without a field: kept in order, brought to the shape they are known to have, and warned about where they deserve it.
    mutating func readOthers() -> [ConfigurationSetting] {
        var settings: [ConfigurationSetting] = []
        for entry in untaken {
            let known = KnownKey.named(entry.key)
            warnAboutOrigin(of: entry, known)
            if case .nothing = entry.value.content {
                warnings.add("None for \(entry.key) means that it is not given.", at: entry.position)
                continue
            }
            if Self.hasNothing(entry.value) {
                warnings.add("None inside \(entry.key) is Python's, and kept as an empty string.", at: entry.value.position)
            }
            if Self.hasDictionary(entry.value) {
                warnings.add("A dictionary in \(entry.key) is Python's, and kept as \"key=value,..\".", at: entry.value.position)
            }
            settings.append(ConfigurationSetting(key: entry.key, value: shaped(entry, known?.shape ?? .any)))
        }
        return settings
    }

    private mutating func warnAboutOrigin(of entry: EffectiveAssignments.Entry, _ known: KnownKey?) {
        let key = DisplayText.printable(entry.key)
        switch known?.origin {
        case .xl, .oracle: break
        case .xm: warnings.add("The key \(key) is xm's, and xl ignores it; it is kept.", at: entry.position)
        case .ignored:
            warnings.add(
                "The key \(key) is ignored, as xl does, and kept; device_model_override names another device model.", at: entry.position)
        case nil: warnings.add("The key \(key) is unknown, and kept; look for a slip of the pen.", at: entry.position)
        }
    }

    private mutating func shaped(_ entry: EffectiveAssignments.Entry, _ shape: KnownKey.Shape) -> SettingValue {
        let value = SettingValue(entry.value)
        switch shape {
        case .any: return value
        case .text:
            guard case .list = value else { return .text(value.flatText) }
            warnShape(entry, "a string")
            return value
        case .number(let range): return numeric(entry, range) ?? value
        case .flag: return numeric(entry, 0...1) ?? value
        case .list:
            if case .list = value { return value }
            warnShape(entry, "a list")
            return .list([value])
        case .textOrList:
            if case .list = value { return value }
            return .text(value.flatText)
        }
    }

    private mutating func numeric(_ entry: EffectiveAssignments.Entry, _ range: ClosedRange<Int>) -> SettingValue? {
        let numeral: Numeral
        if case .boolean(let isTrue) = entry.value.content {
            numeral = .integer(isTrue ? 1 : 0, isOctal: false)
        } else {
            numeral = Self.numeral(of: entry.value)
        }
        guard case .integer(let number, _) = numeral else {
            warnShape(entry, "a number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        if !range.contains(number) { warnShape(entry, "a number from \(range.lowerBound) to \(range.upperBound)") }
        return number < 0 ? .text(String(number)) : .number(number)
    }

    private mutating func warnShape(_ entry: EffectiveAssignments.Entry, _ expected: String) {
        warnings.add(
            "The key \(entry.key) should be \(expected), not \(Self.shown(entry.value)); it is kept.", at: entry.value.position)
    }

    private static func hasNothing(_ value: ConfigurationValue) -> Bool {
        switch value.content {
        case .nothing: true
        case .list(let elements): elements.contains { hasNothing($0) }
        case .dictionary(let entries): entries.contains { hasNothing($0.value) }
        case .text, .number, .numeral, .boolean: false
        }
    }

    private static func hasDictionary(_ value: ConfigurationValue) -> Bool {
        switch value.content {
        case .dictionary: true
        case .list(let elements): elements.contains { hasDictionary($0) }
        case .text, .number, .numeral, .boolean, .nothing: false
        }
    }
}
