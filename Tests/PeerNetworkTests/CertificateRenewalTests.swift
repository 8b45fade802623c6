import AgentCore
import OpenSSLTransport
import PoolModel
import Testing
import WireFormat

@testable import PeerNetwork

@Suite("a renewed certificate") struct CertificateRenewalTests {
    /// Lets new connections of an agent show another certificate for the same key.
    ///
    /// - Returns: the certificates before and after.
    private func renew(_ agent: TestAgent, of pool: LaboratoryPool) async throws -> (old: Certificate, new: Certificate) {
        let tls = await agent.network.configuration.tls
        let credential = try #require(tls.context.configuration.credential)
        let next = try pool.authority.issueServerCertificate(
            id: agent.server.number, for: SigningRequest(key: credential.key), at: CertificateTime.now.advanced(by: .seconds(60)))
        tls.replace(with: try pool.context(TLSCredential(certificate: next, key: credential.key)))
        return (credential.certificate, next)
    }

    @Test("is shown to those who connect from then on, and connections that stand carry on")
    func accepting() async throws {
        let scene = try await MemberScene.start()
        try await scene.connect(.urgent)
        try scene.send(urgent(1), on: .urgent)
        try await eventually("not received") { scene.received == 1 }

        let certificates = try await renew(scene.agent, of: scene.pool)
        try await scene.connect(.bulk)
        try scene.send(urgent(2), on: .urgent)
        try scene.send(bulk(3), on: .bulk)

        try await eventually("not received") { scene.received == 3 }
        #expect(try scene.end(.urgent).certificate == certificates.old.fingerprint)
        #expect(try scene.end(.bulk).certificate == certificates.new.fingerprint)
        #expect(try !scene.end(.urgent).isClosed)
        await scene.close()
    }

    @Test("is shown to those whom the agent connects with from then on, and connections that stand carry on")
    func connecting() async throws {
        let pool = try LaboratoryPool()
        let agent = try await TestAgent.start(1, of: pool)
        let standIn = try await StandIn.start(try pool.context(pool.server(2))) { end, frame in
            guard case .hello(let hello) = frame else { return }
            do {
                try end.send(.hello(PeerHello(pool: pool.id, server: ServerID(2), channel: hello.channel)))
            } catch {
                Issue.record(error)
            }
        }
        agent.network.setPeers([try standIn.description(as: 2)], admittingFrom: ServerID(.max))
        try await eventually("not connected: \(agent.log.text)") { agent.events.count(.connected(ServerID(2))) == 2 }

        let certificates = try await renew(agent, of: pool)
        let urgentEnd = try #require(standIn.ends.first { $0.isFor(.urgent) })
        let bulkEnd = try #require(standIn.ends.first { $0.isFor(.bulk) })
        try await urgentEnd.cut()
        try await eventually("not connected again: \(agent.log.text)") { agent.events.count(.connected(ServerID(2))) == 3 }
        agent.network.send(bulk(4), to: ServerID(2))

        try await eventually("the old connection carries nothing") { bulkEnd.frames.contains(.message(bulk(4))) }
        #expect(urgentEnd.certificate == certificates.old.fingerprint && bulkEnd.certificate == certificates.old.fingerprint)
        #expect(standIn.ends.last?.certificate == certificates.new.fingerprint)
        await agent.network.close()
        await standIn.close()
    }
}

extension FrameChannel {
    /// Whether the agent introduced itself on it for messages of this kind.
    fileprivate func isFor(_ kind: PeerChannel) -> Bool {
        frames.contains {
            guard case .hello(let hello) = $0 else { return false }
            return hello.channel == kind
        }
    }
}
