/// What a guest has printed, made harmless for a terminal.
package enum ConsoleText {
    /// Line ends and tabs stay; escape sequences go whole, and whatever else could steer a terminal.
    package static func harmless(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var escape = Escape.none
        for scalar in text.unicodeScalars {
            if escape.takes(scalar) { continue }
            switch scalar {
            case "\n", "\t": result.append(scalar)
            case "\u{1B}": escape = .begun
            default: if scalar.properties.generalCategory != .control { result.append(scalar) }
            }
        }
        return String(result)
    }

    /// How far an escape sequence has come (ECMA-48).
    private enum Escape {
        case none
        case begun
        /// Parameters, until a letter.
        case control
        /// A text, until BEL or the next escape.
        case text

        /// Whether the scalar belongs to the sequence.
        mutating func takes(_ scalar: Unicode.Scalar) -> Bool {
            switch self {
            case .none: return false
            case .begun:
                switch scalar {
                case "[": self = .control
                case "]", "P", "X", "^", "_": self = .text
                case " "..."/": break
                default: self = .none
                }
                return true
            case .control:
                if ("@"..."~").contains(scalar) { self = .none }
                return scalar != "\n"
            case .text:
                if scalar == "\u{1B}" { self = .begun }
                if scalar == "\u{7}" || scalar == "\n" { self = .none }
                return scalar != "\n"
            }
        }
    }
}
