import PoolModel
import PoolStateMachine

/// SplitMix64: a seed replays a test.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Entries as a pool may see them: sensible ones, stale ones and nonsense.
struct RandomCommands {
    private var random: SeededGenerator
    private var boots: [ServerID: UInt64] = [:]

    /// Whether every second command takes a machine on its way into an image and back.
    private let isAboutImages: Bool

    init(seed: UInt64, isAboutImages: Bool = false) {
        random = SeededGenerator(seed: seed)
        self.isAboutImages = isAboutImages
    }

    mutating func next(in scene: PoolScene) throws -> PoolEntry {
        let (command, principal) = isAboutImages && chance(2) ? imageCommand(in: scene.state) : try command(in: scene.state)
        let request = chance(3) ? requestIdentity(in: scene.state) : nil
        let key =
            chance(6)
            ? IdempotencyKey(key: UniqueIdentifier(high: 1, low: random.next() % 20), request: PoolScene.digest(random.next() % 2)) : nil
        let time = scene.clock + Int64.random(in: -5_000...10_000_000, using: &random)
        return PoolEntry(
            command: command, principal: principal, proposedAt: PoolTime(milliseconds: time), reason: chance(4) ? "because" : "",
            request: request, idempotency: key)
    }

    private mutating func chance(_ oneIn: Int) -> Bool { Int.random(in: 0..<oneIn, using: &random) == 0 }

    private mutating func requestIdentity(in state: PoolState) -> RequestIdentity {
        let member = server(in: state)
        let sequence = 1 + random.next() % 30
        return RequestIdentity(
            member: member, session: session(of: member, in: state), sequence: sequence, firstOutstanding: 1 + random.next() % sequence)
    }

    private mutating func server(in state: PoolState) -> ServerID { ServerID(1 + random.next() % state.nextServer) }

    private mutating func machine(in state: PoolState) -> VirtualMachineID { VirtualMachineID(1 + random.next() % state.nextMachine) }

    /// Mostly the current one, sometimes one before or after.
    private mutating func session(of server: ServerID, in state: PoolState) -> SessionNumber {
        let current = state.servers[server]?.session ?? .none
        return chance(6) ? SessionNumber(current.number &+ random.next() % 3 &- (current.number > 0 ? 1 : 0)) : current
    }

    private mutating func preferred(in state: PoolState) -> [ServerID] {
        (0..<Int.random(in: 0...2, using: &random)).map { _ in server(in: state) }
    }

    private mutating func command(in state: PoolState) throws -> (PoolCommand, Principal) {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<8: return (.createMachine(try definition(in: state)), PoolScene.root)
        case 8..<28: return (.startMachine(machine(in: state)), PoolScene.root)
        case 28..<38: return (.stopMachine(machine(in: state), force: chance(2)), PoolScene.root)
        case 38..<57: return observation(in: state)
        case 57..<67: return hello(in: state)
        case 67..<69:
            let server = server(in: state)
            return (.released(server: server, session: session(of: server, in: state)), .server(server))
        case 69..<78:
            let server = server(in: state)
            let session = session(of: server, in: state)
            return (.reachability(server: server, session: session, isReachable: !chance(3)), .master(PoolScene.one))
        default: return try rareCommand(in: state)
        }
    }

    /// Mostly made of the machine's present text.
    private mutating func deviceChange(of machine: VirtualMachine?) -> DeviceChange {
        let text = machine?.configuration ?? ""
        let kind = DeviceChangeKind.allCases.randomElement(using: &random) ?? .attachDisk
        let count = Int.random(in: 0...3, using: &random)
        return DeviceChange(
            DeviceOperation(kind, device: "xvd\(count)", element: "vdev=xvd\(count)", isForced: chance(2)),
            basis: PoolState.digest(ofConfiguration: text) &+ (chance(8) ? 1 : 0), configuration: "name = 'web' # \(random.next() % 9)",
            interfaces: (0..<count).map { InterfaceRequirement(bridge: "xenbr0", rate: KilobitsPerSecond(1_000 * ($0 + 1))) },
            diskPaths: chance(4) ? [] : ["/OVS/running_pool/a.img"])
    }

    private mutating func rareCommand(in state: PoolState) throws -> (PoolCommand, Principal) {
        let key = try PoolScene.tag("t\(random.next() % 5)")
        let machine = machine(in: state)
        switch Int.random(in: 0..<30, using: &random) {
        case 17, 18, 22, 23:
            let running = state.machines.values.filter { $0.status == .running }.map(\.id).sorted()
            return (.suspendMachine(running.randomElement(using: &random) ?? machine), PoolScene.root)
        case 19, 20, 24, 25, 26:
            let suspended = state.machines.values.filter { $0.status == .suspended }.map(\.id).sorted()
            return (.resumeMachine(suspended.randomElement(using: &random) ?? machine), PoolScene.root)
        case 21: return imageRemoved(in: state)
        case 27, 28, 29: return (.changeDevice(machine, deviceChange(of: state.machines[machine])), PoolScene.root)
        case 15, 16: return (try ruleChange(in: state), PoolScene.root)
        case 13, 14:
            let server = server(in: state)
            return (.strays(server: server, session: session(of: server, in: state), strays(in: state)), .server(server))
        case 10: return (.createRule(try rule(in: state)), PoolScene.root)
        case 11:
            let rules = state.rulesInOrder.map(\.id)
            return (.deleteRule(rules.randomElement(using: &random) ?? RuleID(1)), PoolScene.root)
        case 0: return (.maintenance(server: server(in: state), isOn: chance(3)), PoolScene.root)
        case 1: return (.putTag(machine, key: key, value: String(repeating: "v", count: Int(random.next() % 9))), PoolScene.root)
        case 2: return (.deleteTag(machine, key: key), PoolScene.root)
        case 3: return (.deleteMachine(machine), PoolScene.root)
        case 4:
            let size = Mebibytes(Int.random(in: 1...6_000, using: &random))
            return (.changeMachine(machine, MachineChange(memory: size, preferredServers: preferred(in: state))), PoolScene.root)
        case 5, 6:
            let running = state.tasksInOrder.filter { !$0.state.hasEnded }.map(\.id)
            return (.cancelTask(running.randomElement(using: &random) ?? TaskID(1)), PoolScene.root)
        case 7: return (.resetMachineStatus(machine), PoolScene.root)
        case 8:
            let change = PoolSettingsChange(
                overcommitRatio: Int.random(in: 0...8, using: &random), voterLimit: chance(2) ? Int.random(in: 0...8, using: &random) : nil,
                voterReplacement: chance(2) ? .seconds(Int.random(in: 5...20, using: &random)) : nil)
            return (.changeSettings(change), PoolScene.root)
        case 9:
            let server = server(in: state)
            let facts = PoolScene.facts(total: Int.random(in: 2_000...20_000, using: &random))
            return (.serverFacts(server: server, session: session(of: server, in: state), facts), .server(server))
        default: return (.startMachine(machine), .server(server(in: state)))
        }
    }

    /// What most likely follows of what was said of one of few machines.
    private mutating func imageCommand(in state: PoolState) -> (PoolCommand, Principal) {
        if chance(8), let gone = remnantGone(in: state) { return gone }
        let machines = state.machines.keys.sorted().prefix(3)
        guard let machine = machines.randomElement(using: &random).flatMap({ state.machines[$0] }) else {
            return (.resetMachineStatus(VirtualMachineID(1)), PoolScene.root)
        }
        let words: [MachineObservation]
        switch machine.status {
        case .poweredOff, .error: return (.startMachine(machine.id), PoolScene.root)
        case .suspended:
            return (chance(5) ? .stopMachine(machine.id, force: true) : .resumeMachine(machine.id), PoolScene.root)
        case .running where chance(2): return (.suspendMachine(machine.id), PoolScene.root)
        case .running where chance(2):
            let target = chance(2) ? server(in: state) : nil
            return (.migrateMachine(machine.id, MigrationWish(target: target)), PoolScene.root)
        case .migrating where machine.migration != nil && !chance(4): return migrationReported(of: machine, in: state)
        case .shuttingDown where machine.placement == nil: return imageRemoved(in: state)
        case .suspending: words = machine.image?.phase == .writing ? [.suspended] : [.stopped(.requested, cause: "It is suspended.")]
        case .shuttingDown, .unknown: words = [.stopped(.requested, cause: "It was stopped.")]
        case .resuming:
            words = [.running, .running, .stopped(.startFailed, cause: "It failed."), .stopped(.startInterrupted, cause: "It ended.")]
        case .migrating:
            words =
                [.running, .stopped(.vanished, cause: "It is gone.")]
                + (machine.task.map { [.failed($0, cause: "It broke.")] } ?? [])
        case .initializing, .running, .rebooting, .pausing, .unpausing, .paused: words = [.running]
        }
        let server = machine.placement?.server ?? PoolScene.one
        let word = words.randomElement(using: &random) ?? .running
        return (
            .observed(
                machine.id, server: server, session: session(of: server, in: state), epoch: machine.placement?.epoch ?? machine.epoch, word),
            .server(server)
        )
    }

    /// The word of the server that it goes to, and now and then of another, or of another attempt.
    private mutating func migrationReported(of machine: VirtualMachine, in state: PoolState) -> (PoolCommand, Principal) {
        let server = chance(6) ? server(in: state) : machine.migration?.target ?? PoolScene.one
        let epoch = chance(6) ? machine.epoch.next : machine.epoch
        return (
            .migrationReported(
                machine.id, server: server, session: session(of: server, in: state), epoch: epoch,
                chance(3) ? .failed(cause: "It broke.") : .received), .server(server)
        )
    }

    private mutating func remnantGone(in state: PoolState) -> (PoolCommand, Principal)? {
        let machines = state.machines.values.filter { !$0.remnants.isEmpty }.sorted { $0.id < $1.id }
        guard let machine = machines.randomElement(using: &random), let remnant = machine.remnants.randomElement(using: &random) else {
            return nil
        }
        return (
            .remnantGone(
                machine.id, server: remnant.server, session: session(of: remnant.server, in: state), epoch: remnant.epoch),
            .server(remnant.server)
        )
    }

    /// Of an image that is to be removed, where there is one; now and then of another.
    private mutating func imageRemoved(in state: PoolState) -> (PoolCommand, Principal) {
        let discarded = state.machines.values.filter { $0.image?.phase == .discarded && !chance(6) }.sorted { $0.id < $1.id }
        let machine = discarded.randomElement(using: &random)
        let server = machine?.image?.server ?? server(in: state)
        return (
            .imageRemoved(
                machine?.id ?? VirtualMachineID(1), server: server, session: session(of: server, in: state),
                epoch: machine?.image?.epoch ?? PlacementEpoch(random.next() % 4), failure: chance(3) ? "It failed." : nil),
            .server(server)
        )
    }

    private mutating func definition(in state: PoolState) throws -> MachineDefinition {
        let number = random.next() % 12
        let rate = KilobitsPerSecond(10_000 * Int.random(in: 1...40, using: &random))
        return try PoolScene.definition(
            "vm\(number)", memory: Int.random(in: 1...6_000, using: &random), virtualCPUs: Int.random(in: 1...20, using: &random),
            preferred: preferred(in: state), interfaces: chance(2) ? [InterfaceRequirement(bridge: "xenbr0", rate: rate)] : [])
    }

    /// Over names and tags that there may be; the values of tags are those that `rareCommand` sets.
    private mutating func rule(in state: PoolState) throws -> RuleDefinition {
        let machines = (0..<Int.random(in: 0...3, using: &random)).map { _ in "vm\(random.next() % 12)" }
        let tags = (0..<Int.random(in: 0...2, using: &random)).map { _ in
            "t\(random.next() % 5)" + (chance(2) ? "=" + String(repeating: "v", count: Int(random.next() % 9)) : "")
        }
        return try PoolScene.rule(
            "r\(random.next() % 6)", chance(2) ? .affinity : .antiAffinity, chance(3) ? .soft : .hard,
            machines: machines.filter { name in state.machines.values.contains { $0.name.text == name } }, tags: tags)
    }

    /// Of a rule, or of a machine's membership in one.
    private mutating func ruleChange(in state: PoolState) throws -> PoolCommand {
        let rule = state.rulesInOrder.map(\.id).randomElement(using: &random) ?? RuleID(1)
        let other = try self.rule(in: state)
        guard chance(2) else {
            return .changeMachine(
                machine(in: state), MachineChange(addedRules: chance(2) ? [rule] : [], removedRules: chance(2) ? [rule] : []))
        }
        let present = state.rules[rule]?.definition
        return .changeRule(
            rule,
            RuleChange(
                strength: chance(2) ? other.strength : nil, addedMachines: other.machines,
                removedMachines: (present?.machines ?? []).filter { !other.machines.contains($0) && chance(3) }, addedTags: other.tags,
                removedTags: (present?.tags ?? []).filter { !other.tags.contains($0) && chance(3) }))
    }

    private mutating func observation(in state: PoolState) -> (PoolCommand, Principal) {
        let placed = state.machines.values.filter { $0.placement != nil }.map(\.id).sorted()
        let machine = placed.randomElement(using: &random) ?? VirtualMachineID(1)
        let placement = state.machines[machine]?.placement
        let server = chance(8) ? server(in: state) : placement?.server ?? PoolScene.one
        let epoch = chance(8) ? PlacementEpoch(random.next() % 4) : placement?.epoch ?? .none
        let reasons: [MachineStopReason] = [.requested, .poweredOffItself, .crashed, .vanished, .startFailed, .startInterrupted]
        let reason = reasons[Int.random(in: 0..<reasons.count, using: &random)]
        let observations: [MachineObservation] = [
            .running, .running, .paused, .shuttingDown, .stopped(reason, cause: "It stopped."),
            .suspended, .suspended, .ended(.crashed, isTooSoon: false), .dumped(.made(path: "/dump")),
            .dumped(.failed(cause: "It failed.")),
        ]
        var observation = observations[Int.random(in: 0..<observations.count, using: &random)]
        // A server that suspends a guest mostly gets it done.
        if let image = state.machines[machine]?.image, !chance(4) {
            observation = image.phase == .writing ? .suspended : .stopped(.requested, cause: "It is suspended.")
        }
        if let task = state.machines[machine]?.task, state.machines[machine]?.deviceChange != nil, !chance(4) {
            observation = chance(3) ? .failed(task, cause: "It failed.") : .deviceChanged(task)
        }
        return (
            .observed(machine, server: server, session: session(of: server, in: state), epoch: epoch, observation), .server(server)
        )
    }

    /// Machines that a server sees unasked; now and then as the pool's own leftover.
    private mutating func strays(in state: PoolState) -> [StrayDomain] {
        state.machines.keys.sorted().filter { _ in chance(8) }.map { machine in
            let epoch = chance(2) ? state.machines[machine]?.epoch : nil
            return StrayDomain(machine: machine, domain: UInt32(random.next() % 9), epoch: epoch)
        }
    }

    private mutating func hello(in state: PoolState) -> (PoolCommand, Principal) {
        let server = server(in: state)
        if chance(2) { boots[server, default: 1] += 1 }
        let hello = ServerHello(
            server: server, session: chance(6) ? session(of: server, in: state) : (state.servers[server]?.session ?? .none).next,
            boot: UniqueIdentifier(high: server.number, low: boots[server] ?? 1), run: UniqueIdentifier(high: 5, low: random.next()),
            storage: UniqueIdentifier(high: 100, low: chance(10) ? 0 : server.number), formatVersion: 1, agentVersion: "1.0",
            facts: PoolScene.facts(), strays: chance(3) ? strays(in: state) : [])
        return (.hello(hello), .server(server))
    }
}
