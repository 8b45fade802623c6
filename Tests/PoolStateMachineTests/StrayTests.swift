import Placement
import PoolModel
import PoolStateMachine
import Testing

@Suite("Machines that were started behind the pool's back")
struct StrayTests {
    private static func kinds(_ scene: PoolScene) -> [String] {
        scene.state.events.events.map(\.kind).filter { $0.hasPrefix("vm-seen") || $0.hasPrefix("vm-gone") }
    }

    @Test("a machine that is seen unasked is not started, with the server, the domain and the cure, until it is gone")
    func refusesStart() throws {
        var scene = try PoolScene(servers: 2)
        let machine = try scene.createMachine()

        scene.see([StrayDomain(machine: machine, domain: 7)], by: PoolScene.two)
        let refused = scene.apply(.startMachine(machine))
        let sightings = scene.state.sightings(of: machine)
        scene.see([], by: PoolScene.two)

        expectRefused(refused, .machineSeenOutside)
        guard case .refused(let refusal) = refused else { return }
        #expect(refusal.message.contains("domain 7") && refusal.message.contains("beta") && refusal.message.contains("xl shutdown 7"))
        #expect(sightings.map(\.domain) == [7])
        #expect(Self.kinds(scene) == ["vm-seen-outside", "vm-gone-outside"])
        #expect(scene.state.sightings(of: machine).isEmpty)
        try scene.start(machine)
    }

    @Test("every server refuses a machine that is seen unasked, but for a pool without the server that sees it")
    func explains() throws {
        var scene = try PoolScene(servers: 2)
        let id = try scene.createMachine()
        scene.see([StrayDomain(machine: id, domain: 7)], by: PoolScene.two)
        let machine = try #require(scene.state.machines[id])

        let decision = scene.state.decidePlacement(for: machine)
        let without = scene.state.decidePlacement(for: machine, without: [PoolScene.two])

        #expect(decision.chosen == nil)
        for verdict in decision.verdicts {
            guard case .refused(.seenOutside(let sighting)) = verdict.finding else { return #expect(Bool(false), "\(verdict)") }
            #expect(sighting.name.text == "beta")
        }
        #expect(without.chosen == PoolScene.one)
    }

    @Test("a machine that is seen unasked is not deleted, nor let go on, nor rebooted")
    func refusesOthers() throws {
        var scene = try PoolScene(servers: 2)
        let stopped = try scene.createMachine("db")
        let running = try scene.runMachine("web", on: PoolScene.one)
        let paused = try scene.runMachine("mail", on: PoolScene.one)
        scene.apply(.pauseMachine(paused))
        scene.observe(paused, .paused)
        let strays = [stopped, running, paused].sorted().enumerated().map { StrayDomain(machine: $1, domain: UInt32($0) + 1) }

        scene.see(strays, by: PoolScene.two)

        expectRefused(scene.apply(.deleteMachine(stopped)), .machineSeenOutside)
        expectRefused(scene.apply(.rebootMachine(running, force: false)), .machineSeenOutside)
        expectRefused(scene.apply(.unpauseMachine(paused)), .machineSeenOutside)
        try scene.stop(running)
    }

    @Test("a second instance beside a placed machine is an event of its own, and ends no placement")
    func notesSecondInstance() throws {
        var scene = try PoolScene(servers: 2)
        let machine = try scene.runMachine(on: PoolScene.one)

        scene.see([StrayDomain(machine: machine, domain: 7)], by: PoolScene.two)

        #expect(Self.kinds(scene) == ["vm-seen-twice"])
        #expect(scene.state.machines[machine]?.status == .running)
        #expect(scene.state.machines[machine]?.placement?.server == PoolScene.one)
    }

    @Test("a guest that reboots itself is not started anew while another instance is seen")
    func doesNotRestart() throws {
        var scene = try PoolScene(servers: 2)
        let machine = try scene.runMachine(on: PoolScene.one)
        scene.see([StrayDomain(machine: machine, domain: 7)], by: PoolScene.two)

        scene.observe(machine, .ended(.rebootedItself, isTooSoon: false))
        scene.observe(machine, .stopped(.rebootedItself, cause: "The guest rebooted itself."))

        let ended = try #require(scene.state.machines[machine])
        #expect(ended.placement == nil)
        #expect(ended.status == .error)
        #expect(ended.cause.contains("not started anew") && ended.cause.contains("beta"))
    }

    @Test("what a server saw is kept while it is lost, stopped or only started anew, and until its own word or another boot")
    func keepsWhatIsUnknown() throws {
        var scene = try PoolScene(servers: 2)
        let machine = try scene.createMachine()
        let stray = StrayDomain(machine: machine, domain: 7)
        scene.see([stray], by: PoolScene.two)

        scene.reach(PoolScene.two, false)
        expectRefused(scene.apply(.startMachine(machine)), .machineSeenOutside)
        scene.apply(.released(server: PoolScene.two, session: SessionNumber(1)), by: .server(PoolScene.two))
        expectRefused(scene.apply(.startMachine(machine)), .machineSeenOutside)
        scene.open(PoolScene.two)
        #expect(scene.state.servers[PoolScene.two]?.strays == [stray])
        scene.open(PoolScene.two, boot: 2)

        #expect(scene.state.servers[PoolScene.two]?.strays == [])
        #expect(scene.state.inconsistency == nil)
        try scene.start(machine)
    }

    @Test("HELLO brings what a server sees, so that no start falls between it and the first word; a domain that is asked for is none")
    func helloBringsStrays() throws {
        var scene = try PoolScene(servers: 2)
        let foreign = try scene.createMachine("db")
        let placed = try scene.runMachine("web", on: PoolScene.two)
        let former = try scene.createMachine("mail")
        let strays = [
            StrayDomain(machine: foreign, domain: 7), StrayDomain(machine: placed, domain: 8, epoch: PlacementEpoch(1)),
            StrayDomain(machine: former, domain: 9, epoch: PlacementEpoch(4)), StrayDomain(machine: VirtualMachineID(99), domain: 10),
        ]

        scene.open(PoolScene.two, strays: strays)

        #expect(scene.state.servers[PoolScene.two]?.strays == [strays[0], strays[2]])
        expectRefused(scene.apply(.startMachine(foreign)), .machineSeenOutside)
    }

    @Test("only the server itself, in its session, says what it sees, each machine once and in order")
    func refusesOtherWords() throws {
        var scene = try PoolScene(servers: 2)
        let one = StrayDomain(machine: try scene.createMachine("web"), domain: 7)
        let two = StrayDomain(machine: try scene.createMachine("db"), domain: 8)
        let word = PoolCommand.strays(server: PoolScene.two, session: SessionNumber(1), [one])

        expectRefused(scene.apply(word), .notAllowed)
        expectRefused(scene.apply(word, by: .server(PoolScene.one)), .notAllowed)
        expectRefused(scene.apply(word, by: .master(PoolScene.one)), .notAllowed)
        expectRefused(scene.see([one], by: PoolScene.two, session: SessionNumber(2)), .staleSession)
        expectRefused(scene.see([two, one], by: PoolScene.two), .invalidValue)
        expectRefused(scene.see([one, one], by: PoolScene.two), .invalidValue)
        #expect(scene.state.servers[PoolScene.two]?.strays == [])
    }

    @Test("the digest tells one word from another, and a snapshot keeps it")
    func countsInDigest() throws {
        var scene = try PoolScene(servers: 2)
        let machine = try scene.createMachine()
        var other = scene

        scene.see([StrayDomain(machine: machine, domain: 7)], by: PoolScene.two)
        other.see([StrayDomain(machine: machine, domain: 7, epoch: PlacementEpoch(1))], by: PoolScene.two)
        let restored = try PoolState(restoring: scene.state.parts)

        #expect(scene.state.digest != other.state.digest)
        #expect(restored.digest == scene.state.digest)
        #expect(restored.sightings(of: machine) == scene.state.sightings(of: machine))
        #expect(scene.state.inconsistency == nil)
    }

    @Test("a server that sees a machine unasked is not removed: nobody would watch it any more")
    func keepsTheServer() throws {
        var scene = try PoolScene(servers: 2)
        let machine = try scene.createMachine()
        scene.see([StrayDomain(machine: machine, domain: 7)], by: PoolScene.two)

        let refused = scene.apply(.removeServer(PoolScene.two))

        expectRefused(refused, .serverInUse)
    }
}
