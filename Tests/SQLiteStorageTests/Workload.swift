import AgentCore
import PoolModel
import RaftCore
import SQLiteStorage

/// Random writes, and what the storage must hold after each.
struct Workload {
    /// `contents[n]` is what stands after the write with sequence n; `contents[0]` what the database was made with.
    private(set) var contents: [StoredContent] = [StoredContent()]
    private(set) var writes: [RaftWrite<PoolEntry>] = []
    private var content = StoredContent()

    init(count: Int, random: inout SeededRandom) {
        for _ in 0..<count {
            writes.append(nextWrite(&random))
            contents.append(content)
        }
    }

    private var lastIndex: UInt64 { content.entries.last?.index.number ?? content.snapshot?.index.number ?? 0 }

    private mutating func nextWrite(_ random: inout SeededRandom) -> RaftWrite<PoolEntry> {
        let sequence = UInt64(writes.count + 1)
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return RaftWrite(sequence: sequence, hardState: vote(&random))
        case 1 where content.entries.count > 2: return truncation(sequence, &random)
        case 2 where content.entries.count > 2: return compaction(sequence, &random)
        case 3: return installation(sequence, &random)
        default: return RaftWrite(sequence: sequence, entries: growth(&random))
        }
    }

    private mutating func vote(_ random: inout SeededRandom) -> RaftHardState {
        let term = Term(content.hardState.term.number + 1)
        content.hardState = RaftHardState(
            term: term, votedFor: Bool.random(using: &random) ? ServerID(UInt64.random(in: 1...5, using: &random)) : nil)
        return content.hardState
    }

    private mutating func growth(_ random: inout SeededRandom) -> [RaftEntry<PoolEntry>] {
        let bytes = Bool.random(using: &random) ? 100 : 3_000
        let first = lastIndex + 1
        let entries = (0..<UInt64.random(in: 1...4, using: &random)).map {
            entry(first + $0, term: content.hardState.term.number, bytes: bytes)
        }
        content.entries += entries
        return entries
    }

    private mutating func truncation(_ sequence: UInt64, _ random: inout SeededRandom) -> RaftWrite<PoolEntry> {
        let kept = Int.random(in: 1..<content.entries.count, using: &random)
        let first = content.entries[kept].index
        content.entries.removeSubrange(kept...)
        let hardState = vote(&random)
        return RaftWrite(sequence: sequence, hardState: hardState, truncateFrom: first, entries: growth(&random))
    }

    private mutating func compaction(_ sequence: UInt64, _ random: inout SeededRandom) -> RaftWrite<PoolEntry> {
        let dropped = Int.random(in: 1..<content.entries.count, using: &random)
        let last = content.entries[dropped - 1]
        let snapshot = snapshot(at: last.index, term: last.term, &random)
        content.entries.removeSubrange(..<dropped)
        content.snapshot = snapshot
        return RaftWrite(sequence: sequence, snapshot: snapshot)
    }

    private mutating func installation(_ sequence: UInt64, _ random: inout SeededRandom) -> RaftWrite<PoolEntry> {
        let hardState = vote(&random)
        let index = LogIndex(lastIndex + UInt64.random(in: 1...9, using: &random))
        let snapshot = snapshot(at: index, term: hardState.term, &random)
        content.entries = []
        content.snapshot = snapshot
        return RaftWrite(sequence: sequence, hardState: hardState, snapshot: snapshot, snapshotReplacesLog: true)
    }

    private func snapshot(at index: LogIndex, term: Term, _ random: inout SeededRandom) -> RaftSnapshot {
        let size = Int.random(in: 0...20_000, using: &random)
        return RaftSnapshot(
            index: index, term: term, configuration: RaftConfiguration(voters: [ServerID(1), ServerID(2)]),
            data: (0..<size).map { UInt8(truncatingIfNeeded: UInt64($0) &+ index.number) })
    }

    /// Issues the writes in bunches of one to four, waiting after each bunch.
    func run(on storage: SQLitePoolStorage, random: inout SeededRandom) -> Outcomes {
        let outcomes = Outcomes()
        var next = 0
        while next < writes.count {
            let end = min(writes.count, next + Int.random(in: 1...4, using: &random))
            for write in writes[next..<end] { outcomes.issue(write, to: storage) }
            outcomes.wait()
            next = end
        }
        return outcomes
    }
}
