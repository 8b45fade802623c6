import AgentCore
import PoolModel
import PoolStateMachine
import Testing

@Suite("An agent shows the pool's machines that it sees unasked, and leaves them alone")
struct StrayTests {
    /// A machine that is not placed, in a pool whose only server serves.
    private static func idleMachine() throws -> (scene: AgentScene, machine: VirtualMachineID) {
        var scene = try ReconciliationTests.serving()
        let outcome = try scene.submit(.createMachine(try AgentScene.definition()))
        guard case .done(.machine(let machine)) = outcome else { throw AgentScene.NoAnswer() }
        return (scene, machine)
    }

    private static func foreign(
        _ name: String, uuid: UInt64, number: UInt32 = 7, state: DomainState = .running, pool: UniqueIdentifier? = nil
    ) -> DomainReport {
        DomainReport(
            domain: number, name: name, uuid: UniqueIdentifier(high: uuid, low: uuid), state: state, memory: Mebibytes(512),
            ownership: pool.map { DomainOwnership(pool: $0, machine: VirtualMachineID(1), epoch: PlacementEpoch(1)) })
    }

    @Test(
        "a domain with a machine's UUID or name, whoever else it belongs to and however it is, is said while it is there",
        arguments: [
            foreign("by-hand", uuid: 5), foreign("web01", uuid: 77), foreign("web01", uuid: 5, state: .paused),
            foreign("web01", uuid: 5, state: .ended(.crash)), foreign("web01", uuid: 5, state: .dying),
            foreign("other", uuid: 5, pool: UniqueIdentifier(high: 88, low: 88)),
        ])
    func saysForeign(domain: DomainReport) throws {
        var (scene, machine) = try Self.idleMachine()

        scene.domains = [domain]
        scene.elapse(.seconds(2))
        let seen = scene.core.state.sightings(of: machine)
        let refused = try scene.submit(.startMachine(machine))
        scene.domains = []
        scene.elapse(.seconds(2))

        #expect(seen.map(\.domain) == [7])
        guard case .refused(let refusal) = refused else { return #expect(Bool(false), "\(refused)") }
        #expect(refusal.type == .machineSeenOutside)
        #expect(scene.core.state.sightings(of: machine).isEmpty)
        #expect(scene.takeOperations().isEmpty)
    }

    @Test("a domain with the name in a machine's configuration is that machine, whatever the pool calls it; of several it may be any")
    func saysConfiguredName() throws {
        var scene = try ReconciliationTests.serving()
        var machines: [VirtualMachineID] = []
        for (number, name) in ["web01", "web02", "other"].enumerated() {
            let definition = MachineDefinition(
                name: try #require(VirtualMachineName(name)), uuid: UniqueIdentifier(high: 6, low: UInt64(number)), configuration: "",
                requirements: try AgentScene.definition().requirements, preferredServers: [],
                configuredName: name == "other" ? "other" : "template")
            guard case .done(.machine(let machine)) = try scene.submit(.createMachine(definition)) else { throw AgentScene.NoAnswer() }
            machines.append(machine)
        }

        scene.domains = [Self.foreign("template", uuid: 77)]
        scene.elapse(.seconds(2))
        let seen = machines.map { scene.core.state.sightings(of: $0).map(\.domain) }
        let refused = try scene.submit(.startMachine(machines[0]))
        _ = try scene.submit(.deleteMachine(machines[2]))
        scene.domains = []
        scene.elapse(.seconds(2))

        #expect(seen == [[7], [7], []])
        guard case .refused(let refusal) = refused else { return #expect(Bool(false), "\(refused)") }
        #expect(refusal.type == .machineSeenOutside)
        #expect(machines.allSatisfy { scene.core.state.sightings(of: $0).isEmpty })
        #expect(scene.core.state.inconsistency == nil)
    }

    @Test("a foreign domain that is no machine of the pool is nobody's business")
    func ignoresOthers() throws {
        var (scene, _) = try Self.idleMachine()
        let before = scene.core.state.appliedIndex

        scene.domains = [Self.foreign("by-hand", uuid: 77)]
        scene.elapse(.seconds(2))

        #expect(scene.core.state.servers[ServerID(1)]?.strays == [])
        #expect(scene.core.state.appliedIndex == before)
    }

    @Test("a leftover of a former placement is said with its epoch, its memory is nobody's to promise, and it is not destroyed")
    func saysLeftover() throws {
        var (scene, machine) = try Self.idleMachine()

        scene.domains = [scene.domain(machine, .paused, epoch: 3)]
        scene.elapse(.seconds(2))

        let server = try #require(scene.core.state.servers[ServerID(1)])
        #expect(server.strays == [StrayDomain(machine: machine, domain: 1, epoch: PlacementEpoch(3))])
        #expect(server.facts == AgentScene.facts.reserving(Mebibytes(512)))
        #expect(scene.takeOperations().isEmpty)
        scene.domains = []
        scene.elapse(.seconds(2))
        #expect(scene.core.state.servers[ServerID(1)]?.facts == AgentScene.facts)
    }

    @Test("the domain of a placement is none, from its creation until it is gone")
    func ignoresOwn() throws {
        var scene = try ReconciliationTests.serving()
        let machine = try scene.startMachine()
        let creation = try #require(scene.takeOperations().first)

        // Listed before its owner is written beside it.
        scene.domains = [Self.foreign("web01", uuid: 5, state: .paused)]
        scene.elapse(.seconds(2))
        for state in [DomainState.paused, .running, .dying] {
            scene.domains = [scene.domain(machine, state)]
            scene.step(.operationEnded(creation.id, .done))
            scene.elapse(.seconds(2))
        }
        scene.domains = []
        scene.elapse(.seconds(2))

        #expect(!scene.core.state.events.events.contains { $0.kind.hasPrefix("vm-seen") })
    }

    @Test("a start that was decided before another instance was seen is not done: what was built is taken down, and the cause is said")
    func abandonsStart() throws {
        var scene = try ReconciliationTests.serving()
        let machine = try scene.startMachine()
        let creation = try #require(scene.takeOperations().first)

        scene.domains = [scene.domain(machine, .paused), Self.foreign("by-hand", uuid: 5)]
        scene.step(.operationEnded(creation.id, .done))
        scene.answerListings()
        let operations = scene.takeOperations()
        scene.domains = [Self.foreign("by-hand", uuid: 5)]
        for operation in operations { scene.step(.operationEnded(operation.id, .done)) }
        scene.elapse(.seconds(2))

        #expect(operations.map(\.operation) == [.destroy(domain: 1)])
        let abandoned = try scene.machine(machine)
        #expect(abandoned.placement == nil)
        #expect(abandoned.status == .error)
        #expect(abandoned.cause.contains("not started") && abandoned.cause.contains("domain 7"))
    }
}
