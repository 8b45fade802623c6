package import Foundation

/// How every document of the query port is turned into JSON, and back.
package enum QueryJSON {
    /// The JSON of a document, keys sorted, so that equal documents are equal bytes.
    package static func encode(_ document: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(document)
    }

    /// Reads a document; keys that it does not know are ignored.
    package static func decode<Document: Decodable>(_ type: Document.Type, from data: Data) throws -> Document {
        try JSONDecoder().decode(type, from: data)
    }
}
