extension SettingValue {
    /// The value in xl.cfg's grammar; a list has an element to a line, indented by `indent`, or all on one where that is nil.
    func canonicalText(indent: Int?) -> String {
        switch self {
        case .number(let number): return String(number)
        case .text(let text): return Self.quoted(text)
        case .list(let elements):
            let separator = indent.map { ",\n" + String(repeating: " ", count: $0 + 2) } ?? ", "
            return elements.isEmpty ? "[ ]" : "[ " + elements.map { $0.canonicalText(indent: nil) }.joined(separator: separator) + " ]"
        }
    }

    /// `text` in double quotes, with the escapes that xl and Python share.
    private static func quoted(_ text: String) -> String {
        var result: [UInt8] = [UInt8(ascii: "\"")]
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): result += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): result += "\\n".utf8
            case UInt8(ascii: "\t"): result += "\\t".utf8
            case UInt8(ascii: "\r"): result += "\\r".utf8
            case 0..<0x20, 0x7F: result += ("\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)).utf8
            default: result.append(byte)
            }
        }
        result.append(UInt8(ascii: "\""))
        return String(decoding: result, as: UTF8.self)
    }
}
