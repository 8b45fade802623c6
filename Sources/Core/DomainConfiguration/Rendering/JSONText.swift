/// A JSON document (RFC 8259) as a value, and its text. Objects keep the order of their members.
indirect enum JSONText: Hashable {
    case string(String)
    case number(Int)
    case boolean(Bool)
    case array([JSONText])
    case object([Member])

    /// A member of an object.
    struct Member: Hashable {
        let name: String
        let value: JSONText
    }

    init(_ value: SettingValue) {
        switch value {
        case .text(let text): self = .string(text)
        case .number(let number): self = .number(number)
        case .list(let elements): self = .array(elements.map { JSONText($0) })
        }
    }

    /// The document, indented by two spaces a level.
    var text: String {
        var bytes: [UInt8] = []
        write(into: &bytes, depth: 0)
        return String(decoding: bytes, as: UTF8.self)
    }

    private func write(into bytes: inout [UInt8], depth: Int) {
        switch self {
        case .string(let text): Self.write(text, into: &bytes)
        case .number(let number): bytes += String(number).utf8
        case .boolean(let isTrue): bytes += (isTrue ? "true" : "false").utf8
        case .array(let elements):
            Self.write(brackets: ("[", "]"), count: elements.count, depth: depth, into: &bytes) { index, bytes in
                elements[index].write(into: &bytes, depth: depth + 1)
            }
        case .object(let members):
            Self.write(brackets: ("{", "}"), count: members.count, depth: depth, into: &bytes) { index, bytes in
                Self.write(members[index].name, into: &bytes)
                bytes += ": ".utf8
                members[index].value.write(into: &bytes, depth: depth + 1)
            }
        }
    }

    private static func write(
        brackets: (String, String), count: Int, depth: Int, into bytes: inout [UInt8], element: (Int, inout [UInt8]) -> Void
    ) {
        bytes += brackets.0.utf8
        for index in 0..<count {
            bytes += (index == 0 ? "\n" : ",\n").utf8
            bytes += repeatElement(UInt8(ascii: " "), count: 2 * (depth + 1))
            element(index, &bytes)
        }
        if count > 0 {
            bytes.append(UInt8(ascii: "\n"))
            bytes += repeatElement(UInt8(ascii: " "), count: 2 * depth)
        }
        bytes += brackets.1.utf8
    }

    private static func write(_ text: String, into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): bytes += "\\n".utf8
            case UInt8(ascii: "\t"): bytes += "\\t".utf8
            case UInt8(ascii: "\r"): bytes += "\\r".utf8
            // A terminal that shows the document must not obey the delete character either.
            case 0..<0x20, 0x7F: bytes += ("\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16)).utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
