import NIOCore
import Testing

@testable import OpenSSLTransport

@Suite("an older TLS")
struct OldVersionTests {
    @Test("TLS 1.2 is refused between agents")
    func peerRefusesTLS12() throws {
        let pool = try LaboratoryPool()
        var old = TLSConfiguration.peer(pool: pool.id, authority: pool.authority.certificate, credential: try pool.server(2))
        old.allowsTLS13 = false
        let pair = try EmbeddedPair(accepting: pool.peer(pool.server(1)), connecting: TLSContext(old))

        try pair.exchange()

        guard case .handshakeFailed = pair.acceptingSeen.seen.tlsErrors.first else {
            Issue.record("accepted: \(pair.acceptingSeen.seen)")
            return
        }
        #expect(pair.connectingSeen.seen.tlsErrors == [.alertReceived(TLSAlert(number: 70))])
    }

    @Test("TLS 1.2 is accepted on the query port, with the identity of the client")
    func queryServerAcceptsTLS12() throws {
        let pool = try LaboratoryPool()
        var old = TLSConfiguration.queryClient(pool: pool.id, authority: pool.authority.certificate, credential: try pool.operator("alice"))
        old.allowsTLS13 = false
        let pair = try EmbeddedPair(accepting: pool.queryServer(pool.server(1)), connecting: TLSContext(old))

        try pair.exchange()

        #expect(pair.acceptingSeen.seen.handshake?.version == "TLSv1.2")
        #expect(pair.acceptingSeen.seen.handshake?.peer?.identity == .operator(pool: pool.id, name: "alice"))
        #expect(pair.connectingSeen.seen.handshake?.peer?.identity == .server(pool: pool.id, id: 1))
    }
}
