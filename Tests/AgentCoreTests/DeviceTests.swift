import AgentCore
import PoolModel
import PoolStateMachine
import Testing

@Suite("Devices that come and go, as one agent carries it out")
struct DeviceTests {
    private struct Running {
        var scene: AgentScene
        let machine: VirtualMachineID
        let task: TaskID
        let change: DeviceChange

        /// A machine that runs, with a disk that is being attached.
        init() throws {
            scene = try ReconciliationTests.serving()
            machine = try scene.startMachine()
            var domain = scene.domain(machine, .paused)
            for state in [DomainState.paused, .running] {
                for operation in scene.takeOperations() {
                    domain = scene.domain(machine, state)
                    scene.domains = [domain]
                    scene.step(.operationEnded(operation.id, .done))
                }
                scene.answerListings()
            }
            scene.elapse(.seconds(60))
            try #require(try scene.machine(machine).status == .running)
            change = DeviceChange(
                DeviceOperation(.attachDisk, device: "xvdb", element: "vdev=xvdb, target=/OVS/a"),
                basis: PoolState.digest(ofConfiguration: try scene.machine(machine).configuration), configuration: "name='web01' # changed",
                interfaces: [], diskPaths: ["/OVS/a"])
            guard case .done(.task(let task)) = try scene.submit(.changeDevice(machine, change)) else { throw AgentScene.NoAnswer() }
            self.task = task
        }

        var state: PoolTask? { scene.core.state.tasks[task] }
        var text: String? { scene.core.state.machines[machine]?.configuration }
    }

    @Test("the change is asked for once, and said when the hypervisor has done it")
    func carriesOut() throws {
        var pool = try Running()

        let operations = pool.scene.takeOperations()
        pool.scene.elapse(.seconds(5))
        let again = pool.scene.takeOperations().map(\.operation)
        for operation in operations { pool.scene.step(.operationEnded(operation.id, .done)) }
        pool.scene.elapse(.seconds(2))

        #expect(operations.map(\.operation) == [.changeDevice(domain: pool.scene.domains[0].domain, pool.change.operation)])
        #expect(again == [] && pool.scene.takeOperations().map(\.operation) == [])
        #expect(pool.state?.state == .done && pool.text == "name='web01' # changed")
    }

    @Test("a failure ends the task with its cause, and is not tried again")
    func fails() throws {
        var pool = try Running()

        for operation in pool.scene.takeOperations() {
            pool.scene.step(.operationEnded(operation.id, .failed(cause: "The disk is not there.")))
        }
        pool.scene.elapse(.seconds(20))

        #expect(pool.state?.state == .failed && pool.state?.cause == "The disk is not there.")
        #expect(pool.text == "name='web01'" && pool.scene.takeOperations().map(\.operation) == [])
        #expect(try pool.scene.machine(pool.machine).status == .running)
    }

    @Test("a run of the agent that finds the change begun by a former one asks the hypervisor anew", arguments: [false, true])
    func outlivesAgent(wasAsked: Bool) throws {
        var pool = try Running()
        if wasAsked { _ = pool.scene.takeOperations() }

        var next = try AgentScene(disk: pool.scene.disk, run: 2)
        next.domains = pool.scene.domains
        next.elapse(.seconds(2))
        let operations = next.takeOperations()
        for operation in operations { next.step(.operationEnded(operation.id, .done)) }
        next.elapse(.seconds(2))

        #expect(operations.map(\.operation) == [.changeDevice(domain: next.domains[0].domain, pool.change.operation)])
        #expect(next.core.state.tasks[pool.task]?.state == .done)
        #expect(try next.machine(pool.machine).configuration == "name='web01' # changed")
    }

    @Test("a machine that is paused behind the pool's back gives up a change that failed, with its cause")
    func givesUpWhilePaused() throws {
        var pool = try Running()

        pool.scene.domains = [pool.scene.domain(pool.machine, .paused)]
        for operation in pool.scene.takeOperations() { pool.scene.step(.operationEnded(operation.id, .failed(cause: "It does not run."))) }
        pool.scene.elapse(.seconds(5))

        #expect(try pool.scene.machine(pool.machine).status == .paused)
        #expect(pool.state?.state == .failed && pool.state?.cause == "It does not run." && pool.text == "name='web01'")
    }

    @Test("while it is under way the task says what its server is doing")
    func tellsProgress() throws {
        var pool = try Running()
        _ = pool.scene.takeOperations()
        pool.scene.elapse(.seconds(2))
        pool.scene.effects = []

        pool.scene.step(.readProgress(ClientRequestID(77)))

        let told = pool.scene.effects.compactMap { effect in
            if case .answerProgress(_, let tasks) = effect { tasks } else { nil }
        }
        #expect(told.first?.map(\.phase) == [.changingDevice] && told.first?.map(\.task) == [pool.task])
    }
}
