import AgentCore
import PoolModel
import PoolStateMachine
import Testing

@Suite("What operators and guests do, as one agent carries it out")
struct OperationTests {
    /// Does what the agent asks of the hypervisor, as a healthy one does, until it asks for nothing more.
    private static func obey(_ scene: inout AgentScene) {
        for _ in 0..<100 {
            let operations = scene.takeOperations()
            for (id, operation) in operations {
                perform(operation, &scene)
                scene.step(.operationEnded(id, .done))
            }
            scene.answerListings()
            if operations.isEmpty { return }
        }
    }

    private static func perform(_ operation: DomainOperation, _ scene: inout AgentScene) {
        switch operation {
        case .createPaused(let wanted):
            let number = (scene.domains.map(\.domain).max() ?? 0) + 1
            scene.domains.append(
                DomainReport(
                    domain: number, name: wanted.name.text, uuid: wanted.uuid, state: .paused, memory: wanted.requirements.memory,
                    virtualCPUs: wanted.requirements.virtualCPUs, ownership: wanted.ownership))
        case .unpause(let number): replace(number, .running, &scene)
        case .pause(let number): replace(number, .paused, &scene)
        case .shutdown(let number): replace(number, .ended(.powerOff), &scene)
        case .reboot(let number): replace(number, .ended(.reboot), &scene)
        case .resize(let number, let memory, let processors): replace(number, .running, &scene, memory: memory, processors: processors)
        case .destroy(let number): scene.domains.removeAll { $0.domain == number }
        case .dumpCore, .removeImage, .receiveDomain, .changeDevice: break
        case .suspend(let number, _), .sendDomain(let number, _): replace(number, .suspended, &scene)
        case .unsuspend(let number): replace(number, .running, &scene)
        }
    }

    private static func replace(
        _ number: UInt32, _ state: DomainState, _ scene: inout AgentScene, memory: Mebibytes? = nil, processors: Int? = nil
    ) {
        scene.domains = scene.domains.map { domain in
            guard domain.domain == number else { return domain }
            return DomainReport(
                domain: number, name: domain.name, uuid: domain.uuid, state: state, memory: memory ?? domain.memory,
                virtualCPUs: processors ?? domain.virtualCPUs, ownership: domain.ownership)
        }
    }

    /// A machine that has been running for a minute.
    private static func running(_ scene: inout AgentScene) throws -> VirtualMachineID {
        let machine = try scene.startMachine()
        obey(&scene)
        scene.elapse(.seconds(60))
        try #require(try scene.machine(machine).status == .running)
        return machine
    }

    private func settle(_ scene: inout AgentScene) {
        for _ in 0..<20 {
            Self.obey(&scene)
            scene.elapse(.milliseconds(500))
        }
    }

    @Test("pause, unpause, resize and reboot are done, and their tasks end")
    func carriesOut() throws {
        var scene = try ReconciliationTests.serving()
        let machine = try Self.running(&scene)
        let epoch = try scene.machine(machine).epoch
        var seen: [MachineStatus] = []

        for command in [PoolCommand.pauseMachine(machine), .unpauseMachine(machine), .rebootMachine(machine, force: false)] {
            _ = try scene.submit(command)
            settle(&scene)
            seen.append(try scene.machine(machine).status)
        }

        #expect(seen == [.paused, .running, .running])
        #expect(try scene.machine(machine).epoch == epoch.next)
        #expect(scene.domains.map(\.ownership?.epoch) == [epoch.next])
        #expect(scene.core.state.tasksInOrder.allSatisfy { $0.state == .done })
    }

    @Test("a guest that reboots is started anew, although the agent ends between any two steps", arguments: 1...6)
    func honoursRebootAcrossRestarts(_ step: Int) throws {
        var scene = try ReconciliationTests.serving()
        let machine = try Self.running(&scene)
        let epoch = try scene.machine(machine).epoch
        Self.replace(scene.domains[0].domain, .ended(.reboot), &scene)
        scene.step(.domainsChanged)
        var count = 0
        // The agent goes on for so many steps, then it is killed; what it asked of the hypervisor last is done all the same.
        for _ in 0..<40 where count < step {
            scene.answerListings()
            for (id, operation) in scene.takeOperations() {
                Self.perform(operation, &scene)
                count += 1
                if count < step { scene.step(.operationEnded(id, .done)) }
            }
            if count < step { scene.elapse(.milliseconds(100)) }
        }

        var next = try AgentScene(disk: scene.disk, run: 2)
        next.domains = scene.domains
        next.elapse(.seconds(2))
        settle(&next)

        let found = try next.machine(machine)
        // Killed in the middle of the new start, it is begun anew under another epoch.
        #expect(found.status == .running && found.epoch > epoch, "it is \(found.status): \(found.cause)")
        #expect(next.domains.map(\.ownership?.epoch) == [found.epoch])
    }

    @Test("a resize that finds its machine paused meanwhile fails, with the reason")
    func resizeFindsPaused() throws {
        var scene = try ReconciliationTests.serving()
        let machine = try Self.running(&scene)

        _ = try scene.submit(.changeMachine(machine, MachineChange(memory: Mebibytes(256), virtualCPUs: nil, preferredServers: nil)))
        Self.replace(scene.domains[0].domain, .paused, &scene)
        for (id, _) in scene.takeOperations() { scene.step(.operationEnded(id, .failed(cause: "It does not run."))) }
        settle(&scene)

        let found = try scene.machine(machine)
        #expect(found.status == .paused)
        #expect(found.task == nil)
        #expect(found.requirements.memory == Mebibytes(512))
        let task = try #require(scene.core.state.tasksInOrder.first { $0.kind == .resize })
        #expect(task.state == .failed)
        #expect(task.cause == "It does not run.")
    }

    @Test("a stop with a time-out destroys the domain of a guest that does not end")
    func destroysAfterPatience() throws {
        var scene = try ReconciliationTests.serving()
        let machine = try Self.running(&scene)
        _ = try scene.submit(.stopMachine(machine, force: false, patience: .seconds(5)))
        for operation in scene.takeOperations() { scene.step(.operationEnded(operation.id, .done)) }

        scene.elapse(.seconds(4))
        let early = scene.takeOperations().map(\.operation)
        scene.elapse(.seconds(2))
        let late = scene.takeOperations().map(\.operation)

        #expect(early == [] && late == [.destroy(domain: scene.domains[0].domain)])
    }

    @Test("an operation that does not answer is named in its task, and a forced stop does not wait for it")
    func namesSilence() throws {
        var scene = try ReconciliationTests.serving()
        let machine = try Self.running(&scene)
        _ = try scene.submit(.pauseMachine(machine))
        let pause = scene.takeOperations().map(\.operation)

        scene.elapse(.seconds(31))
        let task = try #require(scene.core.state.tasksInOrder.first)
        _ = try scene.submit(.stopMachine(machine, force: true))
        scene.elapse(.seconds(1))

        #expect(pause == [.pause(domain: scene.domains[0].domain)])
        #expect(task.state == .running && task.cause.contains("has not answered the request to pause its domain for 30 s"))
        #expect(scene.takeOperations().map(\.operation) == [.destroy(domain: scene.domains[0].domain)])
    }

    @Test("a machine whose start was cancelled says so once nothing of it is left")
    func cancelsStart() throws {
        var scene = try ReconciliationTests.serving()
        let machine = try scene.startMachine()
        let task = try #require(try scene.machine(machine).task)
        let build = scene.takeOperations()

        _ = try scene.submit(.cancelTask(task))
        for (id, _) in build { scene.step(.operationEnded(id, .failed(cause: "It is gone."))) }
        scene.elapse(.seconds(5))

        let found = try scene.machine(machine)
        #expect(found.status == .poweredOff && found.placement == nil)
        #expect(found.cause == "Its start was cancelled; nothing of it runs.")
    }

    @Test("a domain that is kept after its guest crashed is left alone until it is stopped")
    func preserves() throws {
        var scene = try ReconciliationTests.serving()
        let definition = MachineDefinition(
            name: try #require(VirtualMachineName("kept")), uuid: UniqueIdentifier(high: 6, low: 6), configuration: "name='kept'",
            requirements: MachineRequirements(
                domainType: .pv, memory: Mebibytes(512), virtualCPUs: 1,
                endActions: MachineEndActions(onPowerOff: .destroy, onReboot: .restart, onCrash: .preserve)), preferredServers: [])
        guard case .done(.machine(let machine)) = try scene.submit(.createMachine(definition)) else { throw AgentScene.NoAnswer() }
        _ = try scene.submit(.startMachine(machine))
        Self.obey(&scene)
        scene.elapse(.seconds(60))
        Self.replace(scene.domains[0].domain, .ended(.crash), &scene)
        settle(&scene)
        let crashed = try scene.machine(machine)
        let kept = scene.domains.map(\.state)

        _ = try scene.submit(.stopMachine(machine, force: false))
        settle(&scene)

        #expect(crashed.status == .error && crashed.cause.contains("The guest crashed. Its domain is kept"))
        #expect(kept == [.ended(.crash)])
        #expect(try scene.machine(machine).status == .poweredOff && scene.domains.isEmpty)
    }
}
