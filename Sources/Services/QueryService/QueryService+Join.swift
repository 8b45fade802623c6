import AgentCore
import AgentPorts
import OpenSSLTransport
import PoolModel
import PoolStateMachine
import QueryModel

// Joining is the one write that nobody has to be known for: the token's secret stands in for a credential. An authentication code under
// the secret binds the signing request to it, so that the key in it is the one that the secret's holder made; the log then binds the
// token to this key. The joiner has checked the authority's certificate before it sent anything.

extension QueryService {
    func join(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let isDryRun = try Self.isDryRun(request)
        // Before the body is read and a signature verified: both cost more than the count.
        try await admitStranger(request)
        let body = try await request.body(atMost: QueryLimits.joinBodyBytes)
        let wanted = try RequestDocumentReading.read(JoinRequestDocument.self, from: body)
        let joiner = try JoinReading(wanted)
        try checkClock(wanted.time)
        try await checkToken(joiner)
        if isDryRun { return try await checkJoin(joiner) }
        let written = try await write(.join(joiner.command), principal: .joiner(joiner.command.token), for: request, body: body)
        guard case .server(let server) = written.result else {
            throw QueryRefusal(.internalError, cause: "The pool gave no server number.", cure: "Send the same request again.")
        }
        return try await welcome(server, joiner)
    }

    /// Signs the member's certificate and hands it everything that a member has.
    private func welcome(_ server: ServerID, _ joiner: JoinReading) async throws(QueryRefusal) -> QueryReply {
        let certificate: Certificate
        do {
            certificate = try authority.issueServerCertificate(id: server.number, for: joiner.signingRequest, names: [joiner.queryHost])
        } catch {
            throw QueryRefusal(
                .badRequest, cause: "The certificate cannot be issued: \(error.message)", cure: "Correct that, then join again.")
        }
        let authority = authority
        let read = try await lookAnonymously(.stale) { state, _ throws(QueryRefusal) in
            let pool = try state.foundedPool()
            return JoinAnswerDocument(
                pool: pool.pool.description, poolName: pool.name, serverID: server.number,
                certificate: String(decoding: certificate.pem, as: UTF8.self),
                authorityCertificate: String(decoding: authority.certificate.pem, as: UTF8.self),
                authorityKey: String(decoding: authority.key.pem, as: UTF8.self), roles: state.servers[server]?.roles.words ?? [],
                members: state.activeServers.map { MemberDocument($0) },
                warnings: state.joinWarnings(for: joiner.processor, joiner.command.server.name, server))
        }
        return .json(
            Answered(read.document, answer: read.answer),
            headers: [QueryReply.Header("Cache-Control", "no-store")] + QueryReply.headers(of: read.answer))
    }

    /// Asks the very function that a join is applied by, on a copy of the state that is thrown away.
    private func checkJoin(_ joiner: JoinReading) async throws(QueryRefusal) -> QueryReply {
        let now = clock.now().wall
        let read = try await lookAnonymously(.linearizable) { state, _ throws(QueryRefusal) in
            let pool = try state.foundedPool()
            var copy = state
            let entry = PoolEntry(command: .join(joiner.command), principal: .joiner(joiner.command.token), proposedAt: now)
            if case .refused(let refusal) = copy.apply(entry, at: state.appliedIndex.next).outcome { throw QueryRefusal(refusal) }
            return JoinCheckedDocument(
                pool: pool.pool.description, poolName: pool.name, roles: state.tokens[joiner.command.token]?.token.roles.words ?? [],
                clockDifferenceMilliseconds: joiner.time.milliseconds - now.milliseconds,
                members: state.activeServers.map { MemberDocument($0) },
                warnings: state.joinWarnings(for: joiner.processor, joiner.command.server.name, nil))
        }
        return .json(Answered(read.document, answer: read.answer), headers: QueryReply.headers(of: read.answer))
    }

    /// Nothing of someone who does not hold a token's secret may reach the log: it would cost every member a disk write.
    private func checkToken(_ joiner: JoinReading) async throws(QueryRefusal) {
        _ = try await lookAnonymously(.linearizable) { state, _ throws(QueryRefusal) in
            _ = try state.pool(for: joiner)
            guard let stored = state.tokens[joiner.command.token] else {
                throw Self.unknownToken(joiner.command.token)
            }
            guard stored.token.secret == joiner.command.secret else {
                throw QueryRefusal(
                    .tokenRefused, cause: "The join token's secret is wrong.", cure: "Copy the whole token, or create a new one.")
            }
            return true
        }
        // Only now: whoever mistypes the token is to hear that its secret is wrong.
        guard joiner.isBoundToSecret else {
            throw QueryRefusal(
                .tokenRefused, cause: "The signing request is not the one that the holder of the join token's secret made.",
                cure: "Join again from the server itself; if this repeats, somebody alters the request on its way: create a new token.")
        }
    }

    static func unknownToken(_ token: TokenID) -> QueryRefusal {
        QueryRefusal(
            .tokenRefused, cause: "The pool does not know join token \(token): it was revoked or never made.",
            cure: "Create a new one with `ovm pool token create`.")
    }

    private func checkClock(_ time: QueryTime) throws(QueryRefusal) {
        let difference = time.milliseconds - clock.now().wall.milliseconds
        guard abs(difference) > Self.clockLimit else { return }
        throw Self.wrongClock(difference)
    }

    private static let clockLimit = QueryLimits.clockDifference.wholeNanoseconds / 1_000_000

    /// - Parameter difference: by how many milliseconds the joiner's clock is ahead; negative when it is behind.
    static func wrongClock(_ difference: Int64) -> QueryRefusal {
        let direction = difference > 0 ? "ahead of" : "behind"
        return QueryRefusal(
            .clockDifference, cause: "The joiner's clock is \(abs(difference)) ms \(direction) the pool's, and may be \(clockLimit) ms.",
            cure: "Set the clock, for example with chronyd, then join again.")
    }

    private static func isDryRun(_ request: QueryRequest) throws(QueryRefusal) -> Bool {
        switch request.query["dryRun"] {
        case nil, "false": return false
        case "true": return true
        case .some(let other): throw .badValue("dryRun", other, expected: "true or false")
        }
    }
}

extension PoolState {
    fileprivate func pool(for joiner: JoinReading) throws(QueryRefusal) -> PoolSummary {
        let pool = try foundedPool()
        guard pool.pool == joiner.pool else { throw .wrongPool(joiner.pool, asked: pool.name, pool.pool) }
        return pool
    }
}

extension QueryRefusal {
    /// - Parameters:
    ///   - wanted: the pool that the token is for.
    ///   - name: of the pool that was asked, whose identifier is `pool`.
    static func wrongPool(_ wanted: UniqueIdentifier, asked name: String, _ pool: UniqueIdentifier) -> QueryRefusal {
        QueryRefusal(
            .wrongPool, cause: "The join token is for pool \(wanted), and this is pool \(name) (\(pool)).",
            cure: "Create a token in the pool that the server is to join, with `ovm pool token create`.")
    }
}
