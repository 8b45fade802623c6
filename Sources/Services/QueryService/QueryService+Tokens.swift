import AgentCore
import AgentPorts
import OpenSSLTransport
import PoolModel
import PoolStateMachine
import QueryModel

extension QueryService {
    func listTokens(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let page = try ListPage<UInt64>(request)
        return try await answerAside(request) { state, _ throws(QueryRefusal) in
            let (stored, next) = page.cut(state.tokens.values) { $0.id.number }
            return TokenListDocument(tokens: stored.map { TokenDocument($0, state) }, next: next.map { String($0) })
        }
    }

    func showToken(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let text = request.parameter("id")
        return try await answer(request) { state, _ throws(QueryRefusal) in
            guard let number = UInt64(text), let stored = state.tokens[TokenID(number)] else {
                throw .notFound("join token", text, list: "GET /v1/tokens")
            }
            return TokenDocument(stored, state)
        }
    }

    func createToken(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let body = try await request.body()
        let wanted = body.isEmpty ? CreateTokenRequest() : try RequestDocumentReading.read(CreateTokenRequest.self, from: body)
        let roles = try Self.roles(wanted.roles ?? ServerRoles.all.words)
        let lifetime = try Self.lifetime(wanted.ttlSeconds ?? CreateTokenRequest.defaultTTLSeconds)
        let secret = Cryptography.randomBytes(32)
        guard let digest = PoolModel.SHA256Digest(bytes: OpenSSLTransport.SHA256Digest(of: secret).bytes) else {
            throw QueryRefusal(.internalError, cause: "The token's secret could not be digested.", cure: "Try again.")
        }
        let token = JoinToken(secret: digest, roles: roles, lifetimeMilliseconds: lifetime)
        let written = try await write(.createToken(token), for: request, body: body)
        guard case .token(let id) = written.result else {
            throw QueryRefusal(.internalError, cause: "The pool gave no token.", cure: "Look at GET /v1/tokens, then try again.")
        }
        let read = try await lookAfter(written) { state, _ throws(QueryRefusal) in
            try TokenCreatedDocument(id, secret: secret, digest: digest, state)
        }
        return .json(
            Answered(read.document, answer: read.answer), status: 201,
            headers: [QueryReply.Header("Location", "/v1/tokens/\(id)"), QueryReply.Header("Cache-Control", "no-store")]
                + QueryReply.headers(of: read.answer))
    }

    func revokeToken(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let text = request.parameter("id")
        guard let number = UInt64(text) else { throw .notFound("join token", text, list: "GET /v1/tokens") }
        return try await write(.revokeToken(TokenID(number)), for: request) { _, _ throws(QueryRefusal) in DoneDocument() }
    }

    private static func roles(_ words: [String]) throws(QueryRefusal) -> ServerRoles {
        var roles: ServerRoles = []
        guard words.count <= ServerRoles.all.words.count else {
            throw QueryRefusal(.badRequest, cause: "A token has a role more than once.", cure: "Send each of vm and utility once at most.")
        }
        for word in words {
            guard let role = ServerRoles(word: word) else { throw .badValue("role", word, expected: "vm, utility or both") }
            roles.insert(role)
        }
        guard !roles.isEmpty else {
            throw QueryRefusal(.badRequest, cause: "The token would grant no role.", cure: "Send vm, utility or both.")
        }
        return roles
    }

    private static func lifetime(_ seconds: Int64) throws(QueryRefusal) -> Int64 {
        let bounds = PoolLimits.tokenLifetimeMilliseconds
        let (milliseconds, isOverflown) = seconds.multipliedReportingOverflow(by: 1_000)
        guard !isOverflown, bounds.contains(milliseconds) else {
            throw QueryRefusal(
                .badRequest, cause: "A token cannot live for \(seconds) s.",
                cure: "Give \(bounds.lowerBound / 1_000) to \(bounds.upperBound / 1_000) seconds.")
        }
        return milliseconds
    }
}

extension TokenCreatedDocument {
    /// The document with the token's text, which no one can make again.
    init(_ id: TokenID, secret: [UInt8], digest: PoolModel.SHA256Digest, _ state: PoolState) throws(QueryRefusal) {
        // An idempotency key that was sent again finds the first sending's token, whose secret is known to nobody here.
        guard let stored = state.tokens[id], stored.token.secret == digest else {
            throw Self.createdBefore(id)
        }
        let pool = try state.foundedPool()
        let reachable = state.activeServers.sorted { ($0.isReachable ? 0 : 1, $0.id) < ($1.isReachable ? 0 : 1, $1.id) }
        let addresses = reachable.compactMap { NetworkAddress($0.queryAddress) }.prefix(JoinTokenText.addressCount.upperBound)
        let text = JoinTokenText.Roles(rawValue: stored.token.roles.rawValue).flatMap { roles in
            JoinTokenText(
                pool: pool.pool.bytes, authority: pool.authority.bytes, expiresAt: QueryTime(stored.expiresAt), tokenID: id.number,
                secret: secret, roles: roles, addresses: Array(addresses))
        }
        guard let text else {
            throw QueryRefusal(
                .internalError, cause: "No member of the pool has a query address that a token could name.",
                cure: "Correct the members' query addresses, then create another token.")
        }
        self.init(id: id.number, token: text.text, roles: stored.token.roles.words, expiresAt: QueryTime(stored.expiresAt))
    }

    static func createdBefore(_ id: TokenID) -> QueryRefusal {
        QueryRefusal(
            .conflict, cause: "Join token \(id) was created by an earlier sending of this request, and its text is shown only once.",
            cure: "Revoke it with DELETE /v1/tokens/\(id), then create another with a new \(QueryHeader.idempotencyKey).")
    }
}

extension UniqueIdentifier {
    /// The 16 bytes, in the order in which they are written.
    var bytes: [UInt8] {
        [high, low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * UInt64($0))) } }
    }
}
