import AgentCore
import AgentPorts
import Dispatch
import Logging
import NIOPosix
import PoolModel
import PoolStateMachine
import RaftCore
import Synchronization
import Testing

@testable import AgentRuntime

/// The loop of a pool's only server, over ports that the test holds up and makes fail.
struct LoopScene {
    let loop: AgentLoop
    let storage = FakeStorage()
    let peers = FakePeers()

    init(hypervisor: any HypervisorPort = FakeHypervisor(), transfers: any TransferPort = FakeTransfers()) throws {
        let clock = ContinuousTime()
        let stored = try Self.foundedLog()
        let core = try AgentCore(
            identity: AgentIdentity(
                pool: Self.pool, server: ServerID(1), storage: Self.pool, hardware: nil, boot: Self.pool,
                run: UniqueIdentifier(high: 9, low: 9),
                version: "test"), settings: AgentSettings(), stored: stored, decoder: FakeDecoder(states: []), initialPeers: [],
            facts: FakeHypervisor.serverFacts, seed: 7, now: clock.now())
        let ports = AgentPortSet(
            storage: storage, hypervisor: hypervisor, peers: peers, transfers: transfers, clock: clock,
            snapshots: FakeSnapshots())
        loop = AgentLoop(
            core: core, ports: ports, eventLoop: MultiThreadedEventLoopGroup.singleton.next(),
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    static let pool = UniqueIdentifier(high: 1, low: 1)

    private static func foundedLog() throws -> RaftStoredState<PoolEntry> {
        let digest = try #require(SHA256Digest(bytes: Array(repeating: 1, count: 32)))
        let founder = NewServer(
            name: try #require(ServerName("alpha")), peerAddress: "127.0.0.1:1", queryAddress: "127.0.0.1:2", roles: .all, key: digest,
            storage: pool)
        let founding = PoolFoundation(
            pool: pool, name: "p", authority: digest, founder: founder,
            credential: OperatorCredential(name: "admin", secret: digest, role: .administrator))
        let entry = PoolEntry(command: .createPool(founding), principal: .master(ServerID(1)), proposedAt: PoolTime(milliseconds: 1))
        return RaftStoredState(
            hardState: RaftHardState(term: Term(1), votedFor: ServerID(1)), snapshot: nil,
            entries: [
                RaftEntry(index: LogIndex(1), term: Term(1), content: .configuration(RaftConfiguration(voters: [ServerID(1)])), size: 1),
                RaftEntry(index: LogIndex(2), term: Term(1), content: .command(entry), size: 100),
            ])
    }

    /// Writes a machine into the pool's state.
    func write() async throws -> WriteAnswer {
        let definition = MachineDefinition(
            name: try #require(VirtualMachineName("web01")), uuid: UniqueIdentifier(high: 5, low: 5), configuration: "name='web01'",
            requirements: MachineRequirements(domainType: .pv, memory: Mebibytes(512), virtualCPUs: 1), preferredServers: [])
        let admin = Principal.operator(name: "admin", credential: CredentialID(2))
        return await loop.write(.createMachine(definition), principal: admin, reason: "", idempotency: nil, expected: nil).answer
    }

    /// The names of the machines, or why there is no answer.
    func read() async -> String {
        switch await loop.read(.linearizable, { state, _ in state.machines.values.map(\.name.text).joined() }) {
        case .value(let names, _): names
        case .refused(let cause, _): "refused: " + cause
        }
    }

    /// Waits until `isSo` holds, for at most 20 s.
    static func eventually(_ what: String, _ isSo: () async -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while await !isSo() {
            guard ContinuousClock.now < deadline else {
                Issue.record("waited 20 s for \(what)")
                throw FakePast.Unexpected()
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}

/// Storage in memory: it completes at once, holds completions back, or fails from a moment on.
final class FakeStorage: StoragePort {
    private struct State {
        var sequences: [UInt64] = []
        var isHeld = false
        var held: [@Sendable (StorageError?) -> Void] = []
        var failure: StorageError?
    }
    private let state = Mutex(State())

    /// The writes' sequences, in the order in which they came.
    var sequences: [UInt64] { state.withLock { $0.sequences } }
    var heldCount: Int { state.withLock { $0.held.count } }

    func hold() { state.withLock { $0.isHeld = true } }
    func fail(_ failure: StorageError) { state.withLock { $0.failure = failure } }

    /// Completes what is held back, in order, with the failure if there is one.
    func letGo() {
        let (held, failure) = state.withLock { state in
            defer { (state.isHeld, state.held) = (false, []) }
            return (state.held, state.failure)
        }
        held.forEach { $0(failure) }
    }

    func load() throws(StorageError) -> RaftStoredState<PoolEntry> { .empty }

    func write(_ write: RaftWrite<PoolEntry>, completion: @escaping @Sendable (StorageError?) -> Void) {
        let now: StorageError?? = state.withLock { state in
            state.sequences.append(write.sequence)
            guard state.isHeld else { return .some(state.failure) }
            state.held.append(completion)
            return nil
        }
        if let now { completion(now) }
    }

    func close() {}
}

/// Notes what the agent asks of its network.
final class FakePeers: PeerPort {
    private let state = Mutex<[String]>([])
    var asked: [String] { state.withLock { $0 } }

    func send(_ message: PeerMessage, to server: ServerID) { state.withLock { $0.append("send") } }
    func setPeers(_ peers: [PeerDescription], admittingFrom: ServerID) { state.withLock { $0.append("peers") } }
    func goodbye() { state.withLock { $0.append("goodbye") } }
}

/// A hypervisor without domains.
struct FakeHypervisor: HypervisorPort {
    static let serverFacts = ServerFacts(
        totalMemory: Mebibytes(65_536), reservedMemory: Mebibytes(2_048), processors: 16,
        cards: [NetworkInterfaceCard(name: "eth0", speed: KilobitsPerSecond(10_000_000))],
        bridges: [NetworkBridge(name: "xenbr0", cards: ["eth0"])],
        storageRoots: [StorageRoot(path: "/OVS", isShared: true, capacity: Mebibytes(1_000))], domainTypes: DomainType.allCases,
        hypervisor: "simulated")

    func listDomains() async throws(HypervisorError) -> [DomainReport] { [] }
    func perform(_ operation: DomainOperation) async -> DomainOperationResult { .failed(cause: "There is no hypervisor.") }
    func send(_ domain: UInt32, _ transfer: DomainTransfer, to stream: any TransferStream) async -> DomainOperationResult {
        .failed(cause: "There is no hypervisor.")
    }
    func receive(
        _ specification: DomainSpecification, _ transfer: DomainTransfer, from stream: any TransferStream
    ) async -> DomainOperationResult {
        .failed(cause: "There is no hypervisor.")
    }
    func facts() async throws(HypervisorError) -> ServerFacts { Self.serverFacts }
    func usage() async throws(HypervisorError) -> [DomainUsage] { [] }
    func bootIdentifier() async throws(HypervisorError) -> UniqueIdentifier { LoopScene.pool }
    func hardwareIdentifier() async throws(HypervisorError) -> UniqueIdentifier? { nil }
    func changes() -> AsyncStream<Void> { AsyncStream { $0.finish() } }
}

/// A network that carries no domains.
struct FakeTransfers: TransferPort {
    func openTransfer(_ transfer: DomainTransfer) async throws(TransferFailure) -> any TransferStream {
        throw TransferFailure("There is no network.")
    }
    func awaitTransfer(_ transfer: DomainTransfer) async throws(TransferFailure) -> any TransferStream {
        throw TransferFailure("There is no network.")
    }
}

/// This machine's monotonic clock; the wall clock stands still.
struct ContinuousTime: ClockPort {
    func now() -> AgentTime {
        AgentTime(
            monotonic: MonotonicInstant(nanoseconds: Int64(DispatchTime.now().uptimeNanoseconds)), wall: PoolTime(milliseconds: 1_000))
    }
}

struct FakeSnapshots: SnapshotEncoding {
    func encode(_ state: PoolState) -> [UInt8] { [] }
}
