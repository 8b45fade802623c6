package import Foundation

/// A document as YAML 1.2 in blocks, its keys sorted, so that YAML 1.1 reads the same.
package enum YAMLPrinter {
    /// What stands before each document of a stream.
    package static let separator = "---\n"

    package static func text(of document: some Encodable) throws -> String {
        try text(ofJSON: JSONEncoder().encode(document))
    }

    /// The YAML of a JSON text.
    package static func text(ofJSON json: Data) throws -> String {
        var text = ""
        write(try JSONDecoder().decode(JSONValue.self, from: json), depth: 0, to: &text)
        return text
    }

    /// Writes a value whose lines begin at `depth`; the cursor stands at the beginning of such a line, after its blanks.
    private static func write(_ value: JSONValue, depth: Int, to text: inout String) {
        switch value {
        case .object(let members) where !members.isEmpty:
            for (position, (key, member)) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                if position > 0 { text += blanks(depth) }
                text += YAMLScalar.text(key) + ":"
                writeMember(member, depth: depth, to: &text)
            }
        case .list(let elements) where !elements.isEmpty:
            for (position, element) in elements.enumerated() {
                if position > 0 { text += blanks(depth) }
                text += "- "
                write(element, depth: depth + 1, to: &text)
            }
        default:
            text += scalar(value, depth: depth) + "\n"
        }
    }

    /// A nested object or list begins on the next line, a scalar follows its key.
    private static func writeMember(_ member: JSONValue, depth: Int, to text: inout String) {
        switch member {
        case .object(let members) where !members.isEmpty:
            text += "\n" + blanks(depth + 1)
            write(member, depth: depth + 1, to: &text)
        case .list(let elements) where !elements.isEmpty:
            text += "\n" + blanks(depth + 1)
            write(member, depth: depth + 1, to: &text)
        default:
            text += " " + scalar(member, depth: depth + 1) + "\n"
        }
    }

    private static func scalar(_ value: JSONValue, depth: Int) -> String {
        switch value {
        case .null: "null"
        case .boolean(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .natural(let value): String(value)
        case .number(let value): "\(value)"
        case .text(let value): YAMLScalar.block(value, indentation: blanks(depth)) ?? YAMLScalar.text(value)
        case .list: "[]"
        case .object: "{}"
        }
    }

    private static func blanks(_ depth: Int) -> String { String(repeating: "  ", count: depth) }
}

/// Texts in YAML: plain where nobody can take them for anything else, in quotes otherwise.
enum YAMLScalar {
    /// What YAML 1.1 or 1.2 reads as a boolean or as nothing.
    private static let words: Set<String> = ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "~", "nan", "inf"]

    static func text(_ text: String) -> String { isPlain(text) ? text : quoted(text) }

    /// A text of several lines as it stands, after `|`; nil where that would not keep it as it is.
    ///
    /// The result has no line feed at its end.
    static func block(_ text: String, indentation: String) -> String? {
        let isPrintable = text.unicodeScalars.allSatisfy { $0 == "\n" || $0 == "\t" || !mustBeEscaped($0) }
        guard text.contains("\n"), isPrintable, let first = text.unicodeScalars.first, !" \t\n".unicodeScalars.contains(first) else {
            return nil
        }
        // One line feed at the end is what `|` means; none and more have signs of their own.
        let head = !text.hasSuffix("\n") ? "|-" : text.hasSuffix("\n\n") ? "|+" : "|"
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if text.hasSuffix("\n") { lines.removeLast() }
        return ([head] + lines.map { $0.isEmpty ? "" : indentation + $0 }).joined(separator: "\n")
    }

    /// A letter or slash first, and nothing that begins a comment, a key or a number.
    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last, isLetter(first) || first == UInt8(ascii: "/") else { return false }
        let others = Set("0123456789 ._/-+(),@%=".utf8)
        let isSafe = text.utf8.allSatisfy { isLetter($0) || others.contains($0) || $0 == UInt8(ascii: ":") }
        // A colon is a key's only before a blank or at the end.
        return isSafe && last != UInt8(ascii: " ") && last != UInt8(ascii: ":") && !text.contains(": ")
            && !words.contains(text.lowercased())
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case "\r": quoted += "\\r"
            case _ where mustBeEscaped(scalar):
                let digits = String(scalar.value, radix: 16, uppercase: true)
                quoted += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    /// Whether YAML does not take the scalar as it is, or a terminal would be steered by it.
    private static func mustBeEscaped(_ scalar: Unicode.Scalar) -> Bool {
        TextWidth.isControl(scalar) || scalar.value == 0xFEFF || (0xFFFE...0xFFFF).contains(scalar.value)
    }
}
