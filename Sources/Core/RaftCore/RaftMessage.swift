package import PoolModel

/// What servers say to each other. Every message carries its sender's term (Raft §5.1).
package struct RaftMessage<Payload: RaftPayload>: Hashable, Sendable {
    package let term: Term
    package let body: RaftMessageBody<Payload>

    package init(term: Term, body: RaftMessageBody<Payload>) {
        self.term = term
        self.body = body
    }
}

/// The kinds of messages.
package enum RaftMessageBody<Payload: RaftPayload>: Hashable, Sendable {
    /// Asks whether an election in `term` could be won; changes nobody's term (dissertation §9.6).
    /// The message's `term` is the one that the candidate *would* campaign in.
    case preVoteRequest(lastIndex: LogIndex, lastTerm: Term)
    /// `isLeaderAlive`: refused because the answerer hears the leader; ask again soon.
    case preVoteAnswer(isGranted: Bool, isLeaderAlive: Bool)
    /// Raft §5.2, §5.4.1. `isTransfer`: the leader asked for this election, so leases do not refuse it (dissertation §3.10).
    case voteRequest(lastIndex: LogIndex, lastTerm: Term, isTransfer: Bool)
    case voteAnswer(isGranted: Bool)
    /// Raft §5.3. An empty list of entries probes.
    case append(previousIndex: LogIndex, previousTerm: Term, entries: [RaftEntry<Payload>], commit: LogIndex)
    /// `matchIndex`: the last entry known to agree, *durable* at the sender.
    case appendAccepted(matchIndex: LogIndex)
    /// `previousIndex` did not match; `hintIndex` and `hintTerm` name the sender's last entry that could (fast back-up).
    case appendRefused(previousIndex: LogIndex, hintIndex: LogIndex, hintTerm: Term)
    /// Keeps followers from campaigning; never carries entries. `commit` is capped at what the receiver is known to match.
    /// `round` is echoed: it confirms leadership for ReadIndex and for leases.
    case heartbeat(commit: LogIndex, round: UInt64)
    case heartbeatAnswer(round: UInt64)
    /// One part of a snapshot, at `offset` of `totalSize` bytes.
    case snapshotPart(
        index: LogIndex, term: Term, configuration: RaftConfiguration, offset: Int, totalSize: Int, data: ArraySlice<UInt8>)
    /// `received` bytes of the snapshot at `index` have arrived in order; equal to its size once it is installed and durable.
    case snapshotAnswer(index: LogIndex, received: Int)
    /// Tells a caught-up follower to campaign at once (dissertation §3.10).
    case timeoutNow
    /// A follower asks the leader for a read index; answered after a confirmed round (dissertation §6.4).
    case readIndexRequest(context: UInt64)
    case readIndexAnswer(context: UInt64, index: LogIndex)
    /// The leader cannot serve reads (yet).
    case readIndexRefused(context: UInt64)
}
