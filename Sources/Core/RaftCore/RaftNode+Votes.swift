import PoolModel

extension RaftNode {
    /// Answers whether the sender could win an election in `candidateTerm`; promises nothing (dissertation §9.6).
    /// A refusal carries our term, so that a candidate of an earlier one learns it (hazard L2).
    mutating func receivePreVoteRequest(for candidateTerm: Term, lastIndex: LogIndex, lastTerm: Term, from sender: ServerID) {
        let isGranted = candidateTerm > term && !hearsLeader && isUpToDate(lastIndex: lastIndex, lastTerm: lastTerm)
        let answer = RaftMessage<Payload>(
            term: isGranted ? candidateTerm : term,
            body: .preVoteAnswer(isGranted: isGranted, isLeaderAlive: !isGranted && hearsLeader))
        effects.append(.send(answer, to: sender))
    }

    mutating func receivePreVoteAnswer(term answerTerm: Term, isGranted: Bool, isLeaderAlive: Bool, from sender: ServerID) {
        if !isGranted, answerTerm > term {
            let wasAsking = role == .preCandidate
            follow(nil, in: answerTerm)
            // The refusal was about the term; in the next one the answer may differ.
            if wasAsking { preVoteDeadline = now + settings.leaderAliveRetry }
            return
        }
        guard role == .preCandidate, !isGranted || answerTerm == term.next else { return }
        if isLeaderAlive, isLeaderSuspected, preVoteDeadline == nil { preVoteDeadline = now + settings.leaderAliveRetry }
        ballot.votes[sender] = isGranted
        endElectionIfDecided()
    }

    /// Raft §5.2, §5.4.1. The vote reaches the disk before the answer leaves: a server that forgot its vote in a crash
    /// could vote twice in one term (hazard B5).
    mutating func receiveVoteRequest(lastIndex: LogIndex, lastTerm: Term, from sender: ServerID) {
        let isFree = votedFor == sender || (votedFor == nil && leaderOfTerm == nil)
        guard isFree, role == .follower || role == .preCandidate, isUpToDate(lastIndex: lastIndex, lastTerm: lastTerm) else {
            return emit(.voteAnswer(isGranted: false), to: sender)
        }
        if votedFor != sender {
            votedFor = sender
            storage.stageHardState()
        }
        role = .follower
        preVoteDeadline = nil
        drawElectionDeadline()
        sendWhenDurable(.voteAnswer(isGranted: true), to: sender)
    }

    mutating func receiveVoteAnswer(isGranted: Bool, from sender: ServerID) {
        guard role == .candidate, ballot.votes[sender] == nil else { return }
        ballot.votes[sender] = isGranted
        endElectionIfDecided()
    }
}
