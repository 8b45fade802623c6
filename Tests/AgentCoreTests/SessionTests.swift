import AgentCore
import PoolModel
import PoolStateMachine
import RaftCore
import Testing

@Suite("An agent's session (fencing: sessions)")
struct SessionTests {
    private static func errors(_ scene: AgentScene) -> [String] {
        scene.effects.compactMap { if case .notice(.error, let sentence) = $0 { sentence } else { nil } }
    }

    @Test("after a boot the agent says no HELLO while it sees a domain of the pool, and says once why")
    func waitsForDomainsOfFormerBoot() throws {
        var scene = try ReconciliationTests.serving()
        let machine = try scene.startMachine()
        let boot = UniqueIdentifier(high: 3, low: 4)

        var next = try AgentScene(disk: scene.disk, run: 2, boot: boot)
        next.domains = [next.domain(machine, .running)]
        next.answerListings()
        next.elapse(.seconds(5))

        #expect(next.core.state.servers[ServerID(1)]?.session == SessionNumber(1))
        #expect(try next.machine(machine).placement?.server == ServerID(1))
        #expect(Self.errors(next).count == 1)
        #expect(Self.errors(next).first?.contains("booted anew") == true)
        #expect(next.takeOperations().isEmpty)
        next.domains = []
        next.elapse(.seconds(2))
        #expect(next.core.state.servers[ServerID(1)]?.boot == boot)
        #expect(try next.machine(machine).placement == nil)
    }

    @Test("on the same boot, and for domains that no pool created, HELLO waits for nothing; what is seen unasked goes with it")
    func saysWhatItSees() throws {
        var scene = try ReconciliationTests.serving()
        let outcome = try scene.submit(.createMachine(try AgentScene.definition()))
        guard case .done(.machine(let machine)) = outcome else { throw AgentScene.NoAnswer() }

        var next = try AgentScene(disk: scene.disk, run: 2, boot: UniqueIdentifier(high: 3, low: 4))
        next.domains = [
            DomainReport(
                domain: 7, name: "web01", uuid: UniqueIdentifier(high: 6, low: 6), state: .running, memory: Mebibytes(512), ownership: nil)
        ]
        next.answerListings()
        next.elapse(.seconds(2))

        let hellos = next.disk.entries.compactMap { entry -> ServerHello? in
            guard case .command(let command) = entry.content, case .hello(let hello) = command.command else { return nil }
            return hello
        }
        #expect(hellos.map(\.strays) == [[], [StrayDomain(machine: machine, domain: 7)]])
        #expect(next.core.state.sightings(of: machine).map(\.domain) == [7])
    }

    /// HELLO of another run of the same server: a copy of it, or of its data directory.
    private static func hello(_ scene: AgentScene, run: UInt64) throws -> PoolCommand {
        let server = try #require(scene.core.state.servers[ServerID(1)])
        return .hello(
            ServerHello(
                server: server.id, session: server.session.next, boot: AgentScene.boot, run: UniqueIdentifier(high: 9, low: run),
                storage: AgentScene.storage, formatVersion: 1, agentVersion: "test", facts: AgentScene.facts))
    }

    @Test("a run that is ousted by another run of its server halts, with cause and cure, and does nothing more")
    func haltsWhenOusted() throws {
        var scene = try ReconciliationTests.serving()
        let machine = try scene.startMachine()
        _ = scene.takeOperations()

        let hello = try Self.hello(scene, run: 2)
        scene.step(.submit(ClientRequestID(99), hello, principal: .server(ServerID(1)), reason: "", idempotency: nil))
        scene.domains = [scene.domain(machine, .paused)]
        scene.elapse(.seconds(5))

        #expect(scene.core.isHalted)
        #expect(scene.halts.count == 1)
        #expect(scene.halts.first?.contains("opened session 2") == true)
        #expect(scene.halts.first?.contains("switch it off") == true)
        #expect(scene.takeOperations().isEmpty)
        #expect(scene.core.state.servers[ServerID(1)]?.session == SessionNumber(2))
    }

    @Test("a run that finds its own HELLO and another run's after it in one batch halts too, and ousts nobody in turn")
    func haltsWhenOustedAtOnce() throws {
        var scene = try ReconciliationTests.serving()
        let hello = try Self.hello(scene, run: 2)
        scene.step(.submit(ClientRequestID(99), hello, principal: .server(ServerID(1)), reason: "", idempotency: nil))

        var same = try AgentScene(disk: scene.disk, run: 1)
        same.answerListings()
        same.elapse(.seconds(5))

        #expect(same.core.isHalted)
        #expect(same.core.state.servers[ServerID(1)]?.session == SessionNumber(2))
    }
}
