import NIOCore
import NIOEmbedded
import OpenSSLTransport
import Testing

@Suite("the query port")
struct QueryPortTests {
    @Test("a client without a certificate is welcome and has no identity")
    func acceptsNoCertificate() throws {
        let pool = try LaboratoryPool()
        let pair = try EmbeddedPair(accepting: pool.queryServer(pool.server(1)), connecting: pool.queryClient(nil))

        try pair.exchange()

        let handshake = try #require(pair.acceptingSeen.seen.handshake)
        #expect(handshake.peer == nil)
        #expect(pair.connectingSeen.seen.handshake?.peer?.identity == .server(pool: pool.id, id: 1))
    }

    @Test("a client with the pool's certificate is recognised")
    func acceptsOperator() throws {
        let pool = try LaboratoryPool()
        let pair = try EmbeddedPair(accepting: pool.queryServer(pool.server(1)), connecting: pool.queryClient(pool.operator("alice")))

        try pair.exchange()

        #expect(pair.acceptingSeen.seen.handshake?.peer?.identity == .operator(pool: pool.id, name: "alice"))
    }

    @Test("a client with a foreign certificate is refused, not treated as having none")
    func refusesForeign() throws {
        let pool = try LaboratoryPool()
        let foreign = try LaboratoryPool(LaboratoryPool.secondPool)
        let client = try TLSContext(
            .queryClient(pool: pool.id, authority: pool.authority.certificate, credential: foreign.operator("mallory")))
        let pair = try EmbeddedPair(accepting: pool.queryServer(pool.server(1)), connecting: client)

        try pair.exchange()

        guard case .certificateRefused(.notVerified) = pair.acceptingSeen.seen.tlsErrors.first else {
            Issue.record("accepted: \(pair.acceptingSeen.seen)")
            return
        }
        #expect(pair.acceptingSeen.seen.handshake == nil)
    }

    @Test("a client refuses a server that is an operator")
    func refusesOperatorAsServer() throws {
        let pool = try LaboratoryPool()
        let pair = try EmbeddedPair(accepting: pool.queryServer(pool.operator("alice")), connecting: pool.queryClient(nil))

        try pair.exchange()

        guard case .certificateRefused = pair.connectingSeen.seen.tlsErrors.first else {
            Issue.record("accepted: \(pair.connectingSeen.seen)")
            return
        }
    }

    @Test("a joiner that knows the digest of the authority's key is content")
    func acceptsRightPin() throws {
        let pool = try LaboratoryPool()
        let joiner = try TLSContext(.joiningClient(pool: pool.id, authorityKey: pool.authority.key.publicKeyFingerprint))
        let pair = try EmbeddedPair(accepting: pool.queryServer(pool.server(1)), connecting: joiner)

        try pair.exchange()

        #expect(pair.connectingSeen.seen.handshake?.peer?.identity == .server(pool: pool.id, id: 1))
        #expect(pair.acceptingSeen.seen.handshake != nil)
    }

    @Test("a joiner with another digest refuses, and what it wanted to send never leaves")
    func refusesWrongPin() throws {
        let pool = try LaboratoryPool()
        let other = try LaboratoryPool()
        let pin = other.authority.key.publicKeyFingerprint
        let joiner = try TLSContext(.joiningClient(pool: pool.id, authorityKey: pin))
        let pair = try EmbeddedPair(accepting: pool.queryServer(pool.server(1)), connecting: joiner)
        let secret = pair.connecting.eventLoop.makePromise(of: Void.self)

        pair.connecting.writeAndFlush(ByteBuffer(string: "secret"), promise: secret)
        try pair.exchange()

        #expect(pair.connectingSeen.seen.tlsErrors == [.certificateRefused(.authorityNotPresented(pinned: pin))])
        #expect(throws: TLSError.self) { try secret.futureResult.wait() }
        #expect(pair.acceptingSeen.seen.received.isEmpty && pair.acceptingSeen.seen.handshake == nil)
    }

    @Test("to present the pinned authority without a certificate issued by it does not help")
    func refusesPresentedButUnrelatedAuthority() throws {
        let pool = try LaboratoryPool()
        let forger = try LaboratoryPool()
        // The forger sends the true authority's public certificate along with its own server's.
        let forged = try TLSContext(.queryServer(pool: pool.id, authority: pool.authority.certificate, credential: forger.server(1)))
        let joiner = try TLSContext(.joiningClient(pool: pool.id, authorityKey: pool.authority.key.publicKeyFingerprint))
        let pair = try EmbeddedPair(accepting: forged, connecting: joiner)

        try pair.exchange()

        guard case .certificateRefused(.notVerified) = pair.connectingSeen.seen.tlsErrors.first else {
            Issue.record("accepted: \(pair.connectingSeen.seen)")
            return
        }
    }

    @Test("the pin names an authority: a server's own key does not count as one")
    func refusesPinOnServerKey() throws {
        let pool = try LaboratoryPool()
        let credential = try pool.server(1)
        let joiner = try TLSContext(.joiningClient(pool: pool.id, authorityKey: credential.key.publicKeyFingerprint))
        let pair = try EmbeddedPair(accepting: pool.queryServer(credential), connecting: joiner)

        try pair.exchange()

        #expect(
            pair.connectingSeen.seen.tlsErrors == [.certificateRefused(.authorityNotPresented(pinned: credential.key.publicKeyFingerprint))]
        )
    }

    @Test("a renewed context serves new connections, and the old one those that stand")
    func exchangesContexts() throws {
        let pool = try LaboratoryPool()
        let current = CurrentTLSContext(try pool.queryServer(pool.server(1)))
        let client = try pool.queryClient(nil)
        let old = try EmbeddedPair(accepting: current.context, connecting: client)
        try old.exchange()

        current.replace(with: try pool.queryServer(pool.server(7)))
        let new = try EmbeddedPair(accepting: current.context, connecting: client)
        try new.exchange()
        old.accepting.writeAndFlush(ByteBuffer(string: "still here"), promise: nil)
        try old.exchange()

        #expect(new.connectingSeen.seen.handshake?.peer?.identity.serverID == 7)
        #expect(old.connectingSeen.seen.handshake?.peer?.identity.serverID == 1)
        #expect(old.connectingSeen.seen.received == Array("still here".utf8))
    }
}
