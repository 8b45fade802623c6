import AgentCore
import PoolModel
import PoolStateMachine
import RaftCore
import Testing

@Suite("An agent bounds what it proposes")
struct BoundTests {
    private func warnings(_ scene: AgentScene) -> [String] {
        scene.effects.compactMap { if case .notice(.warning, let sentence) = $0 { sentence } else { nil } }
    }

    private static func definition(bytes: Int) throws -> MachineDefinition {
        MachineDefinition(
            name: try #require(VirtualMachineName("big")), uuid: UniqueIdentifier(high: 6, low: 6),
            configuration: String(repeating: "#", count: bytes),
            requirements: MachineRequirements(domainType: .pv, memory: Mebibytes(512), virtualCPUs: 1), preferredServers: [])
    }

    @Test("a client's command that no frame could carry to the other servers is refused before it is proposed")
    func refusesLargeCommand() throws {
        var scene = try ReconciliationTests.serving()
        let before = scene.disk.entries.count

        let outcome = try scene.submit(.createMachine(try Self.definition(bytes: PoolLimits.entryBytes)))

        guard case .refused(let refusal) = outcome else { return #expect(Bool(false), "\(outcome)") }
        #expect(refusal.type == .invalidValue)
        #expect(refusal.message.contains("\(PoolLimits.entryBytes) is the most"))
        #expect(scene.disk.entries.count == before)
    }

    /// A master that knows server 2, from hearsay.
    private static func servingWithPeer() throws -> AgentScene {
        var scene = try ReconciliationTests.serving()
        let peer = PeerDescription(server: ServerID(2), name: try #require(ServerName("bravo")), address: "127.0.0.1:3")
        scene.step(.received(.members([peer], index: LogIndex(1_000)), from: ServerID(2)))
        return scene
    }

    @Test("a member's command that is too large is not proposed either")
    func refusesLargeForward() throws {
        var scene = try Self.servingWithPeer()
        let before = scene.disk.entries.count
        let request = RequestIdentity(member: ServerID(2), session: SessionNumber(1), sequence: 1, firstOutstanding: 1)
        let entry = PoolEntry(
            command: .createMachine(try Self.definition(bytes: PoolLimits.entryBytes)), principal: AgentScene.admin,
            proposedAt: PoolTime(milliseconds: 1_000), request: request)

        scene.step(.received(.forward(entry), from: ServerID(2)))

        #expect(scene.disk.entries.count == before)
        #expect(warnings(scene).contains { $0.contains("too large") })
    }

    @Test("facts that are too large are not proposed, and that is said once")
    func refusesLargeFacts() throws {
        var scene = try ReconciliationTests.serving()
        let before = scene.disk.entries.count
        let bridges = (0..<1_024).map { number in
            NetworkBridge(name: "br\(number)", cards: (0..<256).map { "eth\($0)" })
        }
        let facts = ServerFacts(
            totalMemory: Mebibytes(1), reservedMemory: Mebibytes(0), processors: 1, cards: [], bridges: bridges, storageRoots: [],
            domainTypes: [], hypervisor: "")

        scene.step(.factsRead(facts))
        scene.elapse(.seconds(3))

        #expect(scene.disk.entries.count == before)
        let said = scene.effects.filter { if case .notice(.error, let text) = $0 { text.contains("the most") } else { false } }
        #expect(said.count == 1)
    }

    @Test("a forwarded entry that is over 30 s ahead bears the master's time, and one within 30 s its own")
    func clampsForwardedTime() throws {
        var scene = try Self.servingWithPeer()
        func forward(_ milliseconds: Int64) {
            let word = PoolCommand.released(server: ServerID(2), session: SessionNumber(1))
            scene.step(
                .received(
                    .forward(PoolEntry(command: word, principal: .server(ServerID(2)), proposedAt: PoolTime(milliseconds: milliseconds))),
                    from: ServerID(2)))
        }
        func newest() -> PoolTime? {
            guard case .command(let entry)? = scene.disk.entries.last?.content else { return nil }
            return entry.proposedAt
        }

        forward(31_001)
        let tooFar = newest()
        let afterTooFar = scene.core.state.poolTime
        forward(40_000_000)
        forward(31_000)

        #expect(tooFar == PoolTime(milliseconds: 1_000))
        #expect(afterTooFar == PoolTime(milliseconds: 1_000))
        #expect(newest() == PoolTime(milliseconds: 31_000))
        #expect(scene.core.state.poolTime == PoolTime(milliseconds: 31_000))
        #expect(warnings(scene).count { $0.contains("clock of server 2 is 30 s ahead") } == 1)
    }
}
