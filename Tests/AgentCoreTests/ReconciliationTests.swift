import AgentCore
import PoolModel
import PoolStateMachine
import Testing

@Suite("An agent closes the difference between the log and its hypervisor")
struct ReconciliationTests {
    /// A scene whose agent is master and has its session open.
    static func serving() throws -> AgentScene {
        var scene = try AgentScene()
        scene.elapse(.seconds(2))
        try #require(scene.core.mastershipStatus.isMaster)
        return scene
    }

    @Test("the agent opens its session with HELLO once it has seen its domains")
    func opensSession() throws {
        let scene = try Self.serving()

        let server = try #require(scene.core.state.servers[ServerID(1)])
        #expect(server.session == SessionNumber(1))
        #expect(server.isSessionOpen)
        #expect(server.facts == AgentScene.facts)
    }

    @Test("before its HELLO is applied an agent starts nothing (fencing: sessions)")
    func startsNothingWithoutSession() throws {
        var scene = try Self.serving()
        let machine = try scene.startMachine()
        _ = scene.takeOperations()

        // The agent ends, and its next run does not hear from its hypervisor: it cannot say HELLO.
        var next = try AgentScene(disk: scene.disk, run: 2)
        for _ in 0..<100 {
            next.time = next.time + .milliseconds(100)
            next.step(.timePassed)
        }

        #expect(next.takeOperations().isEmpty)
        #expect(try next.machine(machine).placement?.session == SessionNumber(1))
    }

    @Test("a domain is created paused, then unpaused, then reported as running")
    func startsMachine() throws {
        var scene = try Self.serving()
        let machine = try scene.startMachine()

        let creation = try #require(scene.takeOperations().first)
        guard case .createPaused(let specification) = creation.operation else { return #expect(Bool(false), "\(creation)") }
        #expect(specification.ownership == DomainOwnership(pool: AgentScene.pool, machine: machine, epoch: PlacementEpoch(1)))
        scene.domains = [scene.domain(machine, .paused)]
        scene.step(.operationEnded(creation.id, .done))
        scene.answerListings()

        let unpausing = try #require(scene.takeOperations().first)
        #expect(unpausing.operation == .unpause(domain: 1))
        scene.domains = [scene.domain(machine, .running)]
        scene.step(.operationEnded(unpausing.id, .done))
        scene.answerListings()

        let running = try scene.machine(machine)
        #expect(running.status == .running)
        #expect(running.placement?.isStarted == true)
        #expect(running.task == nil)
    }

    @Test("a start that fails ends as Error with the hypervisor's cause, and is not tried again by itself")
    func reportsFailedStart() throws {
        var scene = try Self.serving()
        let machine = try scene.startMachine()
        let creation = try #require(scene.takeOperations().first)

        scene.step(.operationEnded(creation.id, .failed(cause: "no such kernel.")))
        scene.answerListings()
        scene.elapse(.seconds(3))

        let failed = try scene.machine(machine)
        #expect(failed.status == .error)
        #expect(failed.cause.contains("no such kernel"))
        #expect(failed.placement == nil)
        #expect(scene.takeOperations().isEmpty)
    }

    /// A machine whose domain is built, and whose unpause was refused.
    private static func refusedUnpause() throws -> (scene: AgentScene, machine: VirtualMachineID) {
        var scene = try Self.serving()
        let machine = try scene.startMachine()
        let creation = try #require(scene.takeOperations().first)
        scene.domains = [scene.domain(machine, .paused)]
        scene.step(.operationEnded(creation.id, .done))
        scene.answerListings()
        let unpausing = try #require(scene.takeOperations().first)
        try #require(unpausing.operation == .unpause(domain: 1))
        scene.step(.operationEnded(unpausing.id, .failed(cause: "no CPU is left.")))
        return (scene, machine)
    }

    @Test("a domain that was built and may not run is destroyed, and the start has failed with the hypervisor's cause")
    func takesDownWhatMayNotRun() throws {
        var (scene, machine) = try Self.refusedUnpause()

        scene.answerListings()
        let destruction = try #require(scene.takeOperations().first)
        let meanwhile = try scene.machine(machine)
        scene.step(.operationEnded(destruction.id, .failed(cause: "busy.")))
        scene.elapse(.seconds(3))
        let again = try #require(scene.takeOperations().first)
        scene.domains = []
        scene.step(.operationEnded(again.id, .done))
        scene.elapse(.seconds(3))

        #expect(destruction.operation == .destroy(domain: 1) && again.operation == .destroy(domain: 1))
        #expect(meanwhile.placement != nil)
        let failed = try scene.machine(machine)
        #expect(failed.status == .error && failed.cause.contains("no CPU is left") && failed.placement == nil, "\(failed.cause)")
        #expect(scene.takeOperations().isEmpty)
    }

    @Test("a domain that runs although its unpause was called failed is what it is: it runs")
    func believesTheListing() throws {
        var (scene, machine) = try Self.refusedUnpause()

        scene.domains = [scene.domain(machine, .running)]
        scene.answerListings()
        scene.elapse(.seconds(3))

        #expect(try scene.machine(machine).status == .running)
        #expect(scene.takeOperations().isEmpty)
    }

    @Test("an agent killed between create and unpause takes the domain down in its next run, and says so")
    func endsInterruptedStart() throws {
        var scene = try Self.serving()
        let machine = try scene.startMachine()
        _ = scene.takeOperations()

        var next = try AgentScene(disk: scene.disk, run: 2)
        next.domains = [next.domain(machine, .paused)]
        next.answerListings()
        next.elapse(.seconds(2))
        let operations = next.takeOperations()
        let destruction = try #require(operations.first)
        #expect(operations.count == 1)
        #expect(destruction.operation == .destroy(domain: 1))
        next.domains = []
        next.step(.operationEnded(destruction.id, .done))
        next.elapse(.seconds(2))

        let ended = try next.machine(machine)
        #expect(ended.status == .poweredOff)
        #expect(ended.cause.contains("in the middle of the start"))
        #expect(ended.placement == nil)
    }

    @Test("a running domain is adopted by the next run, in its session")
    func adoptsRunningDomain() throws {
        var scene = try Self.serving()
        let machine = try scene.startMachine()
        scene.domains = [scene.domain(machine, .running)]
        for operation in scene.takeOperations() { scene.step(.operationEnded(operation.id, .done)) }
        scene.answerListings()
        #expect(try scene.machine(machine).status == .running)

        var next = try AgentScene(disk: scene.disk, run: 2)
        next.domains = scene.domains
        next.answerListings()
        next.elapse(.seconds(2))

        let adopted = try next.machine(machine)
        #expect(adopted.status == .running)
        #expect(adopted.placement?.session == SessionNumber(2))
        #expect(next.takeOperations().isEmpty)
    }

    @Test("a guest that powers itself off is taken down and reported as powered off")
    func followsPowerOff() throws {
        var scene = try Self.serving()
        let machine = try scene.startMachine()
        scene.domains = [scene.domain(machine, .running)]
        for operation in scene.takeOperations() { scene.step(.operationEnded(operation.id, .done)) }
        scene.answerListings()

        scene.domains = [scene.domain(machine, .ended(.powerOff))]
        scene.step(.domainsChanged)
        scene.answerListings()
        let destruction = try #require(scene.takeOperations().first)
        scene.domains = []
        scene.step(.operationEnded(destruction.id, .done))
        scene.elapse(.seconds(2))

        let ended = try scene.machine(machine)
        #expect(ended.status == .poweredOff)
        #expect(ended.cause == "The guest powered itself off.")
    }

    @Test("a domain that vanishes is reported as Error; nothing is started in its place")
    func reportsVanishedDomain() throws {
        var scene = try Self.serving()
        let machine = try scene.startMachine()
        scene.domains = [scene.domain(machine, .running)]
        for operation in scene.takeOperations() { scene.step(.operationEnded(operation.id, .done)) }
        scene.answerListings()

        scene.domains = []
        scene.elapse(.seconds(3))

        #expect(try scene.machine(machine).status == .error)
        #expect(scene.takeOperations().isEmpty)
    }

    @Test("domains that the pool did not create, and leftovers of older placements, are never touched")
    func leavesOthersAlone() throws {
        var scene = try Self.serving()
        scene.domains = [
            DomainReport(
                domain: 4, name: "by-hand", uuid: UniqueIdentifier(high: 8, low: 8), state: .running, memory: Mebibytes(1), ownership: nil),
            scene.domain(VirtualMachineID(77), .running, epoch: 3, number: 5),
        ]

        scene.elapse(.seconds(5))

        #expect(scene.takeOperations().isEmpty)
    }

    @Test("a hypervisor that hangs in an operation delays no other machine's writes")
    func goesOnWhileAnOperationHangs() throws {
        var scene = try Self.serving()
        let machine = try scene.startMachine()
        _ = scene.takeOperations()

        scene.elapse(.seconds(30))

        #expect(try scene.submit(.putTag(machine, key: try #require(TagKey("a")), value: "b")) == .done(.none))
        #expect(scene.takeOperations().isEmpty)
        #expect(try scene.machine(machine).status == .initializing)
    }

    @Test("a stop whose request to the guest fails has failed, with the reason, and the machine is wanted running as it is")
    func failsStop() throws {
        var scene = try Self.serving()
        let machine = try Self.running(&scene)
        _ = try scene.submit(.stopMachine(machine, force: false))
        let first = try #require(scene.takeOperations().first)

        scene.step(.operationEnded(first.id, .failed(cause: "xenstored did not answer.")))
        scene.answerListings()
        scene.elapse(.seconds(3))

        #expect(scene.takeOperations().isEmpty)
        let now = try scene.machine(machine)
        #expect(now.status == .running && now.intent == .running && now.cause.contains("xenstored did not answer."))
        #expect(scene.core.state.tasksInOrder.first?.state == .failed)
    }

    @Test("a guest that was asked to shut down is not asked twice")
    func asksOnceForShutdown() throws {
        var scene = try Self.serving()
        let machine = try Self.running(&scene)
        _ = try scene.submit(.stopMachine(machine, force: false))
        let first = try #require(scene.takeOperations().first)

        scene.step(.operationEnded(first.id, .done))
        scene.elapse(.seconds(10))

        #expect(first.operation == .shutdown(domain: 1))
        #expect(scene.takeOperations().isEmpty)
    }

    @Test("an operation that keeps failing is tried again, but not at every listing")
    func pacesFailingOperations() throws {
        var scene = try Self.serving()
        let machine = try Self.running(&scene)
        _ = try scene.submit(.stopMachine(machine, force: true))

        var tries = 0
        for _ in 0..<100 {
            for operation in scene.takeOperations() {
                #expect(operation.operation == .destroy(domain: 1))
                tries += 1
                scene.step(.operationEnded(operation.id, .failed(cause: "The domain does not die.")))
            }
            scene.answerListings()
            scene.elapse(.milliseconds(100))
        }

        #expect((3...10).contains(tries), "\(tries)")
    }

    /// A machine whose domain runs.
    private static func running(_ scene: inout AgentScene) throws -> VirtualMachineID {
        let machine = try scene.startMachine()
        scene.domains = [scene.domain(machine, .running)]
        for operation in scene.takeOperations() { scene.step(.operationEnded(operation.id, .done)) }
        scene.answerListings()
        #expect(try scene.machine(machine).status == .running)
        return machine
    }
}
