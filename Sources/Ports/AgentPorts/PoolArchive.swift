package import PoolModel
package import PoolStateMachine

/// What the pool was, as far back as this server keeps it.
package protocol PoolArchive: Sendable {
    /// The states at two indexes, which may be the same, and every command between them.
    ///
    /// - Precondition: `first` is not after `last`.
    func span(from first: LogIndex, through last: LogIndex) async throws(ArchiveRefusal) -> PoolSpan
}

/// A stretch of the pool's log with what it led from and to.
package struct PoolSpan: Sendable {
    /// The state at the first index.
    package let before: PoolState
    /// The state at the last.
    package let after: PoolState
    /// The commands after the first index that were carried out, in order.
    package let steps: [PoolStep]
    /// The first index that this server can still go back to.
    package let firstKept: LogIndex

    package init(before: PoolState, after: PoolState, steps: [PoolStep], firstKept: LogIndex) {
        self.before = before
        self.after = after
        self.steps = steps
        self.firstKept = firstKept
    }
}

/// A command of the log that was carried out: who, when and why.
package struct PoolStep: Hashable, Sendable {
    package let index: LogIndex
    /// Pool time.
    package let time: PoolTime
    package let principal: Principal
    /// Empty when none was given.
    package let reason: String
    /// What it noted.
    package let events: [PoolEvent]

    package init(index: LogIndex, time: PoolTime, principal: Principal, reason: String, events: [PoolEvent]) {
        self.index = index
        self.time = time
        self.principal = principal
        self.reason = reason
        self.events = events
    }
}

/// Why a past state cannot be had.
package enum ArchiveRefusal: Error, Hashable, Sendable {
    /// It lies before `first`, the first index that is kept.
    case notKept(first: LogIndex)
    /// Another one is being worked out, or the last entries are not stored yet: a moment later it may be had.
    case busy
    /// More entries than may be replayed for one request lie between.
    case tooLong(entries: UInt64, most: UInt64)
    /// What is kept cannot be read: a sentence of cause, one of cure.
    case unreadable(message: String)
}
