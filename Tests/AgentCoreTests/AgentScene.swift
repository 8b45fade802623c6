import AgentCore
import PoolModel
import PoolStateMachine
import RaftCore
import Testing

/// A pool of one server whose disk answers at once: what the core wants done is done, or kept to be looked at.
struct AgentScene {
    static let pool = UniqueIdentifier(high: 1, low: 1)
    static let storage = UniqueIdentifier(high: 2, low: 2)
    static let boot = UniqueIdentifier(high: 3, low: 3)
    static let facts = ServerFacts(
        totalMemory: Mebibytes(65_536), reservedMemory: Mebibytes(2_048), processors: 16,
        cards: [NetworkInterfaceCard(name: "eth0", speed: KilobitsPerSecond(10_000_000))],
        bridges: [NetworkBridge(name: "xenbr0", cards: ["eth0"])],
        storageRoots: [StorageRoot(path: "/OVS", isShared: true, capacity: Mebibytes(1_000))], domainTypes: DomainType.allCases,
        hypervisor: "simulated")

    var core: AgentCore
    var time = MonotonicInstant(nanoseconds: 1_000_000_000)
    /// What the core wanted, in order, but for writes (done at once).
    var effects: [AgentEffect] = []
    /// What the hypervisor would list.
    var domains: [DomainReport] = []
    /// Everything that was made durable, for a restart.
    var disk: RaftStoredState<PoolEntry>
    var nextClient: UInt64 = 1

    struct Undecodable: PoolStateDecoding {
        func decode(_ data: [UInt8]) throws(PoolStateDecodingError) -> PoolState { throw PoolStateDecodingError(message: "no snapshot") }
    }

    static func digest(_ byte: UInt8) throws -> SHA256Digest { try #require(SHA256Digest(bytes: Array(repeating: byte, count: 32))) }

    init() throws {
        let founder = NewServer(
            name: try #require(ServerName("alpha")), peerAddress: "127.0.0.1:1", queryAddress: "127.0.0.1:2", roles: .all,
            key: try Self.digest(1), storage: Self.storage)
        let foundation = PoolFoundation(
            pool: Self.pool, name: "p", authority: try Self.digest(2), founder: founder,
            credential: OperatorCredential(name: "admin", secret: try Self.digest(3), role: .administrator))
        let founding = PoolEntry(
            command: .createPool(foundation), principal: .master(ServerID(1)), proposedAt: PoolTime(milliseconds: 1))
        let disk = RaftStoredState(
            hardState: RaftHardState(term: Term(1), votedFor: ServerID(1)), snapshot: nil,
            entries: [
                RaftEntry(index: LogIndex(1), term: Term(1), content: .configuration(RaftConfiguration(voters: [ServerID(1)])), size: 1),
                RaftEntry(index: LogIndex(2), term: Term(1), content: .command(founding), size: 100),
            ])
        try self.init(disk: disk, run: 1)
    }

    /// Starts the agent on a disk, as its `run`-th run.
    init(disk: RaftStoredState<PoolEntry>, run: UInt64, boot: UniqueIdentifier = AgentScene.boot, hardware: UInt64? = nil) throws {
        self.disk = disk
        core = try AgentCore(
            identity: AgentIdentity(
                pool: Self.pool, server: ServerID(1), storage: Self.storage,
                hardware: hardware.map { UniqueIdentifier(high: 4, low: $0) }, boot: boot, run: UniqueIdentifier(high: 9, low: run),
                version: "test"), settings: AgentSettings(), stored: disk, decoder: Undecodable(), initialPeers: [], facts: Self.facts,
            seed: 7, now: AgentTime(monotonic: time, wall: PoolTime(milliseconds: 1_000)))
        carry(core.start())
    }

    static let admin = Principal.operator(name: "admin", credential: CredentialID(2))

    // MARK: Doing

    mutating func step(_ input: AgentInput) {
        carry(core.step(input, at: AgentTime(monotonic: time, wall: PoolTime(milliseconds: 1_000))))
    }

    private mutating func carry(_ wanted: [AgentEffect]) {
        for effect in wanted {
            if case .write(let write) = effect {
                store(write)
                step(.writeCompleted(sequence: write.sequence))
            } else {
                effects.append(effect)
            }
        }
    }

    private mutating func store(_ write: RaftWrite<PoolEntry>) {
        var entries = disk.entries
        if let from = write.truncateFrom { entries.removeAll { $0.index >= from } }
        entries += write.entries
        disk = RaftStoredState(hardState: write.hardState ?? disk.hardState, snapshot: disk.snapshot, entries: entries)
    }

    /// Lets time pass in small steps, answering every listing.
    mutating func elapse(_ duration: Duration) {
        let end = time + duration
        while time < end {
            time = min(end, max(core.nextDeadline, time + .milliseconds(1)))
            step(.timePassed)
            answerListings()
        }
    }

    /// Answers the listings that the core has asked for.
    mutating func answerListings() {
        while let position = effects.firstIndex(where: { if case .listDomains = $0 { true } else { false } }) {
            guard case .listDomains(let number) = effects.remove(at: position) else { return }
            step(.domainsListed(domains, number: number))
        }
    }

    /// The operations that wait to be performed, oldest first; they are taken out.
    mutating func takeOperations() -> [(id: DomainOperationID, operation: DomainOperation)] {
        var taken: [(id: DomainOperationID, operation: DomainOperation)] = []
        effects.removeAll { effect in
            guard case .perform(let id, let operation) = effect else { return false }
            taken.append((id: id, operation: operation))
            return true
        }
        return taken
    }

    /// Submits as the administrator and gives the outcome.
    mutating func submit(_ command: PoolCommand) throws -> CommandOutcome {
        let client = ClientRequestID(nextClient)
        nextClient += 1
        step(.submit(client, command, principal: Self.admin, reason: "", idempotency: nil))
        for effect in effects {
            if case .answerWrite(client, .outcome(let outcome, _)) = effect { return outcome }
        }
        throw NoAnswer()
    }

    struct NoAnswer: Error {}

    static func definition() throws -> MachineDefinition {
        MachineDefinition(
            name: try #require(VirtualMachineName("web01")), uuid: UniqueIdentifier(high: 5, low: 5), configuration: "name='web01'",
            requirements: MachineRequirements(domainType: .pv, memory: Mebibytes(512), virtualCPUs: 1), preferredServers: [])
    }

    /// Creates and starts a virtual machine.
    mutating func startMachine() throws -> VirtualMachineID {
        guard case .done(.machine(let machine)) = try submit(.createMachine(try Self.definition())) else { throw NoAnswer() }
        _ = try submit(.startMachine(machine))
        return machine
    }

    func domain(_ machine: VirtualMachineID, _ state: DomainState, epoch: UInt64 = 1, number: UInt32 = 1) -> DomainReport {
        DomainReport(
            domain: number, name: "web01", uuid: UniqueIdentifier(high: 5, low: 5), state: state, memory: Mebibytes(512),
            ownership: DomainOwnership(pool: Self.pool, machine: machine, epoch: PlacementEpoch(epoch)))
    }

    func machine(_ id: VirtualMachineID) throws -> VirtualMachine { try #require(core.state.machines[id]) }
    var halts: [String] { effects.compactMap { if case .halt(let sentence) = $0 { sentence } else { nil } } }
}
