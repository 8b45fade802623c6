/// A value in the one form that xl.cfg can write: Python's own literals are gone, negative numbers are text.
package enum SettingValue: Hashable, Sendable {
    /// A string.
    case text(String)
    /// A whole number of zero or more. xl's reader knows no sign.
    case number(Int)
    /// A list of these.
    case list([SettingValue])

    /// The written form of `value`: a dictionary becomes `key=value,..`, `True` and `False` become 1 and 0.
    init(_ value: ConfigurationValue) {
        switch value.content {
        case .text(let text): self = .text(text)
        case .number(let number): self = number < 0 ? .text(String(number)) : .number(number)
        case .numeral(let digits): self = .text(digits)
        case .boolean(let isTrue): self = .number(isTrue ? 1 : 0)
        case .nothing: self = .text("")
        case .list(let elements): self = .list(elements.map { SettingValue($0) })
        case .dictionary(let entries):
            self = .text(entries.map { "\($0.key)=\(SettingValue($0.value).flatText)" }.joined(separator: ","))
        }
    }

    /// The value on one line, without quotes: lists separated by commas.
    package var flatText: String {
        switch self {
        case .text(let text): text
        case .number(let number): String(number)
        case .list(let elements): elements.map(\.flatText).joined(separator: ",")
        }
    }
}

/// A key without a field of its own in `DomainSettings`, and its value.
package struct ConfigurationSetting: Hashable, Sendable {
    package let key: String
    package let value: SettingValue

    package init(key: String, value: SettingValue) {
        self.key = key
        self.value = value
    }
}
