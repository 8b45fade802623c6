import ConsoleStreams
import QueryModel

/// A request that asks for a WebSocket (RFC 6455 §4.2.1), read before anything is done for it.
struct WebSocketOpening: Hashable, Sendable {
    /// What the client's key is answered with.
    let answer: String
    /// Whether the client named the subprotocol, and is to hear of it.
    let isSubprotocolNamed: Bool

    /// - Throws: a problem of 426 for a request that asks for something else, of 400 or 403 for one that asks wrongly.
    init(_ request: QueryRequest) throws(QueryRefusal) {
        let headers = request.headers
        guard request.method == "GET", Self.names(headers["upgrade"]).contains("websocket"),
            Self.names(headers["connection"]).contains("upgrade"), headers["sec-websocket-version"] == WebSocketHandshake.version
        else { throw Self.upgradeRequired(request.path) }
        guard let key = headers["sec-websocket-key"], WebSocketHandshake.isKey(key) else {
            throw .badValue("Sec-WebSocket-Key", headers["sec-websocket-key"] ?? "", expected: "16 bytes in Base64")
        }
        // A page of another origin must not ride on the certificate that a browser shows by itself.
        if let origin = headers["origin"], origin.lowercased() != "https://\(headers["host"]?.lowercased() ?? "")" {
            throw QueryRefusal(
                .forbidden, cause: "A page of \(QueryRefusal.shown(origin)) asks for a console of this pool.",
                cure: "Open it from a page of this server.")
        }
        let offered = Self.names(headers["sec-websocket-protocol"])
        guard offered.isEmpty || offered.contains(WebSocketHandshake.subprotocol) else {
            throw .badValue(
                "Sec-WebSocket-Protocol", headers["sec-websocket-protocol"] ?? "",
                expected: "\(WebSocketHandshake.subprotocol), or nothing")
        }
        answer = WebSocketHandshake.answer(to: key)
        isSubprotocolNamed = !offered.isEmpty
    }

    /// The elements of a list in a header field, in lower case.
    private static func names(_ list: String?) -> [String] {
        (list ?? "").lowercased().split(separator: ",").map { $0.split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " ") }
    }

    static func upgradeRequired(_ path: String) -> QueryRefusal {
        QueryRefusal(
            .upgradeRequired, cause: "\(QueryRefusal.shown(path)) speaks WebSocket, and nothing else.",
            cure: "Ask with GET, Connection: Upgrade, Upgrade: websocket and Sec-WebSocket-Version: 13, or use `ovm vm console`.")
    }

    /// The head that makes a WebSocket of the connection.
    var head: String {
        let subprotocol = isSubprotocolNamed ? "Sec-WebSocket-Protocol: \(WebSocketHandshake.subprotocol)\r\n" : ""
        return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Accept: \(answer)\r\n\(subprotocol)\r\n"
    }
}
