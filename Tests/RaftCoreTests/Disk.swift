import PoolModel
import RaftCore

/// A disk that has only what was synced; a crash drops the rest.
struct Disk {
    private(set) var stored: Stored
    private(set) var pending: [RaftWrite<Letter>] = []
    /// The entries on the disk, also those that a snapshot has replaced by now.
    var lastIndex: LogIndex { stored.entries.last?.index ?? stored.snapshot?.index ?? .zero }

    init(_ stored: Stored) { self.stored = stored }

    mutating func write(_ write: RaftWrite<Letter>) { pending.append(write) }
    mutating func crash() { pending = [] }

    /// Syncs the oldest `count` writes.
    ///
    /// - Returns: the sequence of the last one.
    mutating func sync(_ count: Int) -> UInt64? {
        var last: UInt64?
        for write in pending.prefix(count) {
            perform(write)
            last = write.sequence
        }
        pending.removeFirst(min(count, pending.count))
        return last
    }

    func holds(_ index: LogIndex, _ term: Term) -> Bool {
        if let snapshot = stored.snapshot, snapshot.index >= index { return true }
        return stored.entries.contains { $0.index == index && $0.term == term }
    }

    private mutating func perform(_ write: RaftWrite<Letter>) {
        var entries = stored.entries
        if let snapshot = write.snapshot {
            entries = write.snapshotReplacesLog ? [] : entries.filter { $0.index > snapshot.index }
        }
        if let from = write.truncateFrom { entries.removeAll { $0.index >= from } }
        entries += write.entries
        stored = Stored(
            hardState: write.hardState ?? stored.hardState, snapshot: write.snapshot ?? stored.snapshot, entries: entries)
        let base = stored.snapshot?.index ?? .zero
        for (offset, entry) in entries.enumerated() {
            precondition(entry.index == base.advanced(by: offset + 1), "the disk's log has a gap at \(entry.index)")
        }
    }
}
