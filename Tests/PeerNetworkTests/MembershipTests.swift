import AgentCore
import OpenSSLTransport
import PeerNetwork
import PoolModel
import Testing
import WireFormat

/// Who is let in: a current member with a certificate of this pool, that says who it is, and nobody else.
@Suite("membership") struct MembershipTests {
    @Test("a server that is not a member is refused, whatever its certificate says")
    func notAMember() async throws {
        let pool = try LaboratoryPool()
        try await withAgents(1...2, of: pool) { agents in
            let removed = try await TestAgent.start(3, of: pool)

            try removed.knows([agents[0]])

            try await eventually("nothing was refused") { !agents[0].log.endings.isEmpty }
            #expect(agents[0].log.endings.allSatisfy { $0.contains("server 3 is not a current member of the pool") })
            #expect(removed.events.events.allSatisfy { $0 == .unreachable(ServerID(1)) })
            await removed.network.close()
            try await agents[1].reaches(agents[0])
        }
    }

    @Test("a server whose number is not given yet is let in and heard, though nobody connects with it, until it is said to be given")
    func numberNotGivenYet() async throws {
        let pool = try LaboratoryPool()
        try await withAgents(1...2, of: pool) { agents in
            let newcomer = try await TestAgent.start(5, of: pool)
            try agents[0].knows(agents, admittingFrom: 5)

            try newcomer.knows([agents[0]])

            try await newcomer.connects(to: agents[0])
            try await newcomer.reaches(agents[0])
            #expect(agents[0].events.count(.connected(newcomer.server)) == 0)
            try agents[0].knows(agents, admittingFrom: 6)
            try await eventually("not cut off") { newcomer.events.count(.unreachable(agents[0].server)) >= 2 }
            try await eventually("not refused") {
                agents[0].log.endings.contains { $0.contains("server 5 is not a current member of the pool") }
            }
            try await agents[1].reaches(agents[0])
            await newcomer.network.close()
        }
    }

    @Test("a member that is removed is cut off at once, and gives no hint of death")
    func removed() async throws {
        try await withAgents(1...3, of: LaboratoryPool()) { agents in
            agents[2].network.send(urgent(1), to: agents[0].server)
            try await eventually("no message") { agents[0].events.messages(from: agents[2].server).count == 1 }

            try agents[0].knows([agents[1]])

            try await eventually("not cut off") { agents[2].events.count(.unreachable(agents[0].server)) >= 2 }
            for number in 2...50 as ClosedRange<UInt64> { agents[2].network.send(urgent(number), to: agents[0].server) }
            try await agents[1].reaches(agents[0])
            #expect(agents[0].events.messages(from: agents[2].server).count == 1)
            #expect(agents[0].events.count(.connectionClosed(agents[2].server)) == 0)
            #expect(agents[2].events.count(.connected(agents[0].server)) == 2)
        }
    }

    @Test("a member that was removed and is added again is let in again")
    func addedAgain() async throws {
        try await withAgents(1...2, of: LaboratoryPool()) { agents in
            try agents[0].knows([])
            try await eventually("not cut off") { agents[1].events.count(.unreachable(agents[0].server)) >= 2 }

            try agents[0].knows(agents)

            try await eventually("not let in") { agents[1].events.count(.connected(agents[0].server)) == 4 }
            try await agents[1].reaches(agents[0])
        }
    }

    /// Certificates that prove nothing here.
    enum WrongCredential: CaseIterable {
        case anotherPool, anotherAuthority, anotherPoolOfThisAuthority, operatorOfThisPool

        func context(for pool: LaboratoryPool) throws -> TLSContext {
            switch self {
            case .anotherPool:
                let other = try LaboratoryPool(LaboratoryPool.second)
                return try other.context(other.server(2))
            case .anotherAuthority:
                let other = try LaboratoryPool()
                return try TLSContext(
                    .peer(pool: pool.id.description, authority: pool.authority.certificate, credential: other.server(2)))
            case .anotherPoolOfThisAuthority:
                return try pool.context(pool.issuing(for: LaboratoryPool.second).server(2))
            case .operatorOfThisPool: return try pool.context(pool.operator("alice"))
            }
        }
    }

    @Test("a certificate that proves nothing here is refused, with one line", arguments: WrongCredential.allCases)
    func wrongCredential(_ wrong: WrongCredential) async throws {
        let scene = try await MemberScene.start()
        let stranger = try await FrameChannel.connect(to: scene.agent, wrong.context(for: scene.pool))
        try stranger.send(.hello(PeerHello(pool: scene.pool.id, server: ServerID(2), channel: .urgent)))

        try await eventually("not refused") { stranger.isClosed && scene.agent.log.endings.count == 1 }
        #expect(stranger.frames == [])
        try await scene.provesAgentServes()
        #expect(scene.agent.log.endings.count == 1, "\(scene.agent.log.text)")
        await scene.close()
    }

    /// First frames that are not the introduction of server 2.
    enum WrongStart: CaseIterable {
        case anotherServer, anotherPool, message, goodbye

        func frame(in pool: PoolID) -> PeerFrame {
            switch self {
            case .anotherServer: .hello(PeerHello(pool: pool, server: ServerID(3), channel: .urgent))
            case .anotherPool: .hello(PeerHello(pool: LaboratoryPool.second, server: ServerID(2), channel: .urgent))
            case .message: .message(urgent(1))
            case .goodbye: .goodbye
            }
        }
    }

    @Test("who does not begin with a HELLO that agrees with its certificate is refused", arguments: WrongStart.allCases)
    func wrongStart(_ wrong: WrongStart) async throws {
        let scene = try await MemberScene.start()
        let end = try await scene.approach()

        try end.send(wrong.frame(in: scene.pool.id))

        try await eventually("not refused") { end.isClosed && scene.agent.log.endings.count == 1 }
        #expect(scene.agent.log.endings[0].contains("its introduction contradicts its certificate, or did not come first"))
        #expect(end.frames == [] && scene.agent.events.events == [])
        try await scene.provesAgentServes()
        await scene.close()
    }

    @Test("a peer that speaks an older version of frames than this agent is refused, with the versions and the cure")
    func oldVersion() async throws {
        let scene = try await MemberScene.start()
        let end = try await scene.approach()

        try end.send(.hello(PeerHello(pool: scene.pool.id, server: ServerID(2), channel: .urgent, wireVersion: 0)))

        try await eventually("not refused") { end.isClosed && scene.agent.log.endings.count == 1 }
        #expect(scene.agent.log.endings[0].contains("version 0") && scene.agent.log.endings[0].contains("update the agent"))
        try await scene.provesAgentServes()
        await scene.close()
    }

    @Test("a second HELLO is refused")
    func secondHello() async throws {
        let scene = try await MemberScene.start()
        try await scene.connect(.urgent)

        try scene.end(.urgent).send(.hello(PeerHello(pool: scene.pool.id, server: ServerID(2), channel: .bulk)))

        try await eventually("not refused") { scene.agent.log.endings.count == 1 }
        try await scene.provesAgentServes()
        await scene.close()
    }
}
