package import Foundation
package import NIOHTTP1
import QueryModel

/// One request to the query port.
package struct ClientRequest: Sendable {
    /// In capitals.
    package var method: HTTPMethod
    /// The path with its query, percent-encoded.
    package var path: String
    /// JSON; nil for no body.
    package var body: Data?
    /// Header fields beside those that every request bears.
    package var headers: [(name: String, value: String)]
    /// Whether sending it twice does what sending it once does. So is every reading, and every write with an idempotency key.
    package var isRepeatable: Bool

    package init(
        _ method: HTTPMethod, _ path: String, body: Data? = nil, headers: [(name: String, value: String)] = [], isRepeatable: Bool? = nil
    ) {
        self.method = method
        self.path = path
        self.body = body
        self.headers = headers
        let isKeyed = headers.contains { $0.name.lowercased() == QueryHeader.idempotencyKey.lowercased() }
        self.isRepeatable = isRepeatable ?? (method == .GET || method == .HEAD || isKeyed)
    }

    /// A write of `document`, with a new idempotency key, so that it may be sent again when its answer is lost.
    ///
    /// - Parameter expected: the index of the version that it rests on, for `If-Match`; nil for any.
    package static func keyed(
        _ method: HTTPMethod, _ path: String, body: Data? = nil, reason: String? = nil, expected: UInt64? = nil, key: UUID = UUID()
    ) -> ClientRequest {
        var headers = [(name: QueryHeader.idempotencyKey, value: key.uuidString.lowercased())]
        if let reason { headers.append((name: QueryHeader.reason, value: reason)) }
        if let expected { headers.append((name: "If-Match", value: "\"\(expected)\"")) }
        return ClientRequest(method, path, body: body, headers: headers)
    }
}

/// A whole answer of the query port.
package struct ClientResponse: Sendable {
    /// The HTTP status, 200 to 399.
    package var status: Int
    package var headers: HTTPHeaders
    package var body: Data

    package init(status: Int, headers: HTTPHeaders, body: Data) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// How long the client waits, and how much it reads.
package struct ClientLimits: Hashable, Sendable {
    /// For a connection to a server, its TLS handshake included.
    package var connect = Duration.seconds(2)
    /// For one server's whole answer, counted from the sending of the request.
    package var attempt = Duration.seconds(15)
    /// For all attempts together while no Server Pool Master is found.
    package var patience = Duration.seconds(10)
    /// Bytes of an answer's body.
    package var responseBytes = 16 * 1_048_576
    /// How long an event stream may be silent; a server that has nothing to say shows every 15 s that it lives.
    package var silence = Duration.seconds(45)

    package init() {}
}
