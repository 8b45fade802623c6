import AgentCore
import DequeModule
import PoolModel
import RaftCore

/// One server's disk: what is durable, and what was asked for and is not.
struct SimulatedDisk {
    private(set) var hardState = RaftHardState.initial
    private(set) var snapshot: RaftSnapshot?
    private(set) var entries: [RaftEntry<PoolEntry>] = []
    private(set) var pending: Deque<RaftWrite<PoolEntry>> = []
    /// A planted mistake: term and vote never reach the disk.
    var forgetsHardState = false

    init(_ stored: RaftStoredState<PoolEntry>) {
        hardState = stored.hardState
        snapshot = stored.snapshot
        entries = stored.entries
    }

    var stored: RaftStoredState<PoolEntry> { RaftStoredState(hardState: hardState, snapshot: snapshot, entries: entries) }
    var lastIndex: LogIndex { entries.last?.index ?? snapshot?.index ?? .zero }

    mutating func ask(_ write: RaftWrite<PoolEntry>) { pending.append(write) }

    /// Makes the oldest write durable.
    ///
    /// - Returns: its sequence.
    mutating func completeFirst() -> UInt64? {
        guard let write = pending.popFirst() else { return nil }
        perform(write)
        return write.sequence
    }

    /// Power goes, or the process: of what is under way the first `survivors` writes reached the disk, each whole. Storage makes each
    /// write, or several in a row, one transaction: a torn one is rolled back when the database is opened again.
    mutating func crash(survivors: Int) {
        for _ in 0..<survivors { _ = completeFirst() }
        pending.removeAll()
    }

    /// Whether this very entry, or a snapshot that stands for it, is durable.
    func holds(_ index: LogIndex, _ term: Term) -> Bool {
        if let snapshot, index <= snapshot.index { return true }
        return entry(at: index)?.term == term
    }

    func entry(at index: LogIndex) -> RaftEntry<PoolEntry>? {
        guard let first = entries.first, index >= first.index, index.number - first.index.number < UInt64(entries.count) else { return nil }
        return entries[Int(index.number - first.index.number)]
    }

    /// A planted mistake: the newest entries are lost.
    mutating func cut(_ count: Int) { entries.removeLast(min(count, entries.count)) }

    private mutating func perform(_ write: RaftWrite<PoolEntry>) {
        if let hardState = write.hardState, !forgetsHardState { self.hardState = hardState }
        if let snapshot = write.snapshot {
            self.snapshot = snapshot
            entries.removeAll { write.snapshotReplacesLog || $0.index <= snapshot.index }
        }
        if let index = write.truncateFrom { entries.removeAll { $0.index >= index } }
        for entry in write.entries {
            precondition(entry.index == lastIndex.next, "entry \(entry.index) was stored after \(lastIndex)")
            entries.append(entry)
        }
    }
}
