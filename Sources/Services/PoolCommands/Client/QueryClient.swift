package import NIOCore
import NIOHTTP1
package import OpenSSLTransport
package import QueryModel

/// A client of a pool's query port: it finds a server that answers, and sends again only what may be sent again.
///
/// It begins with the server that answered last, and keeps one connection to each alive. Call ``shutdown()`` in the end.
package actor QueryClient {
    /// The pool's UUID.
    package nonisolated let poolID: String
    nonisolated let limits: ClientLimits
    nonisolated let tls: TLSContext
    private nonisolated let bearer: String?
    nonisolated let group: any EventLoopGroup
    private let servers: [NetworkAddress]
    /// Which of `servers` answered last.
    private var lastGood = 0
    private var idle: [NetworkAddress: HTTPConnection] = [:]

    /// - Parameters:
    ///   - servers: tried in this order.
    ///   - bearer: an operator's secret; nil where `tls` bears a certificate, or to join.
    package init(
        poolID: String, tls: TLSContext, servers: [NetworkAddress], bearer: String?, eventLoopGroup: any EventLoopGroup,
        limits: ClientLimits = ClientLimits()
    ) {
        self.poolID = poolID
        self.tls = tls
        self.servers = servers
        self.bearer = bearer
        group = eventLoopGroup
        self.limits = limits
    }

    /// Sends a request and reads its answer.
    ///
    /// - Throws: `.problem` for every answer with a status of 400 or more.
    package func send(_ request: ClientRequest) async throws(ClientError) -> ClientResponse {
        var attempts = Attempts(request, patience: limits.patience)
        while true {
            for address in serversInOrder() {
                do {
                    let response = try await attempt(request, at: address)
                    if let answer = try attempts.judge(response, from: address) {
                        remember(address)
                        return answer
                    }
                } catch let failure as AttemptFailure {
                    try attempts.note(failure, at: address)
                } catch let error as ClientError {
                    if case .problem = error { remember(address) }
                    throw error
                } catch {
                    throw .badAnswer(cause: "\(address) answered, but not usably: \(error).")
                }
            }
            try await attempts.pauseOrGiveUp()
        }
    }

    /// Sends a request whose answer is read piece by piece, on a connection of its own.
    func open(_ request: ClientRequest) async throws(ClientError) -> (HTTPResponseHead, HTTPConnection) {
        var attempts = Attempts(request, patience: limits.patience)
        while true {
            for address in serversInOrder() {
                do {
                    let connection = try await HTTPConnection.open(address, tls: tls, limits: limits, group: group)
                    let head = try await connection.begin(requestHead(request, address))
                    if head.status.code == 200 {
                        remember(address)
                        return (head, connection)
                    }
                    let body = try await connection.readAll(limit: limits.responseBytes)
                    _ = try attempts.judge(ClientResponse(status: Int(head.status.code), headers: head.headers, body: body), from: address)
                } catch let failure as AttemptFailure {
                    try attempts.note(failure, at: address)
                } catch let error as ClientError {
                    throw error
                } catch {
                    throw .badAnswer(cause: "\(address) answered, but not usably: \(error).")
                }
            }
            try await attempts.pauseOrGiveUp()
        }
    }

    /// Closes what is kept alive. The event loop group stays its owner's.
    package func shutdown() {
        // A connection closes when it is let go.
        idle = [:]
    }

    private func attempt(_ request: ClientRequest, at address: NetworkAddress) async throws(AttemptFailure) -> ClientResponse {
        let head = requestHead(request, address)
        let connection = try await connection(to: address)
        let (answer, body) = try await connection.exchange(head, body: request.body, limits: limits)
        if await connection.isReusable() { idle[address] = connection }
        return ClientResponse(status: Int(answer.status.code), headers: answer.headers, body: body)
    }

    /// A connection that is kept alive, taken out so that no other request uses it meanwhile; or a new one.
    private func connection(to address: NetworkAddress) async throws(AttemptFailure) -> HTTPConnection {
        if let kept = idle.removeValue(forKey: address), await kept.isReusable() { return kept }
        return try await HTTPConnection.open(address, tls: tls, limits: limits, group: group)
    }

    func serversInOrder() -> [NetworkAddress] {
        guard servers.indices.contains(lastGood) else { return servers }
        return [servers[lastGood]] + servers[..<lastGood] + servers[(lastGood + 1)...]
    }

    func remember(_ address: NetworkAddress) {
        if let position = servers.firstIndex(of: address) { lastGood = position }
    }

    func requestHead(_ request: ClientRequest, _ address: NetworkAddress) -> HTTPRequestHead {
        var headers: HTTPHeaders = ["Host": address.description, "Accept": "application/json", "User-Agent": "ovm"]
        if let bearer { headers.add(name: "Authorization", value: "Bearer \(bearer)") }
        if let body = request.body {
            headers.add(name: "Content-Type", value: "application/json")
            headers.add(name: "Content-Length", value: String(body.count))
        } else if request.method != .GET && request.method != .HEAD {
            headers.add(name: "Content-Length", value: "0")
        }
        for (name, value) in request.headers { headers.replaceOrAdd(name: name, value: value) }
        return HTTPRequestHead(version: .http1_1, method: request.method, uri: request.path, headers: headers)
    }
}
