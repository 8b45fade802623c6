import Placement
import PoolModel
import PoolStateMachine
import Testing

@Suite("What operators do with virtual machines, and what guests do by themselves")
struct OperationTests {
    private struct Running {
        var scene: PoolScene
        let id: VirtualMachineID

        init(_ requirements: (inout MachineRequirements) -> Void = { _ in }) throws {
            scene = try PoolScene()
            var needed = MachineRequirements(
                domainType: .pv, memory: Mebibytes(1_000), virtualCPUs: 1, maximumMemory: Mebibytes(9_000), maximumVirtualCPUs: 4)
            requirements(&needed)
            let definition = MachineDefinition(
                name: try #require(VirtualMachineName("web")), uuid: UniqueIdentifier(high: 7, low: 7), configuration: "name = 'web'",
                requirements: needed, preferredServers: [PoolScene.one])
            guard case .done(.machine(let id)) = scene.apply(.createMachine(definition)) else { throw SceneError(outcome: .done(.none)) }
            self.id = id
            try scene.start(id)
            scene.observe(id, .running)
        }

        var machine: VirtualMachine { scene.state.machines[id] ?? VirtualMachine(id: id, OperationTests.none) }
        var reserved: Mebibytes { scene.state.reservations(on: PoolScene.one).memory }

        mutating func task(_ command: PoolCommand) throws -> TaskID {
            guard case .done(.task(let task)) = scene.apply(command) else { throw SceneError(outcome: .done(.none)) }
            return task
        }
        func state(of task: TaskID) -> PoolTaskState? { scene.state.tasks[task]?.state }
    }

    private static let none = MachineDefinition(
        name: VirtualMachineName("none") ?? { preconditionFailure("a name is wrong") }(), uuid: UniqueIdentifier(high: 0, low: 1),
        configuration: "", requirements: MachineRequirements(domainType: .pv, memory: Mebibytes(1), virtualCPUs: 1), preferredServers: [])

    @Test("a reboot is a new epoch on the same server, and its task ends when the machine runs again")
    func reboots() throws {
        var pool = try Running()
        let epoch = pool.machine.epoch

        let task = try pool.task(.rebootMachine(pool.id, force: false))
        let asked = pool.machine
        pool.scene.observe(pool.id, .stopped(.requested, cause: "It was stopped to be rebooted."))
        let between = pool.machine
        pool.scene.observe(pool.id, .running)

        #expect(asked.status == .rebooting && asked.intent == .rebooting && asked.epoch == epoch)
        #expect(between.epoch == epoch.next && between.placement?.server == PoolScene.one && between.placement?.isStarted == false)
        #expect(between.status == .rebooting && between.intent == .running)
        #expect(pool.machine.status == .running && pool.state(of: task) == .done && pool.reserved == Mebibytes(1_000))
        #expect(pool.scene.state.inconsistency == nil)
    }

    @Test("a reboot whose agent ends in the middle of the new start goes on in the agent's next session")
    func rebootOutlivesAgent() throws {
        var pool = try Running()
        let task = try pool.task(.rebootMachine(pool.id, force: false))
        pool.scene.observe(pool.id, .stopped(.requested, cause: "It was stopped to be rebooted."))
        let begun = pool.machine

        pool.scene.open(PoolScene.one)
        pool.scene.observe(pool.id, .stopped(.startInterrupted, cause: MachineStopReason.startInterrupted.sentence))
        let again = pool.machine
        let session = pool.scene.state.servers[PoolScene.one]?.session
        pool.scene.observe(pool.id, .running)

        #expect(again.status == .rebooting && again.intent == .running && again.task == task && again.epoch == begun.epoch.next)
        #expect(again.placement?.session == session && again.placement?.isStarted == false)
        #expect(pool.machine.status == .running && pool.state(of: task) == .done && pool.reserved == Mebibytes(1_000))
        #expect(pool.scene.state.inconsistency == nil)
    }

    @Test("so does a start anew that the machine's configuration asks for; of one that an operator asked for the operator is told")
    func restartOutlivesAgent() throws {
        var pool = try Running { $0.endActions.onCrash = .restart }
        pool.scene.observe(pool.id, .ended(.crashed, isTooSoon: false))
        pool.scene.observe(pool.id, .stopped(.crashed, cause: MachineStopReason.crashed.sentence))

        pool.scene.open(PoolScene.one)
        pool.scene.observe(pool.id, .stopped(.startInterrupted, cause: MachineStopReason.startInterrupted.sentence))
        let again = pool.machine
        pool.scene.observe(pool.id, .stopped(.startFailed, cause: "The start failed: no such kernel."))
        let task = try pool.task(.startMachine(pool.id))
        pool.scene.observe(pool.id, .stopped(.startInterrupted, cause: MachineStopReason.startInterrupted.sentence))

        #expect(again.status == .rebooting && again.intent == .running && again.placement != nil)
        #expect(pool.machine.status == .poweredOff && pool.machine.placement == nil && pool.state(of: task) == .failed)
        #expect(pool.scene.state.inconsistency == nil)
    }

    @Test("a guest's own end is followed as on_poweroff, on_reboot and on_crash say", arguments: MachineEndAction.allCases)
    func honoursActions(_ action: MachineEndAction) throws {
        for reason in [MachineStopReason.poweredOffItself, .rebootedItself, .crashed] {
            var pool = try Running { $0.endActions = MachineEndActions(onPowerOff: action, onReboot: action, onCrash: action) }
            let epoch = pool.machine.epoch

            pool.scene.observe(pool.id, .ended(reason, isTooSoon: false))
            if action == .preserve {
                #expect(pool.machine.status == .error && pool.machine.placement?.epoch == epoch && pool.reserved == Mebibytes(1_000))
                #expect(pool.machine.allowedOperations == [.stop])
                continue
            }
            pool.scene.observe(pool.id, .stopped(reason, cause: reason.sentence))

            if action.isRestart {
                #expect(pool.machine.status == .rebooting && pool.machine.epoch == epoch.next)
            } else {
                #expect(pool.machine.status == (reason == .crashed ? .error : .poweredOff) && pool.machine.placement == nil)
            }
            #expect(pool.scene.state.inconsistency == nil)
        }
    }

    @Test("what became of a core dump is kept and said, once, and is part of the state")
    func keepsDump() throws {
        var pool = try Running { $0.endActions.onCrash = .coreDumpDestroy }
        let path = "/var/lib/xen/dump/web-20261127T114501Z.core"

        pool.scene.observe(pool.id, .dumped(.made(path: "too early")))
        pool.scene.observe(pool.id, .ended(.crashed, isTooSoon: false))
        let ended = pool.machine
        pool.scene.observe(pool.id, .dumped(.made(path: path)))
        pool.scene.observe(pool.id, .dumped(.failed(cause: "It is said twice.")))

        #expect(ended.status == .shuttingDown && ended.isDumpAwaited && ended.allowedOperations == [.stop])
        #expect(pool.machine.ended?.dump == .made(path: path) && !pool.machine.isDumpAwaited)
        let events = pool.scene.state.events.events.filter { $0.kind.hasPrefix("vm-core-dump") }
        #expect(events.map(\.text) == ["The memory of virtual machine web was dumped to \(path) on server alpha."])
        #expect(pool.scene.state.inconsistency == nil)
        pool.scene.observe(pool.id, .stopped(.crashed, cause: "The guest crashed."))
        #expect(pool.machine.status == .error && pool.machine.ended == nil)
    }

    @Test("a guest that ends at once is not started anew for ever")
    func doesNotLoop() throws {
        var pool = try Running { $0.endActions.onCrash = .restart }

        pool.scene.observe(pool.id, .ended(.crashed, isTooSoon: true))
        pool.scene.observe(pool.id, .stopped(.crashed, cause: "The guest crashed."))

        #expect(pool.machine.status == .error && pool.machine.placement == nil)
    }

    @Test("pause and unpause are tasks that end with what the server sees")
    func pauses() throws {
        var pool = try Running()

        let pause = try pool.task(.pauseMachine(pool.id))
        let pausing = pool.machine.status
        pool.scene.observe(pool.id, .paused)
        let paused = pool.machine.status
        let unpause = try pool.task(.unpauseMachine(pool.id))
        pool.scene.observe(pool.id, .running)

        #expect(pausing == .pausing && paused == .paused && pool.machine.status == .running)
        #expect(pool.state(of: pause) == .done && pool.state(of: unpause) == .done)
    }

    @Test("an operation that fails ends its task with the reason, and leaves what is so as it is")
    func fails() throws {
        var pool = try Running()
        let task = try pool.task(.pauseMachine(pool.id))

        pool.scene.observe(pool.id, .failed(task, cause: "xenstored did not answer."))
        pool.scene.observe(pool.id, .failed(TaskID(999), cause: "Another one."))

        #expect(pool.state(of: task) == .failed && pool.machine.status == .running && pool.machine.intent == .running)
        #expect(pool.machine.cause.contains("xenstored did not answer."))
    }

    @Test("a resize reserves the larger of both sizes until it is done, and gives back what a failure leaves")
    func resizes() throws {
        var pool = try Running()

        let grow = try pool.task(.changeMachine(pool.id, MachineChange(memory: Mebibytes(3_000))))
        let growing = pool.reserved
        pool.scene.observe(pool.id, .failed(grow, cause: "The guest does not balloon."))
        let afterFailure = (pool.reserved, pool.machine.requirements.memory)
        _ = try pool.task(.changeMachine(pool.id, MachineChange(memory: Mebibytes(500), virtualCPUs: 2)))
        let shrinking = pool.reserved
        pool.scene.observe(pool.id, .resized)

        #expect(growing == Mebibytes(3_000) && afterFailure == (Mebibytes(1_000), Mebibytes(1_000)))
        #expect(shrinking == Mebibytes(1_000) && pool.reserved == Mebibytes(500))
        #expect(pool.scene.state.inconsistency == nil)
    }

    @Test("while it runs it grows neither above its maximum nor above what its server has")
    func boundsResize() throws {
        var pool = try Running()

        expectRefused(pool.scene.apply(.changeMachine(pool.id, MachineChange(memory: Mebibytes(9_001)))), .machineStateForbids)
        expectRefused(pool.scene.apply(.changeMachine(pool.id, MachineChange(virtualCPUs: 5))), .machineStateForbids)
        expectRefused(pool.scene.apply(.changeMachine(pool.id, MachineChange(memory: Mebibytes(8_500)))), .noServerFits)

        #expect(pool.reserved == Mebibytes(1_000) && pool.machine.task == nil)
    }

    @Test("what a state does not allow is refused by the names of both, with what it allows")
    func refuses() throws {
        var pool = try Running()
        guard case .refused(let unpause) = pool.scene.apply(.unpauseMachine(pool.id)) else { return #expect(Bool(false)) }
        _ = try pool.task(.pauseMachine(pool.id))
        pool.scene.observe(pool.id, .paused)

        guard case .refused(let reboot) = pool.scene.apply(.rebootMachine(pool.id, force: true)) else { return #expect(Bool(false)) }
        expectRefused(pool.scene.apply(.deleteMachine(pool.id)), .machineStateForbids)
        expectRefused(pool.scene.apply(.stopMachine(pool.id, force: false, patience: .zero)), .invalidValue)

        #expect(unpause.message.contains("cannot be unpaused: it is Running on server"))
        #expect(reboot.message.contains("cannot be rebooted: it is Paused") && reboot.message.contains("stopped, unpaused or reset"))
    }
}
