/// Makes an operator's text safe to show: on one line, without control characters, of bounded length.
enum DisplayText {
    /// `text` in double quotes, shortened to a bounded length.
    static func quoted(_ text: some StringProtocol) -> String {
        let scalars = text.unicodeScalars.prefix(ConfigurationLimits.quotedScalars + 1)
        let isLonger = scalars.count > ConfigurationLimits.quotedScalars
        var shown = String.UnicodeScalarView()
        shown.append(contentsOf: scalars.prefix(ConfigurationLimits.quotedScalars))
        return "\"\(printable(String(shown)))\(isLonger ? "..." : "")\""
    }

    /// `text` with whatever a terminal could take as a command, or an eye could miss, written as `\u{..}`.
    static func printable(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isUnprintable) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if isUnprintable(scalar) {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// Whether a scalar is a control, an invisible format mark (such as those that turn the writing direction), a line separator or unassigned.
    static func isUnprintable(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value >= 0x20 && scalar.value < 0x7F { return false }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: return true
        default: return false
        }
    }
}
