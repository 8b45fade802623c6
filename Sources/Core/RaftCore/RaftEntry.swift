package import PoolModel

/// What Raft carries for its owner: opaque but for equality, which tests and the log's consistency checks use.
package protocol RaftPayload: Hashable, Sendable {}

/// One entry of the replicated log (Raft §5.3).
package struct RaftEntry<Payload: RaftPayload>: Hashable, Sendable {
    package let index: LogIndex
    package let term: Term
    package let content: RaftEntryContent<Payload>
    /// What the entry counts against the bounds on bytes: its encoded size as the proposer gave it.
    package let size: Int

    package init(index: LogIndex, term: Term, content: RaftEntryContent<Payload>, size: Int) {
        self.index = index
        self.term = term
        self.content = content
        self.size = size
    }
}

/// What an entry holds.
package enum RaftEntryContent<Payload: RaftPayload>: Hashable, Sendable {
    /// The leader's first entry of its term: until it is committed, nothing of older terms is (Raft §5.4.2).
    case noOperation
    /// The members from here on, in force as soon as the entry stands in the log (dissertation §4.1, §4.3).
    case configuration(RaftConfiguration)
    /// The owner's command.
    case command(Payload)
}

/// Who votes, and who only listens (dissertation chapter 4: joint consensus, learners).
package struct RaftConfiguration: Hashable, Sendable {
    /// The voters; the incoming ones while joint. Sorted, without duplicates.
    package let voters: [ServerID]
    /// The voters that are going out; empty unless joint (C_old,new). Sorted, without duplicates.
    package let outgoingVoters: [ServerID]
    /// Receive entries, do not count. Sorted; disjoint from `voters`.
    package let learners: [ServerID]

    package init(voters: [ServerID], outgoingVoters: [ServerID] = [], learners: [ServerID] = []) {
        self.voters = Array(Set(voters)).sorted()
        self.outgoingVoters = Array(Set(outgoingVoters)).sorted()
        self.learners = Array(Set(learners).subtracting(voters)).sorted()
    }

    /// Whether decisions need both majorities.
    package var isJoint: Bool { !outgoingVoters.isEmpty }
    /// Everyone who receives entries, sorted.
    package var members: [ServerID] { Array(Set(voters + outgoingVoters + learners)).sorted() }
    package static let empty = RaftConfiguration(voters: [])
}

/// A snapshot of the owner's state: it stands for every entry up to `index`.
package struct RaftSnapshot: Hashable, Sendable {
    package let index: LogIndex
    package let term: Term
    /// The configuration that was *committed* at `index`.
    package let configuration: RaftConfiguration
    /// The owner's encoding of its state.
    package let data: [UInt8]

    package init(index: LogIndex, term: Term, configuration: RaftConfiguration, data: [UInt8]) {
        self.index = index
        self.term = term
        self.configuration = configuration
        self.data = data
    }
}

/// What must survive a crash besides the log (Raft figure 2).
package struct RaftHardState: Hashable, Sendable {
    package let term: Term
    package let votedFor: ServerID?

    package init(term: Term, votedFor: ServerID?) {
        self.term = term
        self.votedFor = votedFor
    }

    package static let initial = RaftHardState(term: .zero, votedFor: nil)
}

/// One write to stable storage. Writes are performed in the order of their sequence; each is atomic.
package struct RaftWrite<Payload: RaftPayload>: Hashable, Sendable {
    /// Counted from 1 within this run; named in `.writeCompleted`.
    package let sequence: UInt64
    /// Nil when unchanged.
    package let hardState: RaftHardState?
    /// Replaces everything up to its index; entries after it remain unless `truncateFrom` says otherwise.
    package let snapshot: RaftSnapshot?
    /// Whether the log after `snapshot` is dropped too, because it does not continue it. Only with `snapshot`.
    package let snapshotReplacesLog: Bool
    /// Removes this entry and all after it, before `entries` are appended.
    package let truncateFrom: LogIndex?
    /// Appended in order.
    package let entries: [RaftEntry<Payload>]

    package init(
        sequence: UInt64, hardState: RaftHardState? = nil, snapshot: RaftSnapshot? = nil, snapshotReplacesLog: Bool = false,
        truncateFrom: LogIndex? = nil, entries: [RaftEntry<Payload>] = []
    ) {
        self.sequence = sequence
        self.hardState = hardState
        self.snapshot = snapshot
        self.snapshotReplacesLog = snapshotReplacesLog
        self.truncateFrom = truncateFrom
        self.entries = entries
    }
}

/// What storage held at the start: durable, checked, contiguous.
package struct RaftStoredState<Payload: RaftPayload>: Sendable {
    package let hardState: RaftHardState
    package let snapshot: RaftSnapshot?
    /// Contiguous; they begin at the snapshot's index plus 1 or, without one, at 1.
    package let entries: [RaftEntry<Payload>]

    package init(hardState: RaftHardState, snapshot: RaftSnapshot?, entries: [RaftEntry<Payload>]) {
        self.hardState = hardState
        self.snapshot = snapshot
        self.entries = entries
    }

    package static var empty: RaftStoredState { RaftStoredState(hardState: .initial, snapshot: nil, entries: []) }
}

extension RaftStoredState {
    /// What the first servers of a pool begin with: one entry that names them. Every founding voter stores the same.
    package static func founding(_ configuration: RaftConfiguration) -> RaftStoredState {
        let entry = RaftEntry<Payload>(index: LogIndex(1), term: Term(1), content: .configuration(configuration), size: 0)
        return RaftStoredState(hardState: RaftHardState(term: Term(1), votedFor: nil), snapshot: nil, entries: [entry])
    }
}
