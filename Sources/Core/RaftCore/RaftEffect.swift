package import PoolModel

/// The caller's mark on a proposal or a read; comes back in the answer.
package struct RaftToken: Hashable, Sendable {
    package let number: UInt64
    package init(_ number: UInt64) { self.number = number }
}

/// What happens to a Raft node.
package enum RaftInput<Payload: RaftPayload>: Sendable {
    /// A deadline may have passed.
    case timePassed
    case received(RaftMessage<Payload>, from: ServerID)
    /// The write with this sequence, and all before it, is on stable storage.
    case writeCompleted(sequence: UInt64)
    /// The owner has applied everything up to here.
    case applied(LogIndex)
    /// Asks for a command to be appended; answered by `.proposalAppended` or `.proposalRefused`.
    case propose(Payload, size: Int, token: RaftToken)
    /// Asks for new voters and learners: joint consensus carries it out. Answered as a proposal is.
    case changeConfiguration(voters: [ServerID], learners: [ServerID], token: RaftToken)
    /// Asks for an index that a linearizable read must wait for.
    case readIndex(token: RaftToken)
    /// The owner's state at `index`, encoded: entries up to there may be dropped from the log.
    case compact(index: LogIndex, data: [UInt8])
    /// Hands leadership to `target`, or to the best follower.
    case transferLeadership(target: ServerID?)
    /// The leader's connection that carried its latest message closed without a GOODBYE: a hint that it died.
    case leaderConnectionClosed(ServerID)
    /// The peer could not be sent to, its connection broke, or something sent to it was dropped: probe it again.
    case peerUnreachable(ServerID)
    /// A write that was asked for is not done within the bound that the owner watches: the disk stalls (hazard L4).
    case storageStalled
}

/// What a Raft node wants done, in order.
package enum RaftEffect<Payload: RaftPayload>: Hashable, Sendable {
    /// Bring to stable storage, then give `.writeCompleted(sequence)`. Messages that depend on it come as effects only after that.
    case write(RaftWrite<Payload>)
    case send(RaftMessage<Payload>, to: ServerID)
    /// Committed entries, in order and without a gap; given once. Owner: apply, then `.applied`.
    case apply([RaftEntry<Payload>])
    /// A snapshot from the leader is durable: replace the state, then `.applied(snapshot.index)`.
    case restore(RaftSnapshot)
    case proposalAppended(token: RaftToken, index: LogIndex, term: Term)
    case proposalRefused(token: RaftToken, RaftRefusal)
    /// The read may be answered once everything up to `index` is applied.
    case readReady(token: RaftToken, index: LogIndex)
    case readRefused(token: RaftToken, RaftRefusal)
    /// Role, term or known leader changed.
    case statusChanged(RaftStatus)
    /// The configuration in force changed (appended, truncated or restored).
    case configurationChanged(RaftConfiguration, isCommitted: Bool)
    /// Something an operator should read: one sentence.
    case notice(String)
}

/// Why a proposal or a read was not taken.
package enum RaftRefusal: Hashable, Sendable {
    /// Not the leader; `leader` is who might be.
    case notLeader(leader: ServerID?)
    /// The bound on uncommitted bytes is reached: try again.
    case tooManyUncommittedBytes
    /// Leadership is being handed over: try again.
    case transferringLeadership
    /// Another configuration change is not finished, or none may begin before a commit in this term (hazard B1).
    case configurationChangeInProgress
    /// The configuration asked for has no voter, or is the present one.
    case invalidConfiguration
    /// The leader has not committed an entry of its own term yet.
    case notReadyToRead
}

/// A server's role in its term (Raft §5.1).
package enum RaftRole: String, Hashable, Sendable {
    case follower
    case preCandidate
    case candidate
    case leader
}

/// What a node believes of itself and its leader.
package struct RaftStatus: Hashable, Sendable {
    package let role: RaftRole
    package let term: Term
    package let leader: ServerID?

    package init(role: RaftRole, term: Term, leader: ServerID?) {
        self.role = role
        self.term = term
        self.leader = leader
    }
}

/// Times and bounds of a Raft node.
package struct RaftSettings: Hashable, Sendable {
    /// Between heartbeats of a leader.
    package var heartbeatInterval: Duration = .milliseconds(50)
    /// The least election timeout; each is drawn evenly between it and the most.
    package var electionTimeoutLeast: Duration = .milliseconds(250)
    package var electionTimeoutMost: Duration = .milliseconds(500)
    /// How long a follower of rank 0 waits after its leader's connection closed; each further rank waits one step more.
    package var closedConnectionStep: Duration = .milliseconds(4)
    /// How long a pre-candidate that was told "leader alive" waits before it asks again.
    package var leaderAliveRetry: Duration = .milliseconds(20)
    /// The most bytes of entries in one message.
    package var messageBytes = 512 * 1024
    /// The most entries in one message.
    package var messageEntries = 1_024
    /// The most messages with entries that may be under way to one follower.
    package var inflightMessages = 64
    /// The most bytes of entries that are appended and not committed.
    package var uncommittedBytes = 64 * 1024 * 1024
    /// The size of one part of a snapshot.
    package var snapshotPartBytes = 256 * 1024
    /// How long the leader waits for its own disk before it steps down (hazard L4).
    package var diskStall: Duration = .seconds(2)
    /// The most bytes that a snapshot from a peer may claim: below what SQLite stores in one row (10^9, sqlite.org/limits.html).
    package var snapshotBytes = 900 * 1024 * 1024
    /// Entries kept in memory behind a snapshot, for followers that are a little behind; what is kept on disk is the storage's own matter.
    package var trailingEntries = 5_000

    package init() {}
}
