import AgentCore
import NIOCore
import PeerNetwork
import PoolModel
import Testing
import WireFormat

/// What the core is told of a peer's life and death: the hint that makes a failover fast, and no false ones.
@Suite("events of connections") struct EventTests {
    @Test("a peer that closes without GOODBYE is reported once, and as unreachable")
    func closesWithoutGoodbye() async throws {
        try await withAgents(1...2, of: LaboratoryPool()) { agents in
            let (first, second) = (agents[0], agents[1])
            second.network.send(urgent(1), to: first.server)
            try await eventually("no message") { first.events.messages(from: second.server).count == 1 }

            await second.network.close()

            try await eventually("not unreachable") { first.events.count(.unreachable(second.server)) == 2 }
            try await eventually("no hint") { first.events.count(.connectionClosed(second.server)) == 1 }
        }
    }

    @Test("a peer that says GOODBYE before it closes gives no hint of death")
    func closesWithGoodbye() async throws {
        try await withAgents(1...2, of: LaboratoryPool()) { agents in
            let (first, second) = (agents[0], agents[1])
            second.network.send(urgent(1), to: first.server)
            try await eventually("no message") { first.events.messages(from: second.server).count == 1 }

            second.network.goodbye()
            await second.network.close()

            try await eventually("not unreachable") { first.events.count(.unreachable(second.server)) == 2 }
            try await eventually("an accepted connection stands") { await first.acceptedConnections == 0 }
            #expect(first.events.count(.connectionClosed(second.server)) == 0)
        }
    }

    @Test("only the connection that carried the peer's latest message gives the hint")
    func onlyTheLatest() async throws {
        let scene = try await MemberScene.start()
        try await scene.connect(.urgent)
        try await scene.connect(.bulk)
        try scene.send(urgent(1), on: .urgent)
        try await eventually("no message") { scene.received == 1 }

        try await scene.end(.bulk).cut()
        try await eventually("the bulk connection stands") { scene.agent.log.endings.count == 1 }
        #expect(scene.hints == 0)

        try await scene.end(.urgent).cut()
        try await eventually("no hint") { scene.hints == 1 }
        await scene.close()
    }

    @Test("a connection that a newer one replaced gives no hint")
    func replaced() async throws {
        let scene = try await MemberScene.start()
        try await scene.connect(.urgent)
        try scene.send(urgent(1), on: .urgent)
        try await eventually("no message") { scene.received == 1 }
        let former = try scene.end(.urgent)

        try await scene.connect(.urgent)

        try await eventually("the former connection stands") { former.isClosed && scene.agent.log.endings.count == 1 }
        try scene.send(urgent(2), on: .urgent)
        try await eventually("the newer connection is not heard") { scene.received == 2 }
        #expect(scene.hints == 0)
        await scene.close()
    }

    @Test("a connection that was ended for its bad manners gives no hint: who misbehaves lives")
    func refused() async throws {
        let scene = try await MemberScene.start()
        try await scene.connect(.urgent)
        try scene.send(urgent(1), on: .urgent)
        try await eventually("no message") { scene.received == 1 }

        try scene.end(.urgent).send(length: 3, [0xFF, 0xFF, 0xFF])

        try await eventually("the connection stands") { scene.agent.log.endings.count == 1 }
        #expect(scene.hints == 0)
        await scene.close()
    }

    @Test("a message that no connection could take is reported with the next attempt that fails")
    func neverConnected() async throws {
        let pool = try LaboratoryPool()
        let port = try HeldPort()
        let agent = try await TestAgent.start(1, of: pool)
        agent.network.setPeers([try peer(2, at: "127.0.0.1:\(port.number)")], admittingFrom: ServerID(.max))

        agent.network.send(urgent(1), to: ServerID(2))

        try await eventually("not unreachable") { agent.events.count(.unreachable(ServerID(2))) == 1 }
        #expect(agent.log.lines.count <= 2, "a lasting cause is logged once for each channel: \(agent.log.text)")
        await agent.network.close()
        withExtendedLifetime(port) {}
    }
}
