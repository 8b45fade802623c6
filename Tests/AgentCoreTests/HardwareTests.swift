import AgentCore
import PoolModel
import PoolStateMachine
import RaftCore
import Testing

@Suite("An agent on other hardware than its server's does nothing")
struct HardwareTests {
    /// A server that said HELLO from hardware 5, with what its disk then holds.
    private static func bound() throws -> AgentScene {
        var scene = try AgentScene(disk: try AgentScene().disk, run: 2, hardware: 5)
        scene.answerListings()
        scene.elapse(.seconds(2))
        try #require(scene.core.state.servers[ServerID(1)]?.hardware == UniqueIdentifier(high: 4, low: 5))
        return scene
    }

    @Test("on a copied disk the agent halts before it connects, votes or campaigns, with cause and cure", arguments: [nil, 6] as [UInt64?])
    func haltsOnCopiedDisk(hardware: UInt64?) throws {
        let disk = try Self.bound().disk

        var copy = try AgentScene(disk: disk, run: 3, hardware: hardware)
        let began = copy.effects.count
        copy.step(.peerConnected(ServerID(1)))
        copy.elapse(.seconds(5))

        #expect(copy.core.isHalted)
        #expect(copy.effects.count == 1 && began == 1)
        #expect(copy.halts.first?.contains("its disk was copied or moved") == true)
        #expect(copy.halts.first?.contains("join it anew") == true)
        #expect(copy.disk.hardState == disk.hardState && copy.disk.entries == disk.entries)
    }

    @Test("the server's own next run goes on, after a boot too")
    func goesOnOnItsOwn() throws {
        var next = try AgentScene(disk: try Self.bound().disk, run: 3, boot: UniqueIdentifier(high: 3, low: 4), hardware: 5)
        next.answerListings()
        next.elapse(.seconds(2))

        #expect(next.halts.isEmpty)
        #expect(next.core.state.servers[ServerID(1)]?.run == UniqueIdentifier(high: 9, low: 3))
    }

    @Test("an agent that learns only from the log that its server is bound to other hardware halts then")
    func haltsWhenTheLogSaysSo() throws {
        var scene = try ReconciliationTests.serving()
        let hello = ServerHello(
            server: ServerID(1), session: SessionNumber(2), boot: AgentScene.boot, run: UniqueIdentifier(high: 9, low: 7),
            storage: AgentScene.storage, hardware: UniqueIdentifier(high: 4, low: 5), formatVersion: 1, agentVersion: "test",
            facts: AgentScene.facts)

        scene.step(.submit(ClientRequestID(99), .hello(hello), principal: .server(ServerID(1)), reason: "", idempotency: nil))
        scene.elapse(.seconds(2))

        #expect(scene.halts.count == 1)
        #expect(scene.halts.first?.contains("its disk was copied or moved") == true)
    }
}
