import AgentCore
import PeerNetwork
import PoolModel
import Testing
import WireFormat

@Suite("closing") struct ClosingTests {
    @Test("closing ends everything, once and again, and nothing comes back to life")
    func closes() async throws {
        try await withAgents(1...2, of: LaboratoryPool()) { agents in
            let first = agents[0]
            async let one: Void = first.network.close()
            async let other: Void = first.network.close()
            _ = await (one, other)
            await first.network.close()
            let events = first.events.events

            #expect(await first.connectionCount == 0)
            try first.knows(agents)
            first.network.send(urgent(1), to: ServerID(2))
            first.network.goodbye()
            try await eventually("the other end did not notice") { agents[1].events.count(.unreachable(ServerID(1))) == 2 }
            try await eventually("the other end does not try") { agents[1].log.text.contains("onnection refused") }
            #expect(await first.connectionCount == 0)
            #expect(first.events.events == events)
            #expect(first.log.endings == [])
        }
    }

    @Test("what was sent before closing arrives, GOODBYE last")
    func sentBeforeClosing() async throws {
        try await withAgents(1...2, of: LaboratoryPool()) { agents in
            for number in 0..<200 as Range<UInt64> {
                agents[0].network.send(urgent(number), to: ServerID(2))
                agents[0].network.send(bulk(number), to: ServerID(2))
            }
            agents[0].network.goodbye()
            await agents[0].network.close()

            try await eventually("messages are missing") { agents[1].events.messages(from: ServerID(1)).count == 400 }
            try await eventually("a connection stands") { await agents[1].acceptedConnections == 0 }
            #expect(agents[1].events.count(.connectionClosed(ServerID(1))) == 0)
        }
    }

    @Test("bulk that waits for the end of a turn of the loop arrives too")
    func bulkBeforeClosing() async throws {
        try await withAgents(1...2, of: LaboratoryPool()) { agents in
            for number in 0..<200 as Range<UInt64> { agents[0].network.send(bulk(number), to: ServerID(2)) }
            await agents[0].network.close()

            try await eventually("messages are missing") { agents[1].events.messages(from: ServerID(1)).count == 200 }
        }
    }

    @Test("a network that never listened, or is still connecting, closes too")
    func closesEarly() async throws {
        let pool = try LaboratoryPool()
        let silent = try await StandIn.start(pool.context(pool.server(2))) { _, _ in }
        let agent = try await TestAgent.start(1, of: pool)
        agent.network.setPeers([try silent.description(as: 2)], admittingFrom: ServerID(.max))

        await agent.network.close()

        #expect(await agent.connectionCount == 0)
        #expect(agent.events.events == [])
        await silent.close()
    }

    @Test("the port can be listened on again at once")
    func portIsFree() async throws {
        let pool = try LaboratoryPool()
        let port = try HeldPort()
        let first = try await TestAgent.start(1, of: pool, port: port.number)
        await first.network.close()

        let second = try await TestAgent.start(1, of: pool, port: port.number)

        #expect(second.port == port.number)
        await second.network.close()
        withExtendedLifetime(port) {}
    }

    @Test("a port that is taken is the system's error")
    func portIsTaken() async throws {
        let pool = try LaboratoryPool()
        let first = try await TestAgent.start(1, of: pool)

        await #expect(throws: (any Error).self) { try await TestAgent.start(2, of: pool, port: first.port) }
        await first.network.close()
    }
}
