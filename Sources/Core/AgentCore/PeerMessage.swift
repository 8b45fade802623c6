package import PoolModel
package import RaftCore

/// What one agent says to another once their connection is authenticated.
package enum PeerMessage: Hashable, Sendable {
    case raft(RaftMessage<PoolEntry>)
    /// A member hands a command to the Server Pool Master. It is sent again until the member has applied it:
    /// `PoolEntry.request`, or the command's own nature, makes that safe.
    case forward(PoolEntry)
    /// The receiver of a forward is not the master (any more) or cannot take it now; `leader` is who might be.
    case forwardRefused(RequestIdentity?, leader: ServerID?)
    /// A voter's state digest at this index: equal index, equal digest, or one of the two is wrong (hazard B20).
    case stateDigest(index: LogIndex, digest: UInt64)
    /// The sender hears of no leader. Servers may have joined while it was down, and until it knows them it refuses them. Its log
    /// ends with the entry of this index and term.
    case membersWanted(lastIndex: LogIndex, lastTerm: Term)
    /// The answer to somebody whose log is behind: whom the sender is connected with. Who has applied the log up to `index` knows
    /// better.
    case members([PeerDescription], index: LogIndex)
    /// How far the sender's own tasks are, in its session: said to the master when it changes, and once a second while there is any.
    case progress(session: SessionNumber, [TaskProgress])
    /// How far are tasks? Asked of the master.
    case progressWanted
    /// The master's answer: what it was told by all servers.
    case progressTold([TaskProgress])

    /// The sender sent entries in this term, as their leader does, that a newer agent wrote: `cause` says what is not known here. Made by
    /// who receives them, never sent.
    case newerEntries(term: Term, cause: String)

    /// Whether it belongs on the connection for small and urgent messages, which bulk must never delay.
    package var isUrgent: Bool {
        guard case .raft(let message) = self else { return false }
        switch message.body {
        case .preVoteRequest, .preVoteAnswer, .voteRequest, .voteAnswer, .heartbeat, .heartbeatAnswer, .timeoutNow,
            .readIndexRequest, .readIndexAnswer, .readIndexRefused:
            return true
        case .append, .appendAccepted, .appendRefused, .snapshotPart, .snapshotAnswer:
            return false
        }
    }
}
