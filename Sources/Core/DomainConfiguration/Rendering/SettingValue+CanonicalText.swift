extension SettingValue {
    /// The value in xl.cfg's grammar; a list has an element to a line, indented by `indent`, or all on one where that is nil.
    func canonicalText(for reader: DomainConfiguration.Reader, indent: Int?) -> String {
        switch self {
        case .number(let number): return String(number)
        case .text(let text): return Self.quoted(text, for: reader)
        case .list(let elements):
            let separator = indent.map { ",\n" + String(repeating: " ", count: $0 + 2) } ?? ", "
            return elements.isEmpty
                ? "[ ]" : "[ " + elements.map { $0.canonicalText(for: reader, indent: nil) }.joined(separator: separator) + " ]"
        }
    }

    /// `text` in double quotes, with the escapes that xl and Python share.
    private static func quoted(_ text: String, for reader: DomainConfiguration.Reader) -> String {
        var result: [UInt8] = [UInt8(ascii: "\"")]
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): result += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): result += "\\n".utf8
            case UInt8(ascii: "\t"): result += "\\t".utf8
            case UInt8(ascii: "\r"): result += "\\r".utf8
            case 0x07: result += "\\a".utf8
            case 0x08: result += "\\b".utf8
            case 0x0B: result += "\\v".utf8
            case 0x0C: result += "\\f".utf8
            // xl's reader mistakes every escape with digits, and takes the bytes themselves. Elsewhere a terminal must not obey them.
            case 0..<0x20 where reader == .pool, 0x7F where reader == .pool:
                result += ("\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)).utf8
            default: result.append(byte)
            }
        }
        result.append(UInt8(ascii: "\""))
        return String(decoding: result, as: UTF8.self)
    }
}
