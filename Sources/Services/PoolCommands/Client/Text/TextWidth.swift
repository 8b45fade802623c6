/// How many columns of a terminal a text takes (Unicode Standard Annex 11).
package enum TextWidth {
    /// A character with an emoji or an ideograph takes two columns, a mark that combines with its predecessor none, any other one.
    package static func columns(of text: String) -> Int { text.reduce(0) { $0 + columns(of: $1) } }

    /// The beginning of `line` that fits into so many columns; our own colours take none, and end with the line.
    static func cut(_ line: String, to limit: Int) -> String {
        var kept = ""
        var width = 0
        var isEscape = false
        for character in line {
            if isEscape || character == "\u{1B}" {
                isEscape = character != "m"
                kept.append(character)
                continue
            }
            width += columns(of: character)
            if width > limit { return kept + (kept.contains("\u{1B}") ? "\u{1B}[0m" : "") }
            kept.append(character)
        }
        return kept
    }

    private static func columns(of character: Character) -> Int {
        guard let first = character.unicodeScalars.first else { return 0 }
        if isControl(first) || first.properties.generalCategory == .nonspacingMark { return 0 }
        // A variation selector asks for the picture instead of the letter, and pictures are wide.
        if character.unicodeScalars.contains(where: { $0.value == 0xFE0F }) { return 2 }
        return isWide(first) ? 2 : 1
    }

    /// Whether a scalar steers the terminal or the direction of writing instead of being seen.
    static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        // The joiner within an emoji is a format character too, and harmless.
        case .format: scalar.value != 0x200D
        case .control, .lineSeparator, .paragraphSeparator, .surrogate: true
        default: false
        }
    }

    private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.properties.isEmojiPresentation { return true }
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF: return true
        case 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x20000...0x3FFFD: return true
        default: return false
        }
    }
}
