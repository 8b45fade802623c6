import Placement
import PoolModel
import PoolStateMachine
import Testing

@Suite("Migration to another server: handed over or given up, whichever is committed first")
struct MigrationTests {
    /// A machine that runs on `beta`, of three servers.
    private struct Moving {
        var scene: PoolScene
        let id: VirtualMachineID
        var task = TaskID(0)

        init(isBegun: Bool = true, bandwidth: Int? = nil) throws {
            scene = try PoolScene(servers: 3)
            id = try scene.runMachine(on: PoolScene.two)
            scene.apply(.changeMachine(id, MachineChange(preferredServers: [])))
            if isBegun { task = try begin(MigrationWish(target: PoolScene.three, bandwidth: bandwidth)) }
        }

        var machine: VirtualMachine { get throws { try #require(scene.state.machines[id]) } }
        func reserved(_ server: ServerID) -> Mebibytes { scene.state.reservations(on: server).memory }
        func ended(_ task: TaskID) -> PoolTaskState? { scene.state.tasks[task]?.state }

        mutating func begin(_ wish: MigrationWish) throws -> TaskID {
            let outcome = scene.apply(.migrateMachine(id, wish))
            guard case .done(.task(let task)) = outcome else { throw SceneError(outcome: outcome) }
            return task
        }

        /// The receiving server's word, in its current session.
        @discardableResult
        mutating func report(_ word: MigrationWord, by server: ServerID = PoolScene.three, epoch: UInt64 = 2) -> CommandOutcome {
            let session = scene.state.servers[server]?.session ?? .none
            return scene.apply(
                .migrationReported(id, server: server, session: session, epoch: PlacementEpoch(epoch), word), by: .server(server))
        }

        @discardableResult
        mutating func clear(_ epoch: UInt64, on server: ServerID) -> CommandOutcome {
            let session = scene.state.servers[server]?.session ?? .none
            return scene.apply(
                .remnantGone(id, server: server, session: session, epoch: PlacementEpoch(epoch)), by: .server(server))
        }
    }

    @Test("its room is reserved on both servers until the source has taken down what is left, and it goes on under the next epoch")
    func handsOver() throws {
        var pool = try Moving(bandwidth: 50)
        let asked = try pool.machine
        #expect(asked.status == .migrating && asked.placement?.server == PoolScene.two && asked.placement?.epoch == PlacementEpoch(1))
        #expect(
            asked.migration?.target == PoolScene.three && asked.migration?.epoch == PlacementEpoch(2) && asked.migration?.bandwidth == 50)
        #expect(pool.reserved(PoolScene.two) == Mebibytes(1_000) && pool.reserved(PoolScene.three) == Mebibytes(1_000))

        #expect(pool.report(.received) == .done(.none))
        let handed = try pool.machine
        #expect(handed.placement?.server == PoolScene.three && handed.placement?.epoch == PlacementEpoch(2))
        #expect(handed.placement?.isStarted == false && handed.migration == nil && handed.status == .migrating)
        #expect(handed.remnants == [MachineRemnant(server: PoolScene.two, epoch: PlacementEpoch(1), memory: Mebibytes(1_000))])
        #expect(pool.reserved(PoolScene.two) == Mebibytes(1_000) && pool.ended(pool.task) == .running)

        pool.scene.observe(pool.id, .running)
        #expect(try pool.machine.status == .running && pool.ended(pool.task) == .done)
        #expect(pool.clear(1, on: PoolScene.two) == .done(.none))
        #expect(try pool.machine.remnants.isEmpty)
        #expect(pool.reserved(PoolScene.two) == .zero && pool.reserved(PoolScene.three) == Mebibytes(1_000))
        #expect(pool.scene.state.inconsistency == nil)
        #expect(pool.scene.state.events.events.map(\.kind).contains(PoolEventKind.machineMigrated.rawValue))
    }

    @Test("what is committed first counts: after either end the other word is void")
    func firstWordCounts() throws {
        var handed = try Moving()
        handed.report(.received)
        expectRefused(handed.report(.failed(cause: "Late.")), .staleObservation)
        expectRefused(
            handed.scene.observe(handed.id, .failed(handed.task, cause: "Late."), by: PoolScene.two, epoch: PlacementEpoch(1)),
            .staleObservation)
        expectRefused(handed.scene.apply(.cancelTask(handed.task)), .taskNotCancellable)
        #expect(try handed.machine.placement?.server == PoolScene.three)

        var given = try Moving()
        given.scene.observe(given.id, .failed(given.task, cause: "The connection broke."))
        expectRefused(given.report(.received), .staleObservation)
        let machine = try given.machine
        #expect(machine.placement?.server == PoolScene.two && machine.migration == nil && given.ended(given.task) == .failed)
        #expect(machine.remnants == [MachineRemnant(server: PoolScene.three, epoch: PlacementEpoch(2), memory: Mebibytes(1_000))])
        // It says so itself that its guest goes on.
        #expect(machine.status == .migrating)
        given.scene.observe(given.id, .running)
        #expect(try given.machine.status == .running)
    }

    /// What ends an attempt besides the source's word.
    enum Ending: CaseIterable {
        case word, cancelled, stopped, guestEnded, sourceStartedAnew, targetStartedAnew, targetBooted, targetReleased, sourceReleased
        case targetLost
    }

    @Test("an attempt is given up by whatever ends one of its ends; its epoch is never used again", arguments: Ending.allCases)
    func givesUp(ending: Ending) throws {
        var pool = try Moving()
        switch ending {
        case .word: pool.report(.failed(cause: "There is no memory."))
        case .cancelled: pool.scene.apply(.cancelTask(pool.task))
        case .stopped: pool.scene.apply(.stopMachine(pool.id, force: false))
        case .guestEnded: pool.scene.observe(pool.id, .ended(.poweredOffItself, isTooSoon: false))
        case .sourceStartedAnew: pool.scene.open(PoolScene.two)
        case .targetStartedAnew: pool.scene.open(PoolScene.three)
        case .targetBooted: pool.scene.open(PoolScene.three, boot: 2)
        case .sourceReleased:
            let session = pool.scene.state.servers[PoolScene.two]?.session ?? .none
            pool.scene.apply(.released(server: PoolScene.two, session: session), by: .server(PoolScene.two))
        case .targetReleased:
            let session = pool.scene.state.servers[PoolScene.three]?.session ?? .none
            pool.scene.apply(.released(server: PoolScene.three, session: session), by: .server(PoolScene.three))
        case .targetLost: pool.scene.reach(PoolScene.three, false)
        }
        let machine = try pool.machine
        #expect(machine.migration == nil && machine.placement?.server == PoolScene.two && machine.placement?.epoch == PlacementEpoch(1))
        #expect(pool.ended(pool.task) == (ending == .cancelled || ending == .stopped ? .cancelled : .failed))
        // After a boot there is nothing left of a copy.
        #expect(machine.remnants.count == (ending == .targetBooted ? 0 : 1))
        #expect(pool.reserved(PoolScene.three) == (ending == .targetBooted ? .zero : Mebibytes(1_000)))
        #expect(pool.scene.state.inconsistency == nil)
        if case .done = pool.report(.received) { Issue.record("It was handed over all the same.") }

        pool.scene.open(PoolScene.two)
        pool.scene.open(PoolScene.three)
        pool.scene.observe(pool.id, .running)
        guard try pool.machine.status == .running else { return }
        _ = try pool.begin(MigrationWish(target: PoolScene.three))
        #expect(try pool.machine.migration?.epoch == PlacementEpoch(3))
    }

    @Test("a source that is not heard does not end it: what the target has, it has")
    func survivesLossOfSource() throws {
        var pool = try Moving()
        pool.scene.reach(PoolScene.two, false)
        #expect(try pool.machine.status == .unknown)

        #expect(pool.report(.received) == .done(.none))
        pool.scene.observe(pool.id, .running)
        #expect(try pool.machine.status == .running && pool.machine.placement?.server == PoolScene.three)
    }

    @Test("a source that was booted anew while it sent has lost the machine, which says so")
    func sourceIsBooted() throws {
        var pool = try Moving()
        pool.scene.open(PoolScene.two, boot: 2)
        let machine = try pool.machine
        #expect(machine.status == .poweredOff && machine.placement == nil && machine.migration == nil && pool.ended(pool.task) == .failed)
        #expect(pool.scene.state.inconsistency == nil)
    }

    @Test("a target whose agent dies between the handing over and the running starts the machine cold, and says so")
    func targetDiesAfterwards() throws {
        var pool = try Moving()
        pool.report(.received)
        pool.scene.open(PoolScene.three)
        pool.scene.observe(pool.id, .stopped(.startInterrupted, cause: MachineStopReason.startInterrupted.sentence))
        let machine = try pool.machine
        #expect(machine.placement?.server == PoolScene.three && machine.placement?.epoch == PlacementEpoch(3))
        #expect(machine.status == .rebooting && pool.ended(pool.task) == .failed)
    }

    @Test("every server says whether it could take it, and the one that is asked for says why not")
    func isRefused() throws {
        var pool = try Moving(isBegun: false)
        func outlook(_ target: ServerID?) throws -> MigrationOutlook {
            try #require(pool.scene.state.migrationOutlook(of: try pool.machine, to: target))
        }
        func hindrance(_ server: ServerID) throws -> PlacementRefusalType? {
            let verdict = try outlook(nil).decision.verdicts.first { $0.server == server }
            guard case .refused(let refusal)? = verdict?.finding else { return nil }
            return refusal.type
        }
        #expect(try outlook(nil).decision.chosen == PoolScene.one && outlook(PoolScene.three).decision.chosen == PoolScene.three)
        #expect(try hindrance(PoolScene.two) == .runsThere && outlook(PoolScene.two).decision.chosen == nil)
        #expect(try !outlook(nil).isLive)

        pool.scene.open(PoolScene.three, facts: PoolScene.facts(root: false))
        #expect(try hindrance(PoolScene.three) == .storageNotShared)
        let refused = pool.scene.apply(.migrateMachine(pool.id, MigrationWish(target: PoolScene.three)))
        expectRefused(refused, .noServerFits)
        pool.scene.open(PoolScene.three, facts: PoolScene.facts(total: 2_900))
        #expect(try hindrance(PoolScene.three) == .notEnoughMemory)
        expectRefused(pool.scene.apply(.migrateMachine(pool.id, MigrationWish(bandwidth: 0))), .invalidValue)
        expectRefused(pool.scene.apply(.migrateMachine(pool.id, MigrationWish(target: ServerID(9)))), .serverNotFound)

        pool.scene.apply(.maintenance(server: PoolScene.one, isOn: true))
        expectRefused(pool.scene.apply(.migrateMachine(pool.id, MigrationWish())), .noServerFits)
        #expect(try pool.machine.status == .running && pool.machine.epoch == PlacementEpoch(1))
    }

    @Test(
        "a guest moves to the same version of Xen or a newer one",
        arguments: [("4.17.5", true), ("4.16.9", false), ("4.20.0", true), ("5.1", true)])
    func looksAtVersions(version: String, fits: Bool) throws {
        var pool = try Moving(isBegun: false)
        func facts(_ version: String) -> ServerFacts {
            let facts = PoolScene.facts()
            return ServerFacts(
                totalMemory: facts.totalMemory, reservedMemory: facts.reservedMemory, processors: facts.processors, cards: facts.cards,
                bridges: facts.bridges, storageRoots: facts.storageRoots, domainTypes: facts.domainTypes, hypervisor: version)
        }
        pool.scene.open(PoolScene.two, facts: facts("4.17.2"))
        pool.scene.open(PoolScene.three, facts: facts(version))
        let chosen = try pool.scene.state.migrationOutlook(of: pool.machine, to: PoolScene.three)?.decision.chosen
        #expect((chosen != nil) == fits)
    }

    @Test("a server that has a part in a migration is not removed, and a machine of which something is left is not deleted")
    func keepsWhatIsLeft() throws {
        var pool = try Moving()
        expectRefused(pool.scene.apply(.removeServer(PoolScene.three)), .serverInUse)
        pool.report(.failed(cause: "No."))
        expectRefused(pool.scene.apply(.removeServer(PoolScene.three)), .serverInUse)
        pool.scene.apply(.stopMachine(pool.id, force: true))
        pool.scene.observe(pool.id, .stopped(.requested, cause: "It was stopped as requested."))
        expectRefused(pool.scene.apply(.deleteMachine(pool.id)), .machineStateForbids)
        expectRefused(pool.clear(1, on: PoolScene.three), .staleObservation)
        #expect(pool.clear(2, on: PoolScene.three) == .done(.none))
        #expect(pool.scene.apply(.deleteMachine(pool.id)) == .done(.none))
        #expect(pool.scene.apply(.removeServer(PoolScene.three)) == .done(.none))
    }

    @Test("what is seen elsewhere meanwhile keeps it from being handed over: its guest goes on at the source")
    func isSeenMeanwhile() throws {
        var pool = try Moving()
        pool.scene.see([StrayDomain(machine: pool.id, domain: 9)], by: PoolScene.one)
        pool.report(.received)
        let machine = try pool.machine
        #expect(machine.placement?.server == PoolScene.two && machine.migration == nil && pool.ended(pool.task) == .failed)
        #expect(pool.scene.state.tasks[pool.task]?.cause.contains("domain 9 of it is seen on server alpha") == true)
    }

    @Test("a machine that keeps apart from one that is coming does not come there too, nor starts there")
    func keepsApartFromTheComing() throws {
        var pool = try Moving()
        let other = try pool.scene.createMachine("other")
        let name = try pool.machine.name.text
        try pool.scene.createRule(PoolScene.rule(machines: [name, "other"]))
        pool.scene.apply(.changeMachine(other, MachineChange(preferredServers: [PoolScene.three])))
        expectRefused(pool.scene.apply(.startMachine(other)), .noServerFits)
        pool.scene.apply(.changeMachine(other, MachineChange(preferredServers: [PoolScene.one])))
        try pool.scene.start(other)
        pool.scene.observe(other, .running)
        expectRefused(pool.scene.apply(.migrateMachine(other, MigrationWish(target: PoolScene.three))), .noServerFits)
        pool.report(.failed(cause: "The connection was lost."))
        pool.scene.apply(.changeMachine(other, MachineChange(preferredServers: [])))
        guard case .done(.task) = pool.scene.apply(.migrateMachine(other, MigrationWish(target: PoolScene.three))) else {
            Issue.record("What nothing hinders any more was refused.")
            return
        }
    }

    @Test(
        "a hard rule that would be broken by now keeps it from being handed over: its guest goes on at the source",
        arguments: RuleKind.allCases)
    func keepsRulesToTheEnd(_ kind: RuleKind) throws {
        var pool = try Moving()
        _ = try pool.scene.runMachine("other", on: kind == .affinity ? PoolScene.one : PoolScene.three)
        try pool.scene.createRule(PoolScene.rule("pair", kind, machines: [try pool.machine.name.text, "other"]))
        pool.report(.received)
        let machine = try pool.machine
        #expect(machine.placement?.server == PoolScene.two && machine.migration == nil && pool.ended(pool.task) == .failed)
        let cause = try #require(pool.scene.state.tasks[pool.task]?.cause)
        #expect(cause.contains("rule pair keeps them \(kind == .affinity ? "together" : "apart")"))
    }

    @Test("a server that died with a remnant can be removed, and nobody waits for it any more")
    func forgetsTheDead() throws {
        var pool = try Moving()
        pool.report(.received)
        pool.scene.observe(pool.id, .running)
        expectRefused(pool.scene.apply(.removeServer(PoolScene.two)), .serverInUse)
        pool.scene.reach(PoolScene.two, false)
        #expect(pool.scene.apply(.removeServer(PoolScene.two)) == .done(.none))
        #expect(try pool.machine.remnants.isEmpty && pool.scene.state.inconsistency == nil)
    }

    @Test("a machine that is changing its size is not sent, also where a pause took the place of the change")
    func waitsForItsSize() throws {
        var pool = try Moving(isBegun: false)
        pool.scene.apply(.changeMachine(pool.id, MachineChange(memory: Mebibytes(900))))
        pool.scene.apply(.pauseMachine(pool.id))
        pool.scene.observe(pool.id, .paused)
        pool.scene.apply(.unpauseMachine(pool.id))
        pool.scene.observe(pool.id, .running)
        try #require(try pool.machine.formerRequirements != nil)
        expectRefused(pool.scene.apply(.migrateMachine(pool.id, MigrationWish())), .machineStateForbids)
    }

    @Test("another server's word, or that of a former session, is void")
    func hearsItsTargetOnly() throws {
        var pool = try Moving()
        expectRefused(pool.report(.received, by: PoolScene.one), .staleObservation)
        expectRefused(pool.report(.received, epoch: 1), .staleObservation)
        let old = pool.scene.state.servers[PoolScene.three]?.session ?? .none
        pool.scene.open(PoolScene.three)
        let late = pool.scene.apply(
            .migrationReported(pool.id, server: PoolScene.three, session: old, epoch: PlacementEpoch(2), .received),
            by: .server(PoolScene.three))
        expectRefused(late, .staleSession)
        #expect(try pool.machine.placement?.server == PoolScene.two)
    }
}
