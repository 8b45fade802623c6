import AgentCore
import PoolModel
import PoolStateMachine
import Testing

@Suite("A guest crashes whose configuration wants a core dump")
struct CoreDumpTests {
    /// A machine that has run for a minute, and has crashed; how it ended is committed.
    private static func crashed(_ action: MachineEndAction = .coreDumpRestart) throws -> (AgentScene, VirtualMachineID) {
        var scene = try ReconciliationTests.serving()
        var requirements = MachineRequirements(domainType: .pv, memory: Mebibytes(640), virtualCPUs: 1)
        requirements.endActions.onCrash = action
        let definition = MachineDefinition(
            name: try #require(VirtualMachineName("web01")), uuid: UniqueIdentifier(high: 5, low: 5), configuration: "name='web01'",
            requirements: requirements, preferredServers: [])
        guard case .done(.machine(let machine)) = try scene.submit(.createMachine(definition)) else { throw AgentScene.NoAnswer() }
        _ = try scene.submit(.startMachine(machine))
        try scene.finish("create") { $0.domains = [$0.domain(machine, .paused)] }
        try scene.finish("unpause") { $0.domains = [$0.domain(machine, .running)] }
        scene.elapse(.seconds(60))
        scene.domains = [scene.domain(machine, .ended(.crash))]
        scene.step(.domainsChanged)
        scene.answerListings()
        return (scene, machine)
    }

    @Test("its memory is dumped once its end is committed, and its domain is destroyed once the dump is")
    func dumpsFirst() throws {
        var (scene, machine) = try Self.crashed()
        let during = try scene.machine(machine)

        try scene.finish("dump", with: .dumped(path: "/dump/web01.core"))
        let dumped = try scene.machine(machine)
        try scene.finish("destroy") { $0.domains = [] }

        #expect(during.ended == MachineEnd(reason: .crashed, isTooSoon: false))
        #expect(during.status == .rebooting && during.cause.contains("Its memory is dumped on server alpha"))
        #expect(dumped.ended?.dump == .made(path: "/dump/web01.core"))
        #expect(try scene.machine(machine).cause.contains("The guest crashed. Its memory is in /dump/web01.core on its server."))
        try scene.finish("create") { _ in }
    }

    @Test("a dump that fails is said, and the machine goes on all the same")
    func fails() throws {
        var (scene, machine) = try Self.crashed(.coreDumpDestroy)

        try scene.finish("dump", with: .failed(cause: "The disk is full."))
        try scene.finish("destroy") { $0.domains = [] }

        let found = try scene.machine(machine)
        #expect(found.status == .error && found.placement == nil)
        #expect(found.cause == "The guest crashed. Its memory could not be dumped: The disk is full.")
        let events = scene.core.state.events.events
        #expect(events.contains { $0.kind == "vm-core-dump-failed" && $0.text.contains("The disk is full.") })
        #expect(scene.takeOperations().isEmpty)
    }

    @Test("a dump that does not end is waited for as long as its size allows, and no longer; what comes of it later is not looked at")
    func hangs() throws {
        var (scene, machine) = try Self.crashed()
        let dump = try #require(scene.takeOperations().first)
        // 640 MiB at 64 MiB/s, and a minute.
        scene.elapse(.seconds(69))
        let before = scene.takeOperations()

        scene.elapse(.seconds(2))
        try scene.finish("destroy") { $0.domains = [] }
        scene.step(.operationEnded(dump.id, .dumped(path: "/late.core")))
        scene.answerListings()

        #expect(before.isEmpty)
        #expect(try scene.machine(machine).cause.contains("It was not done after 70 s, and is no longer waited for."))
        #expect(scene.core.state.events.events.filter { $0.kind.hasPrefix("vm-core-dump") }.count == 1)
    }

    @Test("a forced stop does not wait for a dump, another one does", arguments: [true, false])
    func isStopped(isForced: Bool) throws {
        var (scene, machine) = try Self.crashed()
        let dump = try #require(scene.takeOperations().first)

        _ = try scene.submit(.stopMachine(machine, force: isForced))
        scene.elapse(.seconds(1))
        if !isForced {
            #expect(scene.takeOperations().isEmpty)
            scene.step(.operationEnded(dump.id, .dumped(path: "/dump/web01.core")))
            scene.answerListings()
        }
        try scene.finish("destroy") { $0.domains = [] }

        let found = try scene.machine(machine)
        #expect(found.status == .poweredOff && found.placement == nil)
        #expect(scene.core.state.events.events.contains { $0.kind == "vm-core-dumped" } == !isForced)
    }

    @Test("the next run of the agent dumps anew what is not said to be dumped, and nothing else", arguments: [true, false])
    func agentIsStartedAnew(isSaid: Bool) throws {
        var (scene, machine) = try Self.crashed()
        if isSaid { try scene.finish("dump", with: .dumped(path: "/dump/web01.core")) }

        var next = try AgentScene(disk: scene.disk, run: 2)
        next.time = scene.time
        next.domains = [next.domain(machine, .ended(.crash))]
        next.elapse(.seconds(5))

        let operations = next.takeOperations().map(\.operation)
        #expect(operations == [isSaid ? .destroy(domain: 1) : .dumpCore(domain: 1)])
    }
}

extension AgentScene {
    /// Ends the one operation that waits, which must be of this kind: with what has become of the domains, or another result.
    mutating func finish(
        _ kind: String, with result: DomainOperationResult = .done, _ change: (inout AgentScene) -> Void = { _ in }
    ) throws {
        let operations = takeOperations()
        let operation = try #require(operations.first)
        #expect(operations.count == 1 && "\(operation.operation)".hasPrefix(kind), "\(operation.operation)")
        change(&self)
        step(.operationEnded(operation.id, result))
        answerListings()
    }
}
