import DequeModule
import PoolModel

/// What a leader keeps for its term; empty on all others.
struct Leadership: Sendable {
    /// The other members, sorted by their identity.
    var peers: [PeerProgress] = []
    /// The term's first entry; until it is committed, the leader does not know what is (Raft §5.4.2, §8).
    var firstIndex: LogIndex = .zero
    var uncommittedBytes = 0
    var heartbeatDeadline: MonotonicInstant = .zero
    /// The newest round, and what a majority confirmed.
    var round: UInt64 = 0
    var confirmedRound: UInt64 = 0
    var confirmedRoundStart: MonotonicInstant?
    /// Rounds that are not confirmed, with their start, ascending.
    var openRounds: Deque<(number: UInt64, start: MonotonicInstant)> = []
    /// Reads in the order of their arrival; the first `assignedReads` wait for a round that has begun.
    var reads: Deque<LeaderRead> = []
    var assignedReads = 0
    var transfer: LeadershipTransfer?
    /// The write whose stall was dealt with already.
    var noticedStall: UInt64?

    func position(of server: ServerID) -> Int? {
        var low = 0
        var high = peers.count
        while low < high {
            let middle = (low + high) / 2
            if peers[middle].server < server { low = middle + 1 } else { high = middle }
        }
        return low < peers.count && peers[low].server == server ? low : nil
    }
}

extension RaftNode {
    /// Won: appends an entry of the own term, with which everything before it will be committed (Raft §5.4.2, §8).
    mutating func becomeLeader() {
        counts.electionsWon += 1
        counts.leaderChanges += 1
        role = .leader
        leader = id
        leaderOfTerm = id
        leading = Leadership()
        leading.firstIndex = log.lastIndex.next
        leading.uncommittedBytes = log.bytes(from: commitIndex.next, through: log.lastIndex)
        leading.heartbeatDeadline = now + settings.heartbeatInterval
        for member in configuration.members where member != id {
            leading.peers.append(PeerProgress(server: member, nextIndex: leading.firstIndex, now: now))
        }
        append(.noOperation, size: 0)
        replicateToAll()
    }

    /// Leaves the office: whoever waits for this leader is told.
    mutating func endLeadership() {
        leader = nil
        let reads = leading.reads
        leading = Leadership()
        for read in reads { refuse(read, .notLeader(leader: nil)) }
    }

    /// Gives up the office within the term and stops heartbeating, so that no follower is kept waiting (hazard L3).
    mutating func stepDown(because cause: String) {
        effects.append(.notice("Server \(id) gives up leading term \(term): \(cause)."))
        follow(nil, in: term)
    }

    mutating func leaderTimePassed() {
        guard hearsMajority else { return stepDown(because: "it has not heard a majority for an election timeout") }
        if let transfer = leading.transfer, now >= transfer.deadline { endTransfer(transfer) }
        if role == .leader, isDiskBehind(by: settings.diskStall) { storageStalled() }
        guard role == .leader, now >= leading.heartbeatDeadline else { return }
        leading.heartbeatDeadline = now + settings.heartbeatInterval
        beginRound(toAll: true)
    }

    var leaderDeadline: MonotonicInstant? {
        var deadline = leading.peers.isEmpty ? nil : Optional(leading.heartbeatDeadline)
        if let transfer = leading.transfer { deadline = min(deadline ?? transfer.deadline, transfer.deadline) }
        if let oldest = storage.oldestIssue, storage.oldestSequence != leading.noticedStall {
            let stall = oldest + settings.diskStall + .nanoseconds(1)
            deadline = min(deadline ?? stall, stall)
        }
        return deadline
    }

    /// CheckQuorum (dissertation §6.2): whether a majority was heard within the longest election timeout. It is no shorter
    /// than what a follower waits, as stepping down sooner than anyone would stand gains nothing.
    private var hearsMajority: Bool {
        configuration.valueReachedByMajority { server in
            if server == id { return 1 }
            guard let position = leading.position(of: server) else { return 0 }
            return isRecentlyActive(leading.peers[position]) ? 1 : 0
        } == 1
    }

    func isRecentlyActive(_ peer: PeerProgress) -> Bool { now - peer.lastContact <= settings.electionTimeoutMost }

    /// Notes that a member answered in this term.
    ///
    /// - Returns: its position, nil when it is no member or this node does not lead.
    mutating func hearPeer(_ sender: ServerID) -> Int? {
        guard role == .leader, let position = leading.position(of: sender) else { return nil }
        leading.peers[position].lastContact = now
        return position
    }
}
