import DequeModule
package import PoolModel

/// What a leader knows of one other member.
package struct RaftProgress: Hashable, Sendable {
    /// How entries are sent to it.
    package enum State: String, Hashable, Sendable {
        /// Where its log agrees is unknown: one message at a time looks for it.
        case probe
        /// It follows: messages are sent ahead of its answers, up to a window.
        case replicate
        /// It is so far behind that it is given a snapshot, in parts.
        case snapshot
    }

    /// The last entry known to be durable there and the same as the leader's.
    package let matchIndex: LogIndex
    /// The next entry to be sent.
    package let nextIndex: LogIndex
    package let state: State
    /// Whether it was heard within the longest election timeout.
    package let isRecentlyActive: Bool
    /// When it was last heard in this term; the start of the term before that.
    package let lastContact: MonotonicInstant

    package init(
        matchIndex: LogIndex, nextIndex: LogIndex, state: State, isRecentlyActive: Bool, lastContact: MonotonicInstant
    ) {
        self.matchIndex = matchIndex
        self.nextIndex = nextIndex
        self.state = state
        self.isRecentlyActive = isRecentlyActive
        self.lastContact = lastContact
    }
}

/// A snapshot on its way to one follower.
///
/// It keeps its own snapshot: a compaction meanwhile must not start the transfer again (hazard L7).
struct SnapshotTransfer: Sendable {
    let snapshot: RaftSnapshot
    /// Bytes that the follower holds, in order.
    var acknowledged = 0
    /// Bytes that were sent.
    var sent = 0
    /// Whether a part, even an empty one, was sent since the last rewind.
    var hasSent = false
    /// Whether sending went back to `acknowledged` since the last progress; a burst of answers to one gap rewinds once.
    var hasRewound = false
    /// The newest round when a part was last sent: the echo of a later one came behind that part's answer, or it was lost.
    var sentInRound: UInt64 = 0
}

/// The leader's state for one other member.
struct PeerProgress: Sendable {
    let server: ServerID
    var matchIndex: LogIndex = .zero
    var nextIndex: LogIndex
    var state: RaftProgress.State = .probe
    /// In probe: a message is under way, wait for its answer or for a heartbeat's.
    var isProbePaused = false
    /// The last indices of the messages with entries that are under way, ascending.
    var inflight: Deque<LogIndex> = []
    /// The commit index that was last sent.
    var sentCommit: LogIndex = .zero
    var transfer: SnapshotTransfer?
    var lastContact: MonotonicInstant
    /// The greatest round that it echoed in this term.
    var confirmedRound: UInt64 = 0

    init(server: ServerID, nextIndex: LogIndex, now: MonotonicInstant) {
        self.server = server
        self.nextIndex = nextIndex
        lastContact = now
    }

    mutating func probe(from next: LogIndex) {
        state = .probe
        nextIndex = next
        isProbePaused = false
        inflight.removeAll()
        transfer = nil
    }

    mutating func replicate() {
        state = .replicate
        nextIndex = matchIndex.next
        isProbePaused = false
        inflight.removeAll()
        transfer = nil
    }

    mutating func freeInflight(through index: LogIndex) {
        while let first = inflight.first, first <= index { inflight.removeFirst() }
    }
}
