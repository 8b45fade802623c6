import Foundation
import QueryModel

/// Reads the JSON of a request, strictly: a key that nobody knows is a mistake of the sender's and not passed over.
enum RequestDocumentReading {
    static func read<Document: Codable>(_ type: Document.Type, from bytes: [UInt8]) throws(QueryRefusal) -> Document {
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw QueryRefusal(.badRequest, cause: "The request's body is not UTF-8.", cure: "Send JSON in UTF-8.")
        }
        let data = Data(bytes)
        do {
            let document = try QueryJSON.decode(type, from: data)
            if let unknown = try unknownKeys(in: data, besidesThoseOf: document).first {
                throw QueryRefusal(
                    .badRequest, cause: "The request's body has a key \(QueryRefusal.shown(unknown)) that means nothing here.",
                    cure: "Look the keys up in /openapi.json.")
            }
            return document
        } catch let refusal as QueryRefusal {
            throw refusal
        } catch {
            throw QueryRefusal(.badRequest, cause: cause(of: error), cure: "Look the request's form up in /openapi.json.")
        }
    }

    /// Keys of the body that the document, written again, does not have; a null is no key.
    private static func unknownKeys(in data: Data, besidesThoseOf document: some Codable) throws -> [String] {
        let given = try JSONDecoder().decode(ObjectKeys.self, from: data)
        let known = try JSONDecoder().decode(ObjectKeys.self, from: QueryJSON.encode(document))
        return given.keys.subtracting(known.keys).sorted()
    }

    private static func cause(of error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, let context):
            "The request's body lacks \(QueryRefusal.shown(path(context.codingPath + [key])))."
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            "The request's body has a wrong type at \(QueryRefusal.shown(path(context.codingPath)))."
        case DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty:
            "The request's body has a value that cannot be read at \(QueryRefusal.shown(path(context.codingPath)))."
        default: "The request's body is not JSON."
        }
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        keys.isEmpty ? "the top" : keys.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
    }
}

/// The keys of a JSON object whose values are not null; none for any other JSON.
private struct ObjectKeys: Decodable {
    let keys: Set<String>

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        let container: KeyedDecodingContainer<Key>
        do {
            container = try decoder.container(keyedBy: Key.self)
        } catch DecodingError.typeMismatch {
            keys = []
            return
        }
        keys = Set(try container.allKeys.filter { try !container.decodeNil(forKey: $0) }.map(\.stringValue))
    }
}
