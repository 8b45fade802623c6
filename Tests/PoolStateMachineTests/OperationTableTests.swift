import PoolModel
import PoolStateMachine
import Testing

@Suite("What can be asked of a virtual machine in each state")
struct OperationTableTests {
    /// A state that a machine can be brought to, and what can be asked of it there.
    struct Row: CustomTestStringConvertible, Sendable {
        let status: MachineStatus
        /// Whether its domain was kept after its guest's end.
        var isKept = false
        let allowed: Set<MachineOperation>

        var testDescription: String { status.rawValue + (isKept ? ", its domain kept" : "") }
    }

    /// Every row is written out: what is missing here is refused.
    static let table: [Row] = [
        Row(status: .poweredOff, allowed: [.start, .resize, .changeDevices, .delete, .resetStatus]),
        Row(status: .running, allowed: [.stop, .reboot, .pause, .suspend, .migrate, .resize, .changeDevices, .resetStatus]),
        Row(status: .paused, allowed: [.stop, .unpause, .resetStatus]),
        Row(status: .error, allowed: [.start, .stop, .resize, .changeDevices, .delete, .resetStatus]),
        Row(status: .error, isKept: true, allowed: [.stop]),
        Row(status: .initializing, allowed: [.stop]),
        Row(status: .shuttingDown, allowed: [.stop]),
        Row(status: .rebooting, allowed: [.stop]),
        Row(status: .pausing, allowed: [.stop]),
        Row(status: .unpausing, allowed: [.stop]),
        // These by force only: SuspendTests.
        Row(status: .suspending, allowed: [.stop]),
        Row(status: .suspended, allowed: [.resume, .stop]),
        Row(status: .resuming, allowed: [.stop]),
        Row(status: .migrating, allowed: [.stop]),
        Row(status: .unknown, allowed: [.stop]),
    ]

    private static let participles: [MachineOperation: String] = [
        .start: "started", .stop: "stopped", .reboot: "rebooted", .pause: "paused", .unpause: "unpaused", .resize: "resized",
        .delete: "deleted", .resetStatus: "reset", .suspend: "suspended", .resume: "resumed", .migrate: "migrated",
        .changeDevices: "given other devices",
    ]

    private static func command(_ operation: MachineOperation, _ id: VirtualMachineID) -> PoolCommand {
        switch operation {
        case .start: .startMachine(id)
        case .stop: .stopMachine(id, force: true)
        case .reboot: .rebootMachine(id, force: true)
        case .pause: .pauseMachine(id)
        case .unpause: .unpauseMachine(id)
        case .suspend: .suspendMachine(id)
        case .resume: .resumeMachine(id)
        case .migrate: .migrateMachine(id, MigrationWish())
        case .resize: .changeMachine(id, MachineChange(memory: Mebibytes(900)))
        case .changeDevices:
            .changeDevice(
                id,
                DeviceChange(
                    DeviceOperation(.detachDisk, device: "xvdb", element: ""), basis: PoolState.digest(ofConfiguration: "name = 'web'"),
                    configuration: "name = 'web'\n", interfaces: [], diskPaths: []))
        case .delete: .deleteMachine(id)
        case .resetStatus: .resetMachineStatus(id)
        }
    }

    /// Brings a machine to the state of the row by what really leads there.
    private static func machine(in row: Row) throws -> (scene: PoolScene, id: VirtualMachineID) {
        var scene = try PoolScene(servers: 2)
        var requirements = MachineRequirements(domainType: .pv, memory: Mebibytes(1_000), virtualCPUs: 1)
        requirements.endActions.onCrash = .preserve
        let definition = MachineDefinition(
            name: try #require(VirtualMachineName("web")), uuid: UniqueIdentifier(high: 7, low: 7), configuration: "name = 'web'",
            requirements: requirements, preferredServers: [])
        guard case .done(.machine(let id)) = scene.apply(.createMachine(definition)) else { throw SceneError(outcome: .done(.none)) }
        guard row.status != .poweredOff else { return (scene, id) }
        try scene.start(id)
        if row.status == .error, !row.isKept { scene.observe(id, .stopped(.startFailed, cause: "Its image is missing.")) }
        guard row.status != .initializing, row.status != .error || row.isKept else { return (scene, id) }
        scene.observe(id, .running)
        switch row.status {
        case .poweredOff, .initializing, .running: break
        case .error: scene.observe(id, .ended(.crashed, isTooSoon: false))
        case .shuttingDown: try scene.stop(id)
        case .rebooting: scene.apply(.rebootMachine(id, force: false))
        case .pausing: scene.apply(.pauseMachine(id))
        case .paused, .unpausing:
            scene.apply(.pauseMachine(id))
            scene.observe(id, .paused)
            if row.status == .unpausing { scene.apply(.unpauseMachine(id)) }
        case .suspending, .suspended, .resuming:
            scene.apply(.suspendMachine(id))
            guard row.status != .suspending else { break }
            scene.observe(id, .suspended)
            scene.observe(id, .stopped(.requested, cause: "Its memory is in its image."))
            if row.status == .resuming { scene.apply(.resumeMachine(id)) }
        case .migrating: scene.apply(.migrateMachine(id, MigrationWish()))
        case .unknown: scene.reach(PoolScene.one, false)
        }
        return (scene, id)
    }

    @Test("each operation is done or refused as the table says, and a refusal names the state and the operation", arguments: table)
    func follows(row: Row) throws {
        let (scene, id) = try Self.machine(in: row)
        try #require(scene.state.machines[id]?.status == row.status)

        #expect(Set(scene.state.machines[id]?.allowedOperations ?? []) == row.allowed)
        for operation in MachineOperation.allCases {
            var attempt = scene
            let outcome = attempt.apply(Self.command(operation, id))
            if row.allowed.contains(operation) {
                guard case .done = outcome else { Issue.record("\(operation): \(outcome)"); continue }
            } else {
                expectRefused(outcome, .machineStateForbids)
                guard case .refused(let refusal) = outcome else { continue }
                let words = try #require(Self.participles[operation])
                #expect(refusal.message.contains("cannot be \(words): it is \(row.status.rawValue)"), "\(refusal.message)")
                #expect(attempt.state.machines[id] == scene.state.machines[id])
            }
            #expect(attempt.state.inconsistency == nil)
        }
    }

    @Test("the table has every state")
    func isComplete() {
        #expect(Set(Self.table.map(\.status)) == Set(MachineStatus.allCases))
    }

    @Test("a machine in Error that holds no domain is powered off by a stop, and nothing is to be waited for")
    func stopsAfterError() throws {
        var (scene, id) = try Self.machine(in: Row(status: .error, allowed: []))

        let outcome = scene.apply(.stopMachine(id, force: false))

        let machine = try #require(scene.state.machines[id])
        guard case .done(.task(let task)) = outcome else { return #expect(Bool(false), "\(outcome)") }
        #expect(scene.state.tasks[task]?.state == .done)
        #expect(machine.status == .poweredOff && machine.cause.isEmpty && machine.task == nil && machine.placement == nil)
    }
}
