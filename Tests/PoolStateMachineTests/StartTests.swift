import Placement
import PoolModel
import PoolStateMachine
import Testing

@Suite("Starting virtual machines")
struct StartTests {
    @Test("a start places the machine in the server's session, reserves its room and begins a task")
    func places() throws {
        var scene = try PoolScene()
        let id = try scene.createMachine(memory: 3_000, virtualCPUs: 2)

        let task = try scene.start(id)

        let machine = try #require(scene.state.machines[id])
        #expect(
            machine.placement
                == MachinePlacement(server: PoolScene.one, session: SessionNumber(1), epoch: PlacementEpoch(1), isStarted: false))
        #expect(machine.status == .initializing)
        #expect(machine.intent == .running)
        #expect(machine.task == task)
        #expect(scene.state.tasks[task]?.state == .running)
        #expect(scene.state.machines(on: PoolScene.one) == [id])
        #expect(scene.state.reservations(on: PoolScene.one).memory == Mebibytes(3_000))
        #expect(scene.state.reservations(on: PoolScene.one).virtualCPUs == 2)
    }

    @Test("two starts that race for the last room: the second is refused, with the reason of every server")
    func doesNotOvercommit() throws {
        var scene = try PoolScene(servers: 2)
        let ids = try ["a", "b", "c"].map { try scene.createMachine($0, memory: 5_000) }

        try scene.start(ids[0])
        try scene.start(ids[1])
        let third = scene.apply(.startMachine(ids[2]))

        expectRefused(third, .noServerFits)
        guard case .refused(let refusal) = third else { return }
        #expect(refusal.message.contains("alpha has 3000 MiB of memory free, 5000 MiB are needed"))
        #expect(refusal.message.contains("beta has 3000 MiB of memory free, 5000 MiB are needed"))
        #expect(Set(ids.prefix(2).compactMap { scene.state.machines[$0]?.placement?.server }) == [PoolScene.one, PoolScene.two])
        #expect(scene.state.machines[ids[2]]?.placement == nil)
        #expect(scene.state.machines[ids[2]]?.status == .poweredOff)
    }

    @Test("a start goes where the explanation said")
    func startsWhereExplained() throws {
        var scene = try PoolScene(servers: 3)
        _ = try scene.runMachine("db", memory: 2_000, on: PoolScene.one)
        let id = try scene.createMachine()
        let explained = scene.state.decidePlacement(for: try #require(scene.state.machines[id]))

        try scene.start(id)

        #expect(explained.chosen == PoolScene.two)
        #expect(scene.state.machines[id]?.placement?.server == explained.chosen)
    }

    @Test("what-if questions change nothing: a server gone, another size")
    func explainsWhatIf() throws {
        var scene = try PoolScene(servers: 2)
        let id = try scene.createMachine()
        let machine = try #require(scene.state.machines[id])
        let digest = scene.state.digest

        let gone = scene.state.decidePlacement(for: machine, without: [PoolScene.one])
        let large = scene.state.decidePlacement(for: machine, memory: Mebibytes(9_000))

        #expect(gone.chosen == PoolScene.two)
        #expect(large.chosen == nil)
        #expect(scene.state.digest == digest)
    }

    @Test("a machine that runs does not compete with itself when it is explained")
    func explainsRunning() throws {
        var scene = try PoolScene()
        let id = try scene.runMachine(memory: 6_000, on: PoolScene.one)

        let decision = scene.state.decidePlacement(for: try #require(scene.state.machines[id]))

        #expect(decision.chosen == PoolScene.one)
    }

    @Test("a machine that is placed is not placed again, in whatever state it is")
    func placesOnce() throws {
        var scene = try PoolScene(servers: 2)
        let id = try scene.createMachine()
        try scene.start(id)
        func refusedWithoutChange(_ status: MachineStatus) {
            let placement = scene.state.machines[id]?.placement
            #expect(scene.state.machines[id]?.status == status)
            expectRefused(scene.apply(.startMachine(id)), .machineStateForbids)
            #expect(scene.state.machines[id]?.placement == placement)
        }

        refusedWithoutChange(.initializing)
        scene.observe(id, .running)
        refusedWithoutChange(.running)
        scene.observe(id, .paused)
        refusedWithoutChange(.paused)
        try scene.stop(id)
        refusedWithoutChange(.shuttingDown)
        scene.reach(PoolScene.one, false)
        refusedWithoutChange(.unknown)
    }

    @Test("a machine that is not there cannot be started")
    func refusesUnknown() throws {
        var scene = try PoolScene()

        expectRefused(scene.apply(.startMachine(VirtualMachineID(9))), .machineNotFound)
    }

    @Test("each placement has the next epoch, also after a failure and after a deletion of another machine")
    func countsEpochs() throws {
        var scene = try PoolScene()
        let id = try scene.createMachine()
        var epochs: [UInt64] = []

        for _ in 0..<3 {
            try scene.start(id)
            epochs.append(try #require(scene.state.machines[id]?.placement?.epoch.number))
            scene.observe(id, .stopped(.startFailed, cause: "The start failed."))
        }

        #expect(epochs == [1, 2, 3])
        #expect(scene.state.machines[id]?.epoch == PlacementEpoch(3))
    }
}

@Suite("What servers say of their machines")
struct ObservationTests {
    @Test("running ends the start's task and marks the placement as started")
    func runs() throws {
        var scene = try PoolScene()
        let id = try scene.createMachine()
        let task = try scene.start(id)

        scene.observe(id, .running)

        #expect(scene.state.machines[id]?.status == .running)
        #expect(scene.state.machines[id]?.placement?.isStarted == true)
        #expect(scene.state.machines[id]?.task == nil)
        #expect(scene.state.tasks[task]?.state == .done)
    }

    @Test(
        "how a machine ended decides what it is afterwards, and it is never started again by itself",
        arguments: [
            (MachineStopReason.requested, MachineStatus.poweredOff), (.poweredOffItself, .poweredOff), (.startInterrupted, .poweredOff),
            (.crashed, .error), (.vanished, .error), (.startFailed, .error),
        ])
    func ends(reason: MachineStopReason, status: MachineStatus) throws {
        var scene = try PoolScene()
        let id = try scene.createMachine()
        let task = try scene.start(id)

        scene.observe(id, .stopped(reason, cause: "Something happened."))

        let machine = try #require(scene.state.machines[id])
        #expect(machine.status == status)
        #expect(machine.cause == "Something happened.")
        #expect(machine.intent == .stopped)
        #expect(machine.placement == nil)
        #expect(scene.state.tasks[task]?.state == .failed)
        #expect(scene.state.tasks[task]?.cause == "Something happened.")
        #expect(scene.state.reservations(on: PoolScene.one) == ServerReservations())
    }

    @Test("a word on another epoch is void", arguments: [0, 1, 3] as [UInt64])
    func voidsOtherEpochs(epoch: UInt64) throws {
        var scene = try PoolScene()
        let id = try scene.createMachine()
        try scene.start(id)
        scene.observe(id, .stopped(.startFailed, cause: "The start failed."))
        try scene.start(id)

        expectRefused(scene.observe(id, .stopped(.crashed, cause: "It crashed."), epoch: PlacementEpoch(epoch)), .staleObservation)
        expectRefused(scene.observe(id, .running, epoch: PlacementEpoch(epoch)), .staleObservation)
        #expect(scene.state.machines[id]?.status == .initializing)
    }

    @Test("a word of a server that the machine is not placed on is void")
    func voidsOtherServers() throws {
        var scene = try PoolScene(servers: 2)
        let id = try scene.runMachine(on: PoolScene.one)

        expectRefused(scene.observe(id, .stopped(.crashed, cause: "It crashed."), by: PoolScene.two), .staleObservation)
        #expect(scene.state.machines[id]?.status == .running)
    }

    @Test("a cause is kept up to its bound")
    func boundsCause() throws {
        var scene = try PoolScene()
        let id = try scene.createMachine()
        try scene.start(id)

        scene.observe(id, .stopped(.startFailed, cause: String(repeating: "x", count: 100_000)))

        #expect(scene.state.machines[id]?.cause.utf8.count == PoolLimits.causeBytes)
    }

    @Test("an Error is forgotten once somebody has read it, and nothing else is")
    func resets() throws {
        var scene = try PoolScene()
        let id = try scene.createMachine()
        #expect(scene.apply(.resetMachineStatus(id)) == .done(.none))
        #expect(scene.state.machines[id]?.status == .poweredOff)
        try scene.start(id)
        expectRefused(scene.apply(.resetMachineStatus(id)), .machineStateForbids)
        scene.observe(id, .stopped(.crashed, cause: "The guest crashed."))

        #expect(scene.apply(.resetMachineStatus(id)) == .done(.none))

        #expect(scene.state.machines[id]?.status == .poweredOff)
        #expect(scene.state.machines[id]?.cause == "")
    }

    @Test("a machine in Error may be started again")
    func startsFromError() throws {
        var scene = try PoolScene()
        let id = try scene.runMachine(on: PoolScene.one)
        scene.observe(id, .stopped(.crashed, cause: "The guest crashed."))

        try scene.start(id)

        #expect(scene.state.machines[id]?.status == .initializing)
    }
}
