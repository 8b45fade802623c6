import AgentCore
import PeerNetwork
import PoolModel
import Testing
import WireFormat

/// What an agent makes of the ends that it connects to.
@Suite("answering ends") struct AnsweringEndTests {
    @Test("another server at a peer's address is not spoken to")
    func anotherServer() async throws {
        let pool = try LaboratoryPool()
        let third = try await StandIn.start(pool.context(pool.server(3))) { _, _ in }
        let agent = try await TestAgent.start(1, of: pool)

        agent.network.setPeers([try third.description(as: 2), try unreachablePeer(3)], admittingFrom: ServerID(.max))

        try await eventually("nothing logged") {
            agent.log.text.contains("no connection to server 2: it is server 3, and server 2 was expected there")
        }
        #expect(third.ends.allSatisfy { $0.frames == [] })
        #expect(agent.events.events == [])
        await agent.network.close()
        await third.close()
    }

    /// Answers that are not the introduction of server 2 on the channel that was asked for.
    enum WrongAnswer: CaseIterable {
        case anotherServer, anotherPool, anotherChannel, message, goodbye

        func frame(to hello: PeerHello) -> PeerFrame {
            switch self {
            case .anotherServer: .hello(PeerHello(pool: hello.pool, server: ServerID(3), channel: hello.channel))
            case .anotherPool: .hello(PeerHello(pool: LaboratoryPool.second, server: ServerID(2), channel: hello.channel))
            case .anotherChannel:
                .hello(PeerHello(pool: hello.pool, server: ServerID(2), channel: hello.channel == .urgent ? .bulk : .urgent))
            case .message: .message(urgent(1))
            case .goodbye: .goodbye
            }
        }
    }

    @Test("an answer that contradicts the certificate ends the attempt", arguments: WrongAnswer.allCases)
    func wrongAnswer(_ wrong: WrongAnswer) async throws {
        let pool = try LaboratoryPool()
        let second = try await StandIn.start(pool.context(pool.server(2))) { end, frame in
            guard case .hello(let hello) = frame else { return }
            try? end.send(wrong.frame(to: hello))
        }
        let agent = try await TestAgent.start(1, of: pool)

        agent.network.setPeers([try second.description(as: 2)], admittingFrom: ServerID(.max))

        // Four attempts on two channels show that it goes on trying, and logs a lasting cause once for each.
        try await eventually("no further attempts") { second.ends.count >= 4 && second.ends.prefix(2).allSatisfy(\.isClosed) }
        #expect(agent.events.events == [])
        #expect(agent.log.lines.count <= 2 && agent.log.text.contains("its introduction contradicts its certificate"))
        await agent.network.close()
        await second.close()
    }

    @Test("an end that never answers is given up in time, and tried again")
    func silentAnswer() async throws {
        let pool = try LaboratoryPool()
        let second = try await StandIn.start(pool.context(pool.server(2))) { _, _ in }
        var limits = PeerLimits.patient
        limits.introduction = .milliseconds(200)
        let agent = try await TestAgent.start(1, of: pool, limits: limits)

        agent.network.setPeers([try second.description(as: 2)], admittingFrom: ServerID(.max))

        try await eventually("no further attempts: \(agent.log.text)") {
            second.ends.count >= 4 && agent.log.text.contains("it did not introduce itself in time")
        }
        #expect(agent.events.events == [])
        await agent.network.close()
        await second.close()
    }

    @Test("what an answering end sends after its introduction is refused: it speaks on the connections that it opens")
    func answersMore() async throws {
        let pool = try LaboratoryPool()
        let second = try await StandIn.start(pool.context(pool.server(2))) { end, frame in
            guard case .hello(let hello) = frame else { return }
            try? end.send(.hello(PeerHello(pool: hello.pool, server: ServerID(2), channel: hello.channel)))
            try? end.send(.message(urgent(1)))
        }
        let agent = try await TestAgent.start(1, of: pool)

        agent.network.setPeers([try second.description(as: 2)], admittingFrom: ServerID(.max))

        try await eventually("not refused") { agent.events.count(.unreachable(ServerID(2))) >= 2 }
        #expect(agent.events.messages(from: ServerID(2)) == [])
        await agent.network.close()
        await second.close()
    }
}
