import PoolModel
import PoolStateMachine
import Testing

@Suite("Stopping virtual machines, and cancelling")
struct StopTests {
    @Test("a stop goes on until the server says that the machine is gone")
    func stops() throws {
        var scene = try PoolScene()
        let id = try scene.runMachine(on: PoolScene.one)

        let task = try scene.stop(id)
        #expect(scene.state.machines[id]?.status == .shuttingDown)
        #expect(scene.state.machines[id]?.intent == .stopped)
        #expect(scene.state.machines[id]?.isStopForced == false)
        #expect(scene.state.machines[id]?.placement != nil)
        #expect(scene.state.tasks[task]?.state == .running)
        scene.observe(id, .stopped(.requested, cause: "It was stopped as requested."))

        #expect(scene.state.machines[id]?.status == .poweredOff)
        #expect(scene.state.machines[id]?.placement == nil)
        #expect(scene.state.tasks[task]?.state == .done)
    }

    @Test("the news that the machine still runs does not undo a stop")
    func keepsStopping() throws {
        var scene = try PoolScene()
        let id = try scene.runMachine(on: PoolScene.one)
        let task = try scene.stop(id)

        scene.observe(id, .running)

        #expect(scene.state.machines[id]?.status == .shuttingDown)
        #expect(scene.state.machines[id]?.intent == .stopped)
        #expect(scene.state.tasks[task]?.state == .running)
    }

    @Test("a forced stop takes the place of one under way; the same stop again is the same task")
    func forces() throws {
        var scene = try PoolScene()
        let id = try scene.runMachine(on: PoolScene.one)

        let gentle = try scene.stop(id)
        let same = try scene.stop(id)
        let forced = try scene.stop(id, force: true)
        let after = try scene.stop(id)

        #expect(same == gentle)
        #expect(forced != gentle)
        #expect(after == forced)
        #expect(scene.state.machines[id]?.isStopForced == true)
        #expect(scene.state.tasks[gentle]?.state == .cancelled)
        #expect(scene.state.tasks[forced]?.state == .running)
    }

    @Test("force with a time asks the guest first: the domain is destroyed when the time is up, and not at once")
    func forcesAfterTime() throws {
        var scene = try PoolScene()
        let id = try scene.runMachine(on: PoolScene.one)

        let outcome = scene.apply(.stopMachine(id, force: true, patience: .seconds(60)))
        let asked = scene.state.machines[id]
        let again = scene.apply(.stopMachine(id, force: true, patience: .seconds(60)))
        let forced = scene.apply(.stopMachine(id, force: true))

        #expect(asked?.isStopForced == false && asked?.stopPatience == .seconds(60))
        #expect(scene.state.events.events.contains { $0.text.contains("stopped, by force after 60 s, on server") })
        #expect(again == outcome)
        #expect(forced != outcome)
        #expect(scene.state.machines[id]?.isStopForced == true && scene.state.machines[id]?.stopPatience == nil)
    }

    @Test("a machine that is not placed has nothing to stop")
    func refusesStopped() throws {
        var scene = try PoolScene()
        let id = try scene.createMachine()

        expectRefused(scene.apply(.stopMachine(id, force: false)), .machineStateForbids)
        expectRefused(scene.apply(.stopMachine(VirtualMachineID(9), force: true)), .machineNotFound)
    }

    @Test("a stop on a server that is not heard waits, says so, and leaves the machine Unknown")
    func waits() throws {
        var scene = try PoolScene()
        let id = try scene.runMachine(on: PoolScene.one)
        scene.reach(PoolScene.one, false)

        let task = try scene.stop(id)

        #expect(scene.state.machines[id]?.status == .unknown)
        #expect(scene.state.machines[id]?.intent == .stopped)
        #expect(scene.state.tasks[task]?.state == .waiting)
        #expect(scene.state.tasks[task]?.cause.contains("alpha") == true)
    }

    @Test("a stop of a start under way ends the start's task and not the placement")
    func stopsStart() throws {
        var scene = try PoolScene()
        let id = try scene.createMachine()
        let start = try scene.start(id)

        let stop = try scene.stop(id)

        #expect(scene.state.tasks[start]?.state == .cancelled)
        #expect(scene.state.tasks[stop]?.state == .running)
        #expect(scene.state.machines[id]?.placement != nil)
        scene.observe(id, .stopped(.requested, cause: "It was stopped as requested."))
        #expect(scene.state.tasks[stop]?.state == .done)
    }

    @Test("a cancelled start keeps its placement until the server says that nothing of it is left")
    func cancelsStart() throws {
        var scene = try PoolScene()
        let id = try scene.createMachine()
        let task = try scene.start(id)

        #expect(scene.apply(.cancelTask(task)) == .done(.none))
        #expect(scene.state.tasks[task]?.state == .cancelled)
        #expect(scene.state.machines[id]?.intent == .stopped)
        #expect(scene.state.machines[id]?.isStopForced == true)
        expectRefused(scene.apply(.startMachine(id)), .machineStateForbids)
        scene.observe(id, .stopped(.requested, cause: "It was stopped as requested."))

        #expect(scene.state.machines[id]?.status == .poweredOff)
        try scene.start(id)
    }

    @Test("what has ended, is under way or is unknown cannot be cancelled")
    func refusesCancelling() throws {
        var scene = try PoolScene()
        let id = try scene.createMachine()
        let start = try scene.start(id)
        scene.observe(id, .running)
        let stop = try scene.stop(id)

        expectRefused(scene.apply(.cancelTask(start)), .taskNotCancellable)
        expectRefused(scene.apply(.cancelTask(stop)), .taskNotCancellable)
        expectRefused(scene.apply(.cancelTask(TaskID(999))), .taskNotFound)
        #expect(scene.state.machines[id]?.intent == .stopped)
    }

    @Test("a stop that waits may be cancelled: the machine is wanted running again")
    func cancelsWaitingStop() throws {
        var scene = try PoolScene()
        let id = try scene.runMachine(on: PoolScene.one)
        scene.reach(PoolScene.one, false)
        let task = try scene.stop(id, force: true)

        #expect(scene.apply(.cancelTask(task)) == .done(.none))

        #expect(scene.state.machines[id]?.intent == .running)
        #expect(scene.state.machines[id]?.isStopForced == false)
        #expect(scene.state.tasks[task]?.state == .cancelled)
        #expect(scene.state.machines[id]?.status == .unknown)
    }

    @Test("of ended tasks the newest 1,000 are kept, and none that goes on is forgotten")
    func boundsTasks() throws {
        var scene = try PoolScene(servers: 2)
        let going = try scene.createMachine("db", preferred: [PoolScene.two])
        let first = try scene.start(going)
        let id = try scene.createMachine(preferred: [PoolScene.one])

        var ended: [TaskID] = []
        for _ in 0..<1_005 {
            ended.append(try scene.start(id))
            scene.observe(id, .stopped(.startFailed, cause: "The start failed."))
        }

        #expect(scene.state.tasks.count == 1_001)
        #expect(scene.state.tasks[first]?.state == .running)
        #expect(scene.state.tasks[ended[4]] == nil)
        #expect(scene.state.tasks[ended[5]] != nil)
    }
}
