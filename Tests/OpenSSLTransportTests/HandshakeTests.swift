import NIOCore
import OpenSSLTransport
import Testing

@Suite("a handshake between two agents")
struct HandshakeTests {
    @Test("both ends learn the identity of the other, over TLS 1.3")
    func bothIdentitiesAreSeen() async throws {
        let pool = try LaboratoryPool()
        let first = try pool.server(1)
        let second = try pool.server(2)

        let link = try await Loopback.open(accepting: pool.peer(first), connecting: pool.peer(second))
        try await eventually("both handshakes end") {
            link.acceptingSeen.seen.handshake != nil && link.connectingSeen.seen.handshake != nil
        }
        await link.close()

        let atFirst = try #require(link.acceptingSeen.seen.handshake)
        let atSecond = try #require(link.connectingSeen.seen.handshake)
        #expect(atFirst.peer?.identity == .server(pool: pool.id, id: 2))
        #expect(atFirst.peer?.publicKeyFingerprint == second.key.publicKeyFingerprint)
        #expect(atFirst.peer?.certificateFingerprint == second.certificate.fingerprint)
        #expect(atSecond.peer?.identity == .server(pool: pool.id, id: 1))
        #expect(atFirst.version == "TLSv1.3" && atSecond.version == "TLSv1.3")
        #expect(link.acceptingSeen.seen.errors.isEmpty && link.connectingSeen.seen.errors.isEmpty)
    }

    /// Tries a handshake over real sockets, and returns what each end ended with.
    private func refuse(
        accepting: TLSContext, connecting: TLSContext, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> (accepting: [TLSError], connecting: [TLSError]) {
        let link = try await Loopback.open(accepting: accepting, connecting: connecting)
        try await eventually("both ends close", sourceLocation: sourceLocation) {
            link.acceptingSeen.seen.isInactive && link.connectingSeen.seen.isInactive
        }
        await link.close()
        #expect(link.acceptingSeen.seen.handshake == nil, sourceLocation: sourceLocation)
        #expect(link.acceptingSeen.seen.errors.count == 1, sourceLocation: sourceLocation)
        #expect(link.connectingSeen.seen.errors.count == 1, sourceLocation: sourceLocation)
        return (link.acceptingSeen.seen.tlsErrors, link.connectingSeen.seen.tlsErrors)
    }

    @Test("a peer without a certificate is refused, and told so")
    func refusesNoCertificate() async throws {
        let pool = try LaboratoryPool()

        let ends = try await refuse(accepting: pool.peer(pool.server(1)), connecting: pool.queryClient(nil))

        #expect(ends.accepting == [.certificateRefused(.notPresented)])
        #expect(ends.connecting == [.alertReceived(TLSAlert(number: 116))])
        #expect(ends.connecting.first?.message.contains("refused our certificate") == true)
    }

    @Test("a certificate of the same name from another authority is refused")
    func refusesAnotherAuthority() async throws {
        let pool = try LaboratoryPool()
        let forger = try LaboratoryPool()
        let forged = try TLSContext(.peer(pool: pool.id, authority: pool.authority.certificate, credential: forger.server(2)))

        let ends = try await refuse(accepting: pool.peer(pool.server(1)), connecting: forged)

        guard case .certificateRefused(.notVerified) = ends.accepting.first else {
            Issue.record("accepted: \(ends.accepting)")
            return
        }
        #expect(ends.connecting == [.alertReceived(TLSAlert(number: 48))] || ends.connecting == [.alertReceived(TLSAlert(number: 51))])
    }

    @Test("a server with a certificate from another authority is refused before anything is sent to it")
    func refusesAnotherAuthorityWhenConnecting() async throws {
        let pool = try LaboratoryPool()
        let forger = try LaboratoryPool()
        let forged = try TLSContext(.peer(pool: pool.id, authority: pool.authority.certificate, credential: forger.server(1)))

        let ends = try await refuse(accepting: forged, connecting: pool.peer(pool.server(2)))

        guard case .certificateRefused(.notVerified) = ends.connecting.first else {
            Issue.record("accepted: \(ends.connecting)")
            return
        }
    }

    @Test("an expired certificate is refused, on either end")
    func refusesExpired() async throws {
        let pool = try LaboratoryPool()
        let expired = try pool.peer(pool.server(2, issuedIn: .seconds(-7200), validity: .seconds(3600)))
        let sound = try pool.peer(pool.server(1))

        let asConnecting = try await refuse(accepting: sound, connecting: expired)
        let asAccepting = try await refuse(accepting: expired, connecting: sound)

        for error in [asConnecting.accepting.first, asAccepting.connecting.first] {
            guard case .certificateRefused(let refusal) = error else {
                Issue.record("not refused: \(String(describing: error))")
                continue
            }
            #expect(refusal.isExpired)
            #expect(refusal.message.hasPrefix("The certificate has expired."))
        }
        #expect(asConnecting.connecting == [.alertReceived(TLSAlert(number: 45))])
    }

    @Test("a certificate that is not valid yet is refused")
    func refusesNotYetValid() async throws {
        let pool = try LaboratoryPool()
        let early = try pool.peer(pool.server(2, issuedIn: .seconds(7200)))

        let ends = try await refuse(accepting: pool.peer(pool.server(1)), connecting: early)

        guard case .certificateRefused(let refusal) = ends.accepting.first else {
            Issue.record("accepted: \(ends.accepting)")
            return
        }
        #expect(refusal.isNotYetValid)
    }

    @Test("a certificate issued by a clock 30 s ahead is accepted")
    func acceptsClocksApart() async throws {
        let pool = try LaboratoryPool()
        let ahead = try pool.peer(pool.server(2, issuedIn: .seconds(30)))

        let link = try await Loopback.open(accepting: pool.peer(pool.server(1)), connecting: ahead)
        try await eventually("the handshake ends") { link.acceptingSeen.seen.handshake != nil }
        await link.close()

        #expect(link.acceptingSeen.seen.handshake?.peer?.identity.serverID == 2)
    }

    @Test("an operator is no peer")
    func refusesWrongRole() async throws {
        let pool = try LaboratoryPool()

        let ends = try await refuse(accepting: pool.peer(pool.server(1)), connecting: pool.peer(pool.operator("alice")))

        #expect(ends.accepting == [.certificateRefused(.wrongRole(.operator(pool: pool.id, name: "alice")))])
    }

    @Test("an identity of another pool is refused even under the same authority")
    func refusesForeignPool() async throws {
        let pool = try LaboratoryPool()
        let misused = try pool.issuing(for: LaboratoryPool.secondPool)
        let foreign = try TLSContext(.peer(pool: pool.id, authority: pool.authority.certificate, credential: misused.server(2)))

        let ends = try await refuse(accepting: pool.peer(pool.server(1)), connecting: foreign)

        #expect(ends.accepting == [.certificateRefused(.foreignPool(.server(pool: LaboratoryPool.secondPool, id: 2)))])
    }

    @Test("the authority's own certificate is no peer")
    func refusesAuthorityAsPeer() async throws {
        let pool = try LaboratoryPool()
        let own = try TLSCredential(certificate: pool.authority.certificate, key: pool.authority.key)

        let ends = try await refuse(accepting: pool.peer(pool.server(1)), connecting: pool.peer(own))

        guard case .certificateRefused(.notVerified) = ends.accepting.first else {
            Issue.record("accepted: \(ends.accepting)")
            return
        }
    }
}
