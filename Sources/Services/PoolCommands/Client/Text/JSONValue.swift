/// Any JSON document, as a value.
enum JSONValue: Hashable, Sendable {
    case null
    case boolean(Bool)
    case integer(Int64)
    /// An integer above the range of `integer`.
    case natural(UInt64)
    case number(Double)
    case text(String)
    case list([JSONValue])
    case object([String: JSONValue])
}

extension JSONValue: Decodable {
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = Self.attempt(Bool.self, container) {
            self = .boolean(value)
        } else if let value = Self.attempt(Int64.self, container) {
            self = .integer(value)
        } else if let value = Self.attempt(UInt64.self, container) {
            self = .natural(value)
        } else if let value = Self.attempt(Double.self, container) {
            self = .number(value)
        } else if let value = Self.attempt(String.self, container) {
            self = .text(value)
        } else if let value = Self.attempt([JSONValue].self, container) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    /// Which kind of value comes next is not told; it is found by trying.
    private static func attempt<Value: Decodable>(_ type: Value.Type, _ container: any SingleValueDecodingContainer) -> Value? {
        do {
            return try container.decode(type)
        } catch {
            return nil
        }
    }
}
