import ConsoleStreams
import QueryModel

/// The answer to a request, free of the HTTP library.
package struct QueryReply: Sendable {
    package var status: Int
    /// Names and values, in order.
    package var headers: [Header]
    package var content: Content

    /// One header field.
    package struct Header: Hashable, Sendable {
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package enum Content: Sendable {
        case bytes([UInt8])
        /// Writes until the client goes, the stream ends, or the server stops.
        case stream(@Sendable (inout any TextSink) async throws -> Void)
        /// The connection becomes a WebSocket that carries a console.
        case console(ConsoleSession)
    }

    package init(status: Int, headers: [Header], content: Content) {
        self.status = status
        self.headers = headers
        self.content = content
    }

    /// A JSON document.
    static func json(_ document: some Encodable, status: Int = 200, headers: [Header] = [], mediaType: String = "application/json")
        -> QueryReply
    {
        do {
            let bytes = [UInt8](try QueryJSON.encode(document)) + [UInt8(ascii: "\n")]
            return QueryReply(status: status, headers: [Header("Content-Type", mediaType)] + headers, content: .bytes(bytes))
        } catch {
            // Our own documents always encode; should one not, the client still gets a well-formed answer.
            let text = #"{"status":500,"title":"The server failed","type":"urn:ovm:problem:internal-error"}"#
            return QueryReply(
                status: 500, headers: [Header("Content-Type", ProblemDocument.mediaType)], content: .bytes(Array(text.utf8)))
        }
    }

    static func text(_ text: String, status: Int = 200, mediaType: String = "text/plain; charset=utf-8") -> QueryReply {
        QueryReply(status: status, headers: [Header("Content-Type", mediaType)], content: .bytes(Array(text.utf8)))
    }

    /// The answer that a refusal becomes.
    package init(_ refusal: QueryRefusal) {
        var headers: [Header] = []
        if let seconds = refusal.retryAfterSeconds { headers.append(Header("Retry-After", String(seconds))) }
        if !refusal.allowedMethods.isEmpty { headers.append(Header("Allow", refusal.allowedMethods.joined(separator: ", "))) }
        if refusal.problem.kind == .upgradeRequired {
            headers += [
                Header("Upgrade", "websocket"), Header("Connection", "Upgrade"),
                Header("Sec-WebSocket-Version", WebSocketHandshake.version),
            ]
        }
        if refusal.problem.kind == .unauthenticated { headers.append(Header("WWW-Authenticate", "Bearer")) }
        if let answer = refusal.problem.answer { headers += Self.headers(of: answer) }
        self = .json(refusal.problem, status: refusal.problem.status, headers: headers, mediaType: ProblemDocument.mediaType)
    }

    /// What every answer of the pool carries.
    static func headers(of answer: AnswerReflection) -> [Header] {
        [
            Header(QueryHeader.master, answer.master ?? ""), Header(QueryHeader.term, String(answer.term)),
            Header(QueryHeader.index, String(answer.index)),
        ]
    }
}

/// Where the text of a stream goes.
package protocol TextSink {
    /// Writes `text` and waits until there is room for more; throws when the client has gone.
    mutating func write(_ text: String) async throws
}
