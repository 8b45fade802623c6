import Placement
import PoolModel
import PoolStateMachine
import Testing

@Suite("Suspend to an image, and resume from it")
struct SuspendTests {
    private struct Suspended {
        var scene: PoolScene
        let id: VirtualMachineID

        /// - Parameters:
        ///   - isShared: whether the servers have a storage root that others see.
        ///   - isDone: whether it is suspended already.
        init(isShared: Bool = true, isDone: Bool = true) throws {
            scene = try PoolScene(servers: 3)
            if !isShared {
                for server in [PoolScene.one, PoolScene.two, PoolScene.three] { scene.open(server, facts: PoolScene.facts(root: false)) }
            }
            id = try scene.runMachine(on: PoolScene.two)
            scene.apply(.changeMachine(id, MachineChange(preferredServers: [])))
            guard isDone else { return }
            scene.apply(.suspendMachine(id))
            scene.observe(id, .suspended)
            scene.observe(id, .stopped(.requested, cause: "Its memory is in its image."))
        }

        var machine: VirtualMachine { get throws { try #require(scene.state.machines[id]) } }
        func state(of task: TaskID) -> PoolTaskState? { scene.state.tasks[task]?.state }

        mutating func task(_ command: PoolCommand) throws -> TaskID {
            guard case .done(.task(let task)) = scene.apply(command) else { throw SceneError(outcome: .done(.none)) }
            return task
        }

        mutating func removed(_ failure: String? = nil, epoch: UInt64 = 1) -> CommandOutcome {
            let session = scene.state.servers[PoolScene.two]?.session ?? .none
            return scene.apply(
                .imageRemoved(id, server: PoolScene.two, session: session, epoch: PlacementEpoch(epoch), failure: failure),
                by: .server(PoolScene.two))
        }
    }

    @Test("its memory goes to shared storage, its room is free once its domain is gone, and it resumes anywhere in a new epoch")
    func comesAndGoes() throws {
        var pool = try Suspended(isDone: false)

        let suspend = try pool.task(.suspendMachine(pool.id))
        let asked = try pool.machine
        pool.scene.observe(pool.id, .suspended)
        let written = try pool.machine
        pool.scene.observe(pool.id, .stopped(.requested, cause: "Its memory is in its image."))
        let suspended = try pool.machine
        let free = pool.scene.state.reservations(on: PoolScene.two).memory
        let resume = try pool.task(.resumeMachine(pool.id))
        let resuming = try pool.machine
        pool.scene.observe(pool.id, .running)

        #expect(asked.status == .suspending && asked.image?.phase == .writing && asked.image?.root == "/OVS")
        #expect(written.status == .suspending && written.image?.phase == .whole && written.placement != nil)
        #expect(suspended.status == .suspended && suspended.placement == nil && free == .zero && pool.state(of: suspend) == .done)
        #expect(resuming.status == .resuming && resuming.image == nil && resuming.placement?.image == suspended.image)
        #expect(resuming.epoch == suspended.epoch.next)
        let running = try pool.machine
        #expect(running.status == .running && running.placement?.image == nil && pool.state(of: resume) == .done)
        #expect(pool.scene.state.inconsistency == nil)
    }

    @Test("what lies on a server's own disk is resumed there only, and every other server says why")
    func staysOnItsServer() throws {
        var pool = try Suspended(isShared: false)
        #expect(try pool.machine.image?.root == nil)
        let decision = pool.scene.state.decidePlacement(for: try pool.machine)

        pool.scene.apply(.maintenance(server: PoolScene.two, isOn: true))
        let refused = pool.scene.apply(.resumeMachine(pool.id))
        let removal = pool.scene.apply(.removeServer(PoolScene.two))
        pool.scene.apply(.maintenance(server: PoolScene.two, isOn: false))
        _ = try pool.task(.resumeMachine(pool.id))

        #expect(decision.chosen == PoolScene.two)
        let words = "does not reach its memory, which is on the own disk of server beta"
        let refusals = decision.verdicts.compactMap { verdict -> String? in
            if case .refused(let refusal) = verdict.finding { refusal.message } else { nil }
        }
        #expect(refusals == [words, words])
        expectRefused(refused, .noServerFits)
        expectRefused(removal, .serverInUse)
        #expect(try pool.machine.placement?.server == PoolScene.two)
    }

    @Test("a storage root without room for its memory is not used", arguments: [(1_127, nil), (1_128, "/OVS")])
    func needsRoom(capacity: Int, root: String?) throws {
        var pool = try Suspended(isDone: false)
        let session = pool.scene.state.servers[PoolScene.two]?.session ?? .none
        pool.scene.apply(
            .serverFacts(server: PoolScene.two, session: session, PoolScene.facts(root: true, room: capacity)), by: .server(PoolScene.two))

        #expect(pool.scene.state.suspensionTarget(of: try pool.machine)?.root == root)
    }

    @Test("a suspended machine is not started, changed or deleted, and the refusal has the word for the cure")
    func refusesOthers() throws {
        var pool = try Suspended()

        let start = pool.scene.apply(.startMachine(pool.id))
        let stop = pool.scene.apply(.stopMachine(pool.id, force: false))
        let patient = pool.scene.apply(.stopMachine(pool.id, force: true, patience: .seconds(60)))
        let change = pool.scene.apply(.changeMachine(pool.id, MachineChange(memory: Mebibytes(500))))

        for outcome in [start, stop, patient] {
            expectRefused(outcome, .machineStateForbids)
            guard case .refused(let refusal) = outcome else { continue }
            #expect(refusal.message.contains("Resume it; or stop it with --force, which throws its memory away."))
        }
        expectRefused(change, .machineStateForbids)
        #expect(try pool.machine.status == .suspended)
    }

    @Test("a forced stop throws the image away: the server that wrote it removes it, and is believed for this image only")
    func discards() throws {
        var pool = try Suspended()

        let task = try pool.task(.stopMachine(pool.id, force: true))
        let asked = try pool.machine
        let again = try pool.task(.stopMachine(pool.id, force: true))
        let other = pool.removed(epoch: 2)
        let removed = pool.removed()

        #expect(asked.status == .shuttingDown && asked.image?.phase == .discarded && again == task)
        #expect(pool.scene.state.imagesToRemove(by: PoolScene.two).isEmpty)
        expectRefused(other, .staleObservation)
        #expect(removed == .done(.none) && pool.state(of: task) == .done)
        let machine = try pool.machine
        #expect(machine.status == .poweredOff && machine.image == nil && machine.cause.contains("has removed the file"))
        expectRefused(pool.removed(), .staleObservation)
        #expect(pool.scene.state.inconsistency == nil)
    }

    @Test("of a server that is not heard an image is given up at once, and the file is said to be left")
    func discardsUnheard() throws {
        var pool = try Suspended()
        pool.scene.reach(PoolScene.two, false)

        let task = try pool.task(.stopMachine(pool.id, force: true))

        let machine = try pool.machine
        #expect(machine.status == .poweredOff && machine.image == nil && pool.state(of: task) == .done)
        #expect(machine.cause.contains("server beta is not heard, so the file is left there"))
    }

    /// What can take the place of a task that waits for an agent that was stopped.
    enum Successor: CaseIterable { case resize, pause, reboot }

    @Test(
        "whatever takes the place of a waiting suspend or stop leaves nothing of it (simulated seed 202 of 6 servers)",
        arguments: Successor.allCases)
    func leavesNothing(successor: Successor) throws {
        for waiting in ["suspend", "stop"] {
            var pool = try Suspended(isDone: false)
            let session = pool.scene.state.servers[PoolScene.two]?.session ?? .none
            pool.scene.apply(.released(server: PoolScene.two, session: session), by: .server(PoolScene.two))
            let first = try pool.task(waiting == "suspend" ? .suspendMachine(pool.id) : .stopMachine(pool.id, force: true))
            try #require(pool.state(of: first) == .waiting)

            switch successor {
            case .resize: pool.scene.apply(.changeMachine(pool.id, MachineChange(memory: Mebibytes(900))))
            case .pause: pool.scene.apply(.pauseMachine(pool.id))
            case .reboot: pool.scene.apply(.rebootMachine(pool.id, force: false))
            }

            let machine = try pool.machine
            #expect(pool.state(of: first) == .cancelled, "\(waiting)")
            #expect(machine.image == nil && !machine.isStopForced, "\(waiting)")
            let wanted: [Successor: MachineIntent] = [.resize: .running, .pause: .paused, .reboot: .rebooting]
            #expect(machine.intent == wanted[successor], "\(waiting)")
            #expect(pool.scene.state.inconsistency == nil)
        }
    }

    @Test("a server that is removed while it is to remove an image is not waited for (simulated seed 69 of 7 servers)")
    func discardsOfRemoved() throws {
        var pool = try Suspended()
        let task = try pool.task(.stopMachine(pool.id, force: true))

        #expect(pool.scene.apply(.removeServer(PoolScene.two)) == .done(.none))

        let machine = try pool.machine
        #expect(machine.status == .poweredOff && machine.image == nil && pool.state(of: task) == .done)
        #expect(machine.cause.contains("server beta was removed from the pool, so the file is left there"))
        #expect(pool.scene.state.inconsistency == nil)
    }

    @Test("a resume that fails, is interrupted or cancelled gives the image back; one whose guest may have run does not")
    func givesBack() throws {
        let reasons: [(MachineStopReason, MachineStatus)] = [
            (.startFailed, .suspended), (.startInterrupted, .suspended), (.vanished, .error), (.crashed, .error),
        ]
        for (reason, status) in reasons {
            var pool = try Suspended()
            let image = try pool.machine.image
            let task = try pool.task(.resumeMachine(pool.id))
            pool.scene.observe(pool.id, .stopped(reason, cause: "It ended."))

            let machine = try pool.machine
            #expect(machine.status == status && machine.image == (status == .suspended ? image : nil), "\(reason)")
            #expect(machine.placement == nil && pool.state(of: task) == .failed)
            #expect(pool.scene.state.inconsistency == nil)
        }
        var pool = try Suspended()
        let task = try pool.task(.resumeMachine(pool.id))
        pool.scene.apply(.cancelTask(task))
        pool.scene.observe(pool.id, .stopped(.requested, cause: "Its start was cancelled; nothing of it runs."))
        #expect(try pool.machine.status == .suspended && pool.machine.image?.phase == .whole)
    }

    @Test("a machine whose image was taken by a placement whose server then died starts cold")
    func diesWithItsServer() throws {
        var pool = try Suspended()
        _ = try pool.task(.resumeMachine(pool.id))
        let server = try #require(try pool.machine.placement?.server)

        pool.scene.open(server, boot: 9)

        let machine = try pool.machine
        #expect(machine.status == .poweredOff && machine.image == nil && machine.cause.contains("it starts cold"))
        _ = try pool.scene.start(pool.id)
        #expect(try pool.machine.placement?.image == nil)
    }

    @Test("a server that dies before its image is said to be whole leaves none, one that dies after leaves it", arguments: [false, true])
    func diesWhileSuspending(isSaid: Bool) throws {
        var pool = try Suspended(isDone: false)
        let task = try pool.task(.suspendMachine(pool.id))
        if isSaid { pool.scene.observe(pool.id, .suspended) }

        pool.scene.open(PoolScene.two, boot: 9)

        let machine = try pool.machine
        #expect(machine.status == (isSaid ? .suspended : .poweredOff) && (machine.image != nil) == isSaid)
        #expect(pool.state(of: task) == (isSaid ? .done : .failed))
        #expect(pool.scene.state.inconsistency == nil)
    }

    @Test("a suspend that fails leaves it running, and so does a cancelled one; a guest that crashes meanwhile has crashed")
    func fails() throws {
        var pool = try Suspended(isDone: false)
        let task = try pool.task(.suspendMachine(pool.id))
        pool.scene.observe(pool.id, .failed(task, cause: "The disk is full."))
        let failed = try pool.machine
        pool.scene.apply(.released(server: PoolScene.two, session: SessionNumber(1)), by: .server(PoolScene.two))
        let waiting = try pool.task(.suspendMachine(pool.id))
        let cancelled = pool.scene.apply(.cancelTask(waiting))
        pool.scene.open(PoolScene.two)
        pool.scene.observe(pool.id, .running)
        _ = try pool.task(.suspendMachine(pool.id))
        pool.scene.observe(pool.id, .ended(.crashed, isTooSoon: false))

        #expect(failed.status == .running && failed.intent == .running && failed.image == nil)
        #expect(failed.cause == "The suspend failed: The disk is full.")
        #expect(cancelled == .done(.none) && pool.state(of: waiting) == .cancelled)
        #expect(try pool.machine.image == nil && pool.machine.task == nil)
        pool.scene.observe(pool.id, .stopped(.crashed, cause: "The guest crashed."))
        #expect(try pool.machine.status == .error)
        #expect(pool.scene.state.inconsistency == nil)
    }

    @Test("a forced stop amid a suspend or a resume takes the domain down first, then the image", arguments: [false, true])
    func stopsAmid(isResuming: Bool) throws {
        var pool = try Suspended(isDone: isResuming)
        _ = try pool.task(isResuming ? .resumeMachine(pool.id) : .suspendMachine(pool.id))
        expectRefused(pool.scene.apply(.stopMachine(pool.id, force: false)), .machineStateForbids)

        let task = try pool.task(.stopMachine(pool.id, force: true))
        if !isResuming { pool.scene.observe(pool.id, .suspended) }
        pool.scene.observe(pool.id, .stopped(.requested, cause: "It was stopped as requested."))
        let removing = try pool.machine
        _ = pool.removed()

        #expect(removing.status == .shuttingDown && removing.placement == nil && removing.image?.phase == .discarded)
        #expect(try pool.machine.status == .poweredOff && pool.machine.image == nil && pool.state(of: task) == .done)
        #expect(pool.scene.state.inconsistency == nil)
    }

    @Test("a forced stop that is cancelled before its server hears of it throws nothing away")
    func sparesImage() throws {
        for isResuming in [false, true] {
            var pool = try Suspended(isDone: isResuming)
            _ = try pool.task(isResuming ? .resumeMachine(pool.id) : .suspendMachine(pool.id))
            let server = try #require(try pool.machine.placement?.server)
            let session = try #require(pool.scene.state.servers[server]?.session)
            pool.scene.apply(.released(server: server, session: session), by: .server(server))
            let task = try pool.task(.stopMachine(pool.id, force: true))

            let outcome = pool.scene.apply(.cancelTask(task))

            #expect(outcome == .done(.none))
            let machine = try pool.machine
            #expect(machine.intent == .running && machine.image == nil && machine.placement?.image?.phase == (isResuming ? .whole : nil))
            #expect(pool.scene.state.inconsistency == nil)
        }
    }

    @Test("while it changes its size it is not suspended")
    func waitsForResize() throws {
        var pool = try Suspended(isDone: false)
        _ = try pool.task(.changeMachine(pool.id, MachineChange(memory: Mebibytes(900))))

        expectRefused(pool.scene.apply(.suspendMachine(pool.id)), .machineStateForbids)
    }
}
