/// A JSON value to be written out, object keys in the order given.
indirect enum JSONValue: Encodable, Sendable {
    case text(String)
    case number(Int)
    case boolean(Bool)
    case null
    case list([JSONValue])
    case object([(String, JSONValue)])
    /// Whatever that is in JSON.
    case encoded(any Encodable & Sendable)

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(_ text: String) { stringValue = text }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    func encode(to encoder: any Encoder) throws {
        switch self {
        case .text(let text):
            var container = encoder.singleValueContainer()
            try container.encode(text)
        case .number(let number):
            var container = encoder.singleValueContainer()
            try container.encode(number)
        case .boolean(let isTrue):
            var container = encoder.singleValueContainer()
            try container.encode(isTrue)
        case .null:
            var container = encoder.singleValueContainer()
            try container.encodeNil()
        case .list(let elements):
            var container = encoder.unkeyedContainer()
            for element in elements { try container.encode(element) }
        case .object(let members):
            var container = encoder.container(keyedBy: Key.self)
            for (key, value) in members { try container.encode(value, forKey: Key(key)) }
        case .encoded(let value): try value.encode(to: encoder)
        }
    }
}
