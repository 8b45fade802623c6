package import OpenSSLTransport
package import PoolModel
import QueryModel

/// A request of the query port, free of the HTTP library, so that routes can be called without a network.
package struct QueryRequest: Sendable {
    /// In capitals.
    package let method: String
    /// The path as sent, without the query.
    package let path: String
    /// Decoded; a name that was given twice is refused before.
    package let query: [String: String]
    /// By name in lower case.
    package let headers: [String: String]
    package let credential: ShownCredential
    /// Where it comes from.
    let address: ClientAddress
    /// What the route's pattern found in the path, decoded.
    package internal(set) var parameters: [String: String] = [:]
    /// What it is about, where that has a version.
    var subject: QuerySubject?
    private let collectBody: BodyCollector

    /// Collects the body, at most so many bytes.
    package typealias BodyCollector = @Sendable (Int) async throws(QueryRefusal) -> [UInt8]

    /// - Parameters:
    ///   - target: path and query as sent.
    ///   - address: that of the connection; those without one count as one client.
    /// - Throws: a refusal when the target cannot be read.
    package init(
        method: String, target: String, headers: [String: String], credential: ShownCredential, address: String = "unknown",
        body: @escaping BodyCollector
    ) throws(QueryRefusal) {
        guard target.utf8.count <= QueryLimits.pathBytes else {
            throw .pathTooLong
        }
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        self.method = method
        path = String(parts[0])
        query = parts.count == 2 ? try PercentText.query(parts[1]) : [:]
        self.headers = headers
        self.credential = credential
        self.address = ClientAddress(address)
        collectBody = body
    }

    /// The body, at most `limit` bytes; a client that does not say what it is means JSON.
    func body(atMost limit: Int = QueryLimits.bodyBytes) async throws(QueryRefusal) -> [UInt8] {
        let bytes = try await collectBody(limit)
        // Nothing is no JSON either, and not of any kind.
        guard let type = headers["content-type"], !bytes.isEmpty else { return bytes }
        let essence = type.prefix { $0 != ";" }.split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " ")
        guard essence.lowercased() == "application/json" else { throw .notJSON(type) }
        return bytes
    }

    /// What the route's pattern calls `name`; the pattern guarantees that it is there.
    func parameter(_ name: String) -> String { parameters[name] ?? "" }

    /// Whether the client wants it done once however often it is sent.
    var hasIdempotencyKey: Bool { headers[QueryHeader.idempotencyKey.lowercased()] != nil }

    /// Whether the client prefers `mediaType` by naming it.
    func accepts(_ mediaType: String) -> Bool {
        (headers["accept"] ?? "").lowercased().split(separator: ",").contains { range in
            range.split(separator: ";").first?.drop { $0 == " " }.prefix { $0 != " " } == mediaType[...]
        }
    }

    /// The reason that the client gave, for the log of events.
    func reason() throws(QueryRefusal) -> String {
        let reason = headers[QueryHeader.reason.lowercased()] ?? ""
        guard reason.utf8.count <= QueryLimits.reasonBytes else {
            throw QueryRefusal(
                .tooLarge, cause: "The reason has more than \(QueryLimits.reasonBytes) bytes.",
                cure: "Send a shorter \(QueryHeader.reason).")
        }
        return reason
    }
}

/// What a client showed of itself; whether the pool knows it is another question.
package enum ShownCredential: Hashable, Sendable {
    case nothing
    /// A bearer secret, as the digest that the pool stores.
    case bearer(PoolModel.SHA256Digest)
    /// What a verified certificate of the pool's authority says.
    case certificate(CertificateIdentity)
}
