import PoolModel

/// The votes of one election, or of the pre-election before it.
struct Ballot: Sendable {
    /// Looked up by server, never walked.
    var votes: [ServerID: Bool] = [:]
    /// The write that makes the own vote durable; nil once it is counted, and in a pre-election.
    var ownVoteWrite: UInt64?
}

extension RaftNode {
    /// Whether this node may stand for election. A node that knows no configuration never does, nor one whose disk does not
    /// keep up: it would raise its term and then be unable to vote for itself (hazard L4).
    var isElectable: Bool {
        isNeededInElections && restoring == nil && !isDiskBehind(by: settings.electionTimeoutLeast)
            && term.number + 1 < RaftBounds.greatestNumber
    }

    /// Whether this node's vote may count for somebody. Until its removal is committed, a server that is no voter any more
    /// by its own log must still stand: those who lack that entry may need its vote and cannot have it, as its log is the
    /// longer one (dissertation §4.2.2).
    var isNeededInElections: Bool { configurations.isVoter(id, since: commitIndex) }

    /// Whether a leader was heard so lately that nobody else can have won since (dissertation §4.2.3, §9.6).
    var hearsLeader: Bool {
        if role == .leader { return true }
        return leader != nil && now - lastLeaderContact < settings.electionTimeoutLeast
    }

    /// Whether a candidate's log is at least as up to date as ours: by the last term, then by length (Raft §5.4.1; hazard B9).
    func isUpToDate(lastIndex: LogIndex, lastTerm: Term) -> Bool {
        lastTerm > log.lastTerm || (lastTerm == log.lastTerm && lastIndex >= log.lastIndex)
    }

    /// The election timeout passed without word of a leader, or without a result.
    mutating func electionTimeoutPassed() {
        drawElectionDeadline()
        preVoteDeadline = nil
        isLeaderSuspected = false
        guard isElectable else { return follow(nil, in: term) }
        startPreVote()
    }

    /// Asks whether an election could be won before it disturbs anyone (dissertation §9.6).
    mutating func startPreVote() {
        loseLeader()
        role = .preCandidate
        ballot = Ballot(votes: [id: true])
        if configuration.tally(ballot.votes) == .won { return campaign(isTransfer: false) }
        let request = RaftMessage<Payload>(
            term: term.next, body: .preVoteRequest(lastIndex: log.lastIndex, lastTerm: log.lastTerm))
        for voter in configuration.allVoters where voter != id { effects.append(.send(request, to: voter)) }
    }

    /// Stands for election in the next term (Raft §5.2). The requests leave once the new term, the own vote and the whole
    /// log that they speak of are durable: a candidate that forgot them in a crash could stand twice in one term with
    /// different logs (hazards B5, B6). The own vote counts only then, too (hazard B14).
    mutating func campaign(isTransfer: Bool) {
        loseLeader()
        counts.electionsBegun += 1
        enter(term.next)
        role = .candidate
        votedFor = id
        storage.stageHardState()
        preVoteDeadline = nil
        isLeaderSuspected = false
        drawElectionDeadline()
        ballot = Ballot(votes: [:], ownVoteWrite: storage.nextSequence)
        for voter in configuration.allVoters where voter != id {
            sendWhenDurable(
                .voteRequest(lastIndex: log.lastIndex, lastTerm: log.lastTerm, isTransfer: isTransfer), to: voter)
        }
    }

    mutating func countOwnVoteIfDurable() {
        guard role == .candidate, let write = ballot.ownVoteWrite, write <= storage.completedSequence else { return }
        ballot.ownVoteWrite = nil
        ballot.votes[id] = true
        endElectionIfDecided()
    }

    mutating func endElectionIfDecided() {
        switch (configuration.tally(ballot.votes), role) {
        case (.won, .preCandidate): campaign(isTransfer: false)
        // Without its own durable vote a candidate's term is not durable either, and a leader's must be.
        case (.won, .candidate) where ballot.ownVoteWrite == nil: becomeLeader()
        case (.lost, .preCandidate), (.lost, .candidate): role = .follower
        default: break
        }
    }

    /// Enters a later term, in which this node has not voted and knows no leader.
    mutating func enter(_ newTerm: Term) {
        precondition(newTerm > term, "term \(newTerm) does not follow \(term)")
        term = newTerm
        votedFor = nil
        leaderOfTerm = nil
        verifiedIndex = commitIndex
        arrivingSnapshot = nil
        storage.stageHardState()
    }

    /// Becomes a follower of `newLeader`, or of nobody yet, in this term or a later one.
    mutating func follow(_ newLeader: ServerID?, in newTerm: Term) {
        let oldRole = role
        role = .follower
        if oldRole == .leader { endLeadership() }
        if leader != newLeader { loseLeader() }
        if newTerm > term { enter(newTerm) }
        // Who led or stood draws anew, so that it does not stand again at once.
        if oldRole == .leader || oldRole == .candidate { drawElectionDeadline() }
        guard let newLeader else { return }
        if leaderOfTerm != newLeader { counts.leaderChanges += 1 }
        leader = newLeader
        leaderOfTerm = newLeader
    }

    /// Forgets whom this node followed; what was asked of that leader is refused, so that the owner can ask anew.
    mutating func loseLeader() {
        leader = nil
        refuseForwardedReads()
    }
}
