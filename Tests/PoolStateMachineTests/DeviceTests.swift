import Placement
import PoolModel
import PoolStateMachine
import Testing

@Suite("Disks, CDs and interfaces that come and go")
struct DeviceTests {
    /// A machine with one interface on a server with one bridge and one storage root.
    private struct Machine {
        var scene: PoolScene
        let id: VirtualMachineID

        init(isRunning: Bool = true, type: DomainType = .pv, servers: Int = 1) throws {
            scene = try PoolScene(servers: servers)
            let definition = MachineDefinition(
                name: try #require(VirtualMachineName("web")), uuid: UniqueIdentifier(high: 7, low: 7), configuration: "name = 'web'",
                requirements: MachineRequirements(
                    domainType: type, memory: Mebibytes(1_000), virtualCPUs: 1, interfaces: [Self.interface(1)],
                    diskPaths: ["/OVS/web.img"], maximumMemory: Mebibytes(2_000)), preferredServers: [PoolScene.one])
            guard case .done(.machine(let id)) = scene.apply(.createMachine(definition)) else { throw SceneError(outcome: .done(.none)) }
            self.id = id
            guard isRunning else { return }
            try scene.start(id)
            scene.observe(id, .running)
        }

        static func interface(_ megabits: Int, bridge: String = "xenbr0") -> InterfaceRequirement {
            InterfaceRequirement(bridge: bridge, rate: KilobitsPerSecond(megabits * 1_000))
        }

        var machine: VirtualMachine {
            get throws { try #require(scene.state.machines[id]) }
        }

        /// A change of the text that the machine has now.
        func change(
            _ kind: DeviceChangeKind, device: String = "xvdb", disks: [String]? = nil, interfaces: [InterfaceRequirement]? = nil,
            text: String = "name = 'web'\ndisk = ['..']", isForced: Bool = false
        ) throws -> DeviceChange {
            let machine = try machine
            return DeviceChange(
                DeviceOperation(kind, device: device, element: "vdev=\(device)", isForced: isForced),
                basis: PoolState.digest(ofConfiguration: machine.configuration), configuration: text,
                interfaces: interfaces ?? machine.requirements.interfaces, diskPaths: disks ?? machine.requirements.diskPaths)
        }

        func attachingDisk() throws -> DeviceChange { try change(.attachDisk, disks: ["/OVS/web.img", "/OVS/data.img"]) }

        mutating func begin(_ change: DeviceChange) throws -> TaskID {
            let outcome = scene.apply(.changeDevice(id, change))
            guard case .done(.task(let task)) = outcome else { throw SceneError(outcome: outcome) }
            return task
        }

        func task(_ id: TaskID) -> PoolTask? { scene.state.tasks[id] }
        var rates: Int { scene.state.reservations(on: PoolScene.one).rates["xenbr0"] ?? 0 }
    }

    @Test("a machine that is powered off has the new text at once, without a task")
    func changesWhilePoweredOff() throws {
        var pool = try Machine(isRunning: false)

        let outcome = pool.scene.apply(.changeDevice(pool.id, try pool.attachingDisk()))

        let machine = try pool.machine
        #expect(outcome == .done(.none))
        #expect(machine.configuration == "name = 'web'\ndisk = ['..']" && machine.deviceChange == nil && machine.task == nil)
        #expect(machine.requirements.diskPaths == ["/OVS/web.img", "/OVS/data.img"])
        #expect(machine.requirements.maximumMemory == Mebibytes(2_000))
        #expect(machine.changedAt == pool.scene.state.appliedIndex)
        #expect(pool.scene.state.events.events.last?.kind == PoolEventKind.machineDeviceChanged.rawValue)
        #expect(pool.scene.state.inconsistency == nil)
    }

    @Test("of a machine that runs the text is as before until its server says that the device is changed")
    func changesWhileRunning() throws {
        var pool = try Machine()

        let task = try pool.begin(try pool.attachingDisk())
        let begun = try pool.machine
        pool.scene.observe(pool.id, .deviceChanged(TaskID(999)))
        let unmoved = try pool.machine
        pool.scene.observe(pool.id, .deviceChanged(task))

        #expect(begun.configuration == "name = 'web'" && begun.status == .running && begun.task == task)
        #expect(begun.deviceChange?.operation.device == "xvdb" && begun.requirements.diskPaths == ["/OVS/web.img"])
        #expect(unmoved == begun)
        let machine = try pool.machine
        #expect(machine.configuration.contains("disk") && machine.deviceChange == nil && machine.task == nil)
        #expect(machine.requirements.diskPaths == ["/OVS/web.img", "/OVS/data.img"] && machine.status == .running)
        #expect(pool.task(task)?.state == .done && pool.task(task)?.cause == "Disk xvdb is attached.")
        #expect(pool.scene.state.inconsistency == nil)
    }

    @Test("a failure leaves text, needs and reservations as they were")
    func failureChangesNothing() throws {
        var pool = try Machine()
        let before = try pool.machine
        let task = try pool.begin(
            try pool.change(.attachInterface, device: "00:16:3e:00:00:01", interfaces: [Machine.interface(1), Machine.interface(100)]))
        let reserved = pool.rates

        pool.scene.observe(pool.id, .failed(task, cause: "Xen could not attach it."))

        let machine = try pool.machine
        #expect(reserved == 101_000 && pool.rates == 1_000)
        #expect(machine.configuration == before.configuration && machine.requirements == before.requirements)
        #expect(machine.deviceChange == nil && machine.task == nil && machine.status == .running)
        #expect(pool.task(task)?.state == .failed && pool.task(task)?.cause == "Xen could not attach it.")
        #expect(pool.scene.state.inconsistency == nil)
    }

    @Test("an interface that goes keeps its share of the network until it is gone")
    func releasesNetworkAtTheEnd() throws {
        var pool = try Machine()

        let task = try pool.begin(try pool.change(.detachInterface, device: "00:16:3e:00:00:01", interfaces: [], isForced: true))
        let during = pool.rates
        pool.scene.observe(pool.id, .deviceChanged(task))

        #expect(during == 1_000 && pool.rates == 0)
        #expect(pool.task(task)?.cause == "Interface 00:16:3e:00:00:01 is detached, by force.")
        #expect(pool.scene.state.inconsistency == nil)
    }

    @Test("of two changes that were made of the same text one is refused; a tag in between is no reason")
    func refusesRacing() throws {
        var pool = try Machine(isRunning: false)
        let first = try pool.attachingDisk()
        let second = try pool.change(.attachDisk, device: "xvdc", text: "name = 'web'\ndisk = ['other']")
        pool.scene.apply(.putTag(pool.id, key: try PoolScene.tag("a"), value: "b"))

        let outcomes = [first, second].map { pool.scene.apply(.changeDevice(pool.id, $0)) }

        #expect(outcomes[0] == .done(.none))
        expectRefused(outcomes[1], .changedMeanwhile)
        #expect(try pool.machine.configuration == first.configuration)
    }

    @Test("while a device is being changed the next change, a pause, a suspend and a resize wait; a stop does not")
    func refusesMeanwhile() throws {
        var pool = try Machine()
        let task = try pool.begin(try pool.attachingDisk())

        expectRefused(pool.scene.apply(.changeDevice(pool.id, try pool.attachingDisk())), .machineStateForbids)
        expectRefused(pool.scene.apply(.pauseMachine(pool.id)), .machineStateForbids)
        expectRefused(pool.scene.apply(.suspendMachine(pool.id)), .machineStateForbids)
        expectRefused(pool.scene.apply(.changeMachine(pool.id, MachineChange(memory: Mebibytes(1_500)))), .machineStateForbids)
        expectRefused(pool.scene.apply(.cancelTask(task)), .taskNotCancellable)
        let during = pool.task(task)?.state
        try pool.scene.stop(pool.id)

        let machine = try pool.machine
        #expect(during == .running && pool.task(task)?.state == .cancelled)
        #expect(machine.deviceChange == nil && machine.configuration == "name = 'web'" && machine.status == .shuttingDown)
        #expect(pool.scene.state.inconsistency == nil)
    }

    @Test("a change waits for a resize that is under way")
    func waitsForResize() throws {
        var pool = try Machine()
        pool.scene.apply(.changeMachine(pool.id, MachineChange(memory: Mebibytes(1_500))))
        let during = pool.scene.apply(.changeDevice(pool.id, try pool.attachingDisk()))
        pool.scene.observe(pool.id, .resized)

        let task = try pool.begin(try pool.attachingDisk())
        pool.scene.observe(pool.id, .deviceChanged(task))

        expectRefused(during, .machineStateForbids)
        #expect(try pool.machine.requirements.memory == Mebibytes(1_500) && pool.task(task)?.state == .done)
        #expect(pool.scene.state.inconsistency == nil)
    }

    @Test("a guest that ends meanwhile fails the task, and the text is as before")
    func guestEnds() throws {
        var pool = try Machine()
        let task = try pool.begin(try pool.attachingDisk())

        pool.scene.observe(pool.id, .ended(.poweredOffItself, isTooSoon: false))
        pool.scene.observe(pool.id, .stopped(.poweredOffItself, cause: "The guest powered itself off."))

        let machine = try pool.machine
        #expect(machine.status == .poweredOff && machine.configuration == "name = 'web'" && machine.deviceChange == nil)
        #expect(pool.task(task)?.state == .failed)
        #expect(pool.scene.state.inconsistency == nil)
    }

    @Test("a server's agent that is started anew finds the change still to be done, and finishes it in its next session")
    func outlivesAgent() throws {
        var pool = try Machine()
        let task = try pool.begin(try pool.attachingDisk())

        pool.scene.open(PoolScene.one)
        pool.scene.observe(pool.id, .running)
        let adopted = try pool.machine
        pool.scene.observe(pool.id, .deviceChanged(task))

        #expect(adopted.deviceChange != nil && adopted.task == task && adopted.status == .running)
        #expect(try pool.machine.deviceChange == nil && pool.task(task)?.state == .done)
        #expect(pool.scene.state.inconsistency == nil)
    }

    @Test(
        "what the server lacks is refused with the reason, and what the machine has already is not asked for again",
        arguments: [
            (DeviceChangeKind.attachDisk, "server alpha has no storage root that holds /elsewhere/data.img"),
            (.attachInterface, "server alpha has no bridge xenbr9"), (.attachInterface, "server alpha has 999000 kb/s free"),
        ])
    func refusesWithoutRoom(kind: DeviceChangeKind, reason: String) throws {
        var pool = try Machine()
        var change = try pool.change(kind, disks: ["/OVS/web.img", "/elsewhere/data.img"])
        if kind == .attachInterface {
            let new = reason.contains("bridge xenbr9") ? Machine.interface(1, bridge: "xenbr9") : Machine.interface(1_000)
            change = try pool.change(kind, interfaces: [Machine.interface(1), new])
        }

        let outcome = pool.scene.apply(.changeDevice(pool.id, change))

        expectRefused(outcome, .noServerFits)
        guard case .refused(let refusal) = outcome else { return }
        let isNamed = refusal.message.contains(reason) || reason.hasSuffix("free") && refusal.message.contains("free on bridge xenbr0")
        #expect(isNamed, "\(refusal.message)")
        #expect(try pool.machine.deviceChange == nil && pool.machine.task == nil)
    }

    @Test("what goes is not asked for room, although the server has lost its bridge since")
    func detachesWithoutRoom() throws {
        var pool = try Machine()
        let bare = ServerFacts(
            totalMemory: Mebibytes(10_000), reservedMemory: Mebibytes(2_000), processors: 16, cards: [], bridges: [], storageRoots: [],
            domainTypes: [.pv], hypervisor: "simulated")
        let session = try #require(pool.scene.state.servers[PoolScene.one]?.session)
        pool.scene.apply(.serverFacts(server: PoolScene.one, session: session, bare), by: .server(PoolScene.one))

        _ = try pool.begin(try pool.change(.detachInterface, interfaces: []))

        #expect(try pool.machine.deviceChange?.operation.kind == .detachInterface)
    }

    @Test("a drive takes another medium while the machine runs only where it is hardware virtualized")
    func mediaNeedHardware() throws {
        var paravirtualized = try Machine()
        var hardware = try Machine(type: .hvm)
        var stopped = try Machine(isRunning: false)

        expectRefused(
            paravirtualized.scene.apply(.changeDevice(paravirtualized.id, try paravirtualized.change(.ejectMedium))), .machineStateForbids)
        let task = try hardware.begin(try hardware.change(.insertMedium, device: "hdc", disks: ["/OVS/web.img", "/OVS/cd.iso"]))
        hardware.scene.observe(hardware.id, .deviceChanged(task))

        #expect(hardware.task(task)?.cause == "Drive hdc has another medium.")
        #expect(stopped.scene.apply(.changeDevice(stopped.id, try stopped.change(.ejectMedium))) == .done(.none))
    }

    @Test("texts and names are bounded where they are applied")
    func bounds() throws {
        var pool = try Machine(isRunning: false)
        let long = String(repeating: "#", count: PoolLimits.configurationBytes + 1)
        let many = Array(repeating: "/OVS/a", count: PoolLimits.diskPaths + 1)
        let changes = [
            try pool.change(.attachDisk, text: long), try pool.change(.attachDisk, device: ""),
            try pool.change(.attachDisk, device: String(repeating: "x", count: 65)), try pool.change(.attachDisk, disks: many),
        ]

        for change in changes { expectRefused(pool.scene.apply(.changeDevice(pool.id, change)), .invalidValue) }

        #expect(try pool.machine.configuration == "name = 'web'")
    }
}
