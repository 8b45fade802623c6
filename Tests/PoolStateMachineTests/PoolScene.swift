import Placement
import PoolModel
import PoolStateMachine
import Testing

/// A pool that is founded and spoken to in tests, entry by entry.
struct PoolScene {
    var state = PoolState()
    /// The proposers' clock, in milliseconds.
    var clock: Int64 = 1_000_000_000_000
    /// Every entry so far, for replay.
    var log: [PoolEntry] = []

    static let root = Principal.operator(name: "root", credential: CredentialID(1))
    static let names = ["alpha", "beta", "gamma", "delta", "epsilon"]
    static let one = ServerID(1)
    static let two = ServerID(2)
    static let three = ServerID(3)

    /// A pool with open sessions of its first servers: `alpha`, `beta`, ...
    init(servers: Int = 1) throws {
        let foundation = PoolFoundation(
            pool: UniqueIdentifier(high: 7, low: 7), name: "test", authority: Self.digest(1), founder: try Self.newServer(1),
            credential: OperatorCredential(name: "root", secret: Self.digest(2), role: .administrator))
        apply(.createPool(foundation), by: .server(Self.one))
        open(Self.one)
        for number in stride(from: 2, through: servers, by: 1) { try join(UInt64(number)) }
    }

    /// A pool that nobody has founded.
    init(unfounded: Void) {}

    // MARK: Speaking

    @discardableResult
    mutating func apply(
        _ command: PoolCommand, by principal: Principal = PoolScene.root, reason: String = "", request: RequestIdentity? = nil,
        key: IdempotencyKey? = nil
    ) -> CommandOutcome {
        clock += 1
        let entry = PoolEntry(
            command: command, principal: principal, proposedAt: PoolTime(milliseconds: clock), reason: reason, request: request,
            idempotency: key)
        return apply(entry)
    }

    @discardableResult
    mutating func apply(_ entry: PoolEntry) -> CommandOutcome {
        log.append(entry)
        return state.apply(entry, at: state.appliedIndex.next).outcome
    }

    /// Opens the next session of a server. Boot and run are numbers that tell one from another.
    @discardableResult
    mutating func open(
        _ server: ServerID, boot: UInt64 = 1, run: UInt64? = nil, facts: ServerFacts = PoolScene.facts(), session: SessionNumber? = nil,
        storage: UInt64? = nil, hardware: UInt64? = nil, format: Int = 1, strays: [StrayDomain] = []
    ) -> CommandOutcome {
        let next = session ?? (state.servers[server]?.session ?? .none).next
        let hello = ServerHello(
            server: server, session: next, boot: UniqueIdentifier(high: server.number, low: boot),
            run: UniqueIdentifier(high: server.number, low: run ?? next.number),
            storage: UniqueIdentifier(high: 100, low: storage ?? server.number),
            hardware: hardware.map(Self.hardware), formatVersion: format, agentVersion: "1.0", facts: facts, strays: strays)
        return apply(.hello(hello), by: .server(server))
    }

    /// Joins server `number` with a token of its own, and opens its first session.
    mutating func join(_ number: UInt64) throws {
        let token = try createToken(secret: 50 + number)
        let request = JoinRequest(token: token, secret: Self.digest(50 + number), server: try Self.newServer(number))
        try #require(apply(.join(request), by: .joiner(token)) == .done(.server(ServerID(number))))
        open(ServerID(number))
    }

    mutating func createToken(secret: UInt64 = 9, roles: ServerRoles = .all, lifetime: Int64 = 3_600_000) throws -> TokenID {
        let outcome = apply(.createToken(JoinToken(secret: Self.digest(secret), roles: roles, lifetimeMilliseconds: lifetime)))
        guard case .done(.token(let token)) = outcome else { throw SceneError(outcome: outcome) }
        return token
    }

    mutating func createMachine(
        _ name: String = "web", memory: Int = 1_000, virtualCPUs: Int = 1, preferred: [ServerID] = []
    ) throws -> VirtualMachineID {
        let outcome = apply(.createMachine(try Self.definition(name, memory: memory, virtualCPUs: virtualCPUs, preferred: preferred)))
        guard case .done(.machine(let machine)) = outcome else { throw SceneError(outcome: outcome) }
        return machine
    }

    /// A machine that its server has said to be running.
    mutating func runMachine(_ name: String = "web", memory: Int = 1_000, on server: ServerID) throws -> VirtualMachineID {
        let machine = try createMachine(name, memory: memory, preferred: [server])
        try start(machine)
        try #require(observe(machine, .running) == .done(.none))
        return machine
    }

    @discardableResult
    mutating func start(_ machine: VirtualMachineID) throws -> TaskID { try task(apply(.startMachine(machine))) }

    @discardableResult
    mutating func stop(_ machine: VirtualMachineID, force: Bool = false) throws -> TaskID {
        try task(apply(.stopMachine(machine, force: force)))
    }

    private func task(_ outcome: CommandOutcome) throws -> TaskID {
        guard case .done(.task(let task)) = outcome else { throw SceneError(outcome: outcome) }
        return task
    }

    /// The word of the server that the machine is placed on, in that server's current session, unless told otherwise.
    @discardableResult
    mutating func observe(
        _ machine: VirtualMachineID, _ observation: MachineObservation, by server: ServerID? = nil, session: SessionNumber? = nil,
        epoch: PlacementEpoch? = nil
    ) -> CommandOutcome {
        let placement = state.machines[machine]?.placement
        let speaker = server ?? placement?.server ?? Self.one
        return apply(
            .observed(
                machine, server: speaker, session: session ?? state.servers[speaker]?.session ?? .none,
                epoch: epoch ?? placement?.epoch ?? .none, observation), by: .server(speaker))
    }

    /// A server's word on what it sees unasked, in its current session unless told otherwise.
    @discardableResult
    mutating func see(_ strays: [StrayDomain], by server: ServerID, session: SessionNumber? = nil) -> CommandOutcome {
        apply(
            .strays(server: server, session: session ?? state.servers[server]?.session ?? .none, strays), by: .server(server))
    }

    @discardableResult
    mutating func reach(_ server: ServerID, _ isReachable: Bool, session: SessionNumber? = nil) -> CommandOutcome {
        apply(
            .reachability(
                server: server, session: session ?? state.servers[server]?.session ?? .none, isReachable: isReachable),
            by: .master(Self.one))
    }

    // MARK: Nouns

    static func digest(_ number: UInt64) -> SHA256Digest {
        let bytes = (0..<32).map { UInt8(truncatingIfNeeded: number >> UInt64($0 % 8 * 8)) }
        guard let digest = SHA256Digest(bytes: bytes) else { preconditionFailure("32 bytes were not 32 bytes") }
        return digest
    }

    /// 8,000 MiB for virtual machines and 16 CPUs.
    static func facts(total: Int = 10_000, root isShared: Bool = true, room: Int = 100_000) -> ServerFacts {
        ServerFacts(
            totalMemory: Mebibytes(total), reservedMemory: Mebibytes(2_000), processors: 16,
            cards: [NetworkInterfaceCard(name: "eth0", speed: KilobitsPerSecond(1_000_000))],
            bridges: [NetworkBridge(name: "xenbr0", cards: ["eth0"])],
            storageRoots: [StorageRoot(path: "/OVS", isShared: isShared, capacity: Mebibytes(room))], domainTypes: [.pv, .hvm],
            hypervisor: "simulated")
    }

    static func hardware(_ number: UInt64) -> UniqueIdentifier { UniqueIdentifier(high: 300, low: number) }

    static func newServer(
        _ number: UInt64, name: String? = nil, key: UInt64? = nil, address: String? = nil, hardware: UInt64? = nil
    ) throws -> NewServer {
        let text = name ?? (number <= UInt64(names.count) ? names[Int(number) - 1] : "server\(number)")
        return NewServer(
            name: try #require(ServerName(text)), peerAddress: "\(address ?? "10.0.0.\(number)"):8899",
            queryAddress: "\(address ?? "10.0.0.\(number)"):4443", roles: .all, key: digest(key ?? 1_000 + number),
            storage: UniqueIdentifier(high: 100, low: number), hardware: hardware.map(Self.hardware))
    }

    static func definition(
        _ name: String = "web", memory: Int = 1_000, virtualCPUs: Int = 1, preferred: [ServerID] = [], uuid: UInt64? = nil,
        configuration: String = "name = 'web'", interfaces: [InterfaceRequirement] = []
    ) throws -> MachineDefinition {
        let number = uuid ?? name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) }
        return MachineDefinition(
            name: try #require(VirtualMachineName(name)), uuid: UniqueIdentifier(high: 200, low: number), configuration: configuration,
            requirements: MachineRequirements(
                domainType: .pv, memory: Mebibytes(memory), virtualCPUs: virtualCPUs, interfaces: interfaces,
                diskPaths: ["/OVS/running_pool/\(name)/System.img"]), preferredServers: preferred)
    }

    static func tag(_ text: String) throws -> TagKey { try #require(TagKey(text)) }
}

/// An outcome that the scene of a test cannot go on with.
struct SceneError: Error {
    let outcome: CommandOutcome
}

/// Expects a refusal of this type whose message has a cause and a cure.
func expectRefused(
    _ outcome: CommandOutcome, _ type: PoolRefusalType, sourceLocation: SourceLocation = #_sourceLocation
) {
    guard case .refused(let refusal) = outcome else {
        Issue.record("\(outcome) was not refused as \(type.rawValue)", sourceLocation: sourceLocation)
        return
    }
    #expect(refusal.type == type, "\(refusal.message)", sourceLocation: sourceLocation)
    #expect(
        refusal.message.hasSuffix(".") && refusal.message.contains(". "), "no cause and cure: \(refusal.message)",
        sourceLocation: sourceLocation)
}
