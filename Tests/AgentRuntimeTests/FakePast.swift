import AgentCore
import AgentPorts
import PoolModel
import PoolStateMachine
import RaftCore

/// A log of a small pool, and what storage would keep of it.
actor FakePast: PastPort {
    private(set) var entries: [RaftEntry<PoolEntry>] = []
    /// The state after each entry; the first is that before the first entry.
    private(set) var states = [PoolState()]
    /// Where snapshots stand, sorted; the past begins with the first, or at 0 without any.
    private let snapshots: [UInt64]
    private let pieceSize: Int
    private var failure: PastError?
    private var isHeldUp = false
    private var heldUp: [CheckedContinuation<Void, Never>] = []

    init(snapshots: [UInt64] = [], pieceSize: Int = 3) throws {
        self.snapshots = snapshots
        self.pieceSize = pieceSize
        entries.append(RaftEntry(index: LogIndex(1), term: Term(1), content: .noOperation, size: 0))
        states.append(states[0])
        states[1].skip(to: LogIndex(1))
        for command in try Self.commands() {
            let index = LogIndex(UInt64(states.count))
            entries.append(RaftEntry(index: index, term: Term(1), content: .command(command), size: 10))
            var state = states[states.count - 1]
            _ = state.apply(command, at: index)
            states.append(state)
        }
    }

    func fail(_ failure: PastError?) { self.failure = failure }
    func holdUp() { isHeldUp = true }
    var isAnyoneHeldUp: Bool { !heldUp.isEmpty }

    func letGo() {
        isHeldUp = false
        heldUp.forEach { $0.resume() }
        heldUp = []
    }

    func pastBeginning(before index: LogIndex) async throws(PastError) -> PastBeginning {
        if isHeldUp { await withCheckedContinuation { heldUp.append($0) } }
        if let failure { throw failure }
        let first = LogIndex(max(1, snapshots.first ?? 0))
        guard index >= first else { throw .notKept(first: first) }
        guard let base = snapshots.last(where: { $0 <= index.number }) else { return PastBeginning(snapshot: nil, first: first) }
        let snapshot = RaftSnapshot(
            index: LogIndex(base), term: Term(1), configuration: RaftConfiguration(voters: [ServerID(1)]), data: [UInt8(base)])
        return PastBeginning(snapshot: snapshot, first: first)
    }

    func pastEntries(after base: LogIndex, through last: LogIndex) async throws(PastError) -> [RaftEntry<PoolEntry>] {
        if let failure { throw failure }
        return Array(entries[Int(base.number)..<min(Int(last.number), Int(base.number) + pieceSize)])
    }

    /// Ten commands: a pool is founded and its operator, at intervals of a second, sets tags on a machine.
    private static func commands() throws -> [PoolEntry] {
        let digest = SHA256Digest(bytes: [UInt8](repeating: 1, count: 32))
        guard let digest, let name = ServerName("alpha"), let machine = VirtualMachineName("web"), let key = TagKey("k") else {
            throw Unexpected()
        }
        let server = NewServer(
            name: name, peerAddress: "a:1", queryAddress: "a:2", roles: .all, key: digest, storage: UniqueIdentifier(high: 1, low: 1))
        let foundation = PoolFoundation(
            pool: UniqueIdentifier(high: 7, low: 7), name: "test", authority: digest, founder: server,
            credential: OperatorCredential(name: "root", secret: digest, role: .administrator))
        let definition = MachineDefinition(
            name: machine, uuid: UniqueIdentifier(high: 2, low: 2), configuration: "",
            requirements: MachineRequirements(domainType: .pv, memory: Mebibytes(64), virtualCPUs: 1), preferredServers: [])
        let tags = (0..<7).map { PoolCommand.putTag(VirtualMachineID(1), key: key, value: "\($0)") }
        let refused = PoolCommand.startMachine(VirtualMachineID(99))
        let root = Principal.operator(name: "root", credential: CredentialID(2))
        return ([.createPool(foundation), .createMachine(definition), refused] + tags).enumerated().map { position, command in
            PoolEntry(
                command: command, principal: position == 0 ? .server(ServerID(1)) : root,
                proposedAt: PoolTime(milliseconds: Int64(position + 1) * 1_000), reason: "reason \(position)")
        }
    }

    struct Unexpected: Error {}
}

/// Takes a snapshot's only byte for the index of a state.
struct FakeDecoder: PoolStateDecoding {
    let states: [PoolState]

    func decode(_ data: [UInt8]) throws(PoolStateDecodingError) -> PoolState {
        guard let index = data.first.map(Int.init), states.indices.contains(index) else {
            throw PoolStateDecodingError(message: "It is damaged. Mend it.")
        }
        return states[index]
    }
}
