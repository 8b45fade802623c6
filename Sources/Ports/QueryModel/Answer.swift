/// What every answer of the query port reflects, under the key `answer` and in the headers `Ovm-Master`, `Ovm-Term`, `Ovm-Index`.
package struct AnswerReflection: Codable, Hashable, Sendable {
    /// The name of the Server Pool Master as the answering server believes; absent when it knows none.
    package var master: String?
    package var term: UInt64
    /// The log index that the answering server had applied.
    package var index: UInt64

    package init(master: String?, term: UInt64, index: UInt64) {
        self.master = master
        self.term = term
        self.index = index
    }
}

/// A document together with what it reflects: the document's own keys, and `answer` beside them.
package struct Answered<Document> {
    package var document: Document
    package var answer: AnswerReflection

    package init(_ document: Document, answer: AnswerReflection) {
        self.document = document
        self.answer = answer
    }

    private enum Key: String, CodingKey { case answer }
}

extension Answered: Encodable where Document: Encodable {
    package func encode(to encoder: any Encoder) throws {
        try document.encode(to: encoder)
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(answer, forKey: .answer)
    }
}

extension Answered: Decodable where Document: Decodable {
    package init(from decoder: any Decoder) throws {
        document = try Document(from: decoder)
        answer = try decoder.container(keyedBy: Key.self).decode(AnswerReflection.self, forKey: .answer)
    }
}

extension Answered: Equatable where Document: Equatable {}
extension Answered: Hashable where Document: Hashable {}
extension Answered: Sendable where Document: Sendable {}

/// The names of the query port's own HTTP headers.
package enum QueryHeader {
    /// The name of the Server Pool Master; empty when none is known.
    package static let master = "Ovm-Master"
    package static let term = "Ovm-Term"
    package static let index = "Ovm-Index"
    /// On a stale read: how old the answer may be at most, in milliseconds, or `unknown`.
    package static let age = "Ovm-Age"
    /// The version of what the answer shows, for `If-Match` and `If-None-Match`.
    package static let entityTag = "ETag"
    /// A UUID that makes a write happen once however often it is sent.
    package static let idempotencyKey = "Idempotency-Key"
    /// Why the caller does it, for the log of events; at most 256 bytes.
    package static let reason = "Ovm-Reason"
}

/// A request that was carried out and has nothing more to say.
package struct DoneDocument: Codable, Hashable, Sendable {
    package init() {}
}
