package import PoolModel
package import RaftCore

/// What this server's storage keeps of the past: a snapshot, or nothing at 0, and every entry from there on.
///
/// Reading it waits its turn behind writes, in pieces, and never holds up the agent.
package protocol PastPort: Sendable {
    /// From where to go on to reach `index`: the newest stored snapshot at or before it.
    ///
    /// - Throws: `.notKept` when the past begins later.
    func pastBeginning(before index: LogIndex) async throws(PastError) -> PastBeginning

    /// The next entries after `base`, through `last` at most: one piece, of one entry at least.
    func pastEntries(after base: LogIndex, through last: LogIndex) async throws(PastError) -> [RaftEntry<PoolEntry>]
}

/// Where a way into the past begins.
package struct PastBeginning: Hashable, Sendable {
    /// Nil for the beginning of the log, before its first entry.
    package let snapshot: RaftSnapshot?
    /// The first index whose state can still be had.
    package let first: LogIndex

    package init(snapshot: RaftSnapshot?, first: LogIndex) {
        self.snapshot = snapshot
        self.first = first
    }
}

/// Why the past cannot be read. Nothing of this ends an agent: the past decides nothing.
package enum PastError: Error, Hashable, Sendable {
    /// It lies before `first`, the first index whose state can still be had.
    case notKept(first: LogIndex)
    /// The log is not stored so far yet; it ends at `last`.
    case notStored(last: LogIndex)
    /// The storage failed, or holds a damaged row.
    case failed(StorageError)
}
