import PoolModel

extension RaftNode {
    mutating func timePassed() {
        if role == .leader { return leaderTimePassed() }
        if now >= electionDeadline, needsElectionTimer { return electionTimeoutPassed() }
        guard let deadline = preVoteDeadline, now >= deadline else { return }
        preVoteDeadline = nil
        if isElectable, leader == nil, role != .candidate { startPreVote() }
    }

    /// A learner, and a node without a configuration, watch the time only to notice that their leader fell silent.
    private var needsElectionTimer: Bool { leader != nil || role != .follower || isNeededInElections }

    var followerDeadline: MonotonicInstant? {
        guard needsElectionTimer else { return nil }
        return min(electionDeadline, preVoteDeadline ?? electionDeadline)
    }

    /// Timeouts are drawn anew each time, so that two candidates do not split the votes for ever (Raft §5.2; hazard L6).
    mutating func drawElectionDeadline() {
        electionDeadline = now + random.duration(from: settings.electionTimeoutLeast, to: settings.electionTimeoutMost)
    }

    /// A restarted node asks soon: pre-votes disturb no leader, and after a power cut everybody waits for somebody (hazard L10).
    mutating func firstElectionDeadline() -> MonotonicInstant {
        if configuration.allVoters == [id] { return now }
        return now + random.duration(from: settings.heartbeatInterval, to: settings.electionTimeoutLeast)
    }

    /// The connection that carried the leader's latest message closed without a GOODBYE: most likely its process died, and
    /// the kernel said so long before a timeout would. The leader is forgotten, the term and the election timer are kept,
    /// and those who ask first are staggered by rank, so that they do not split the votes.
    mutating func leaderConnectionClosed(_ server: ServerID) {
        guard role == .follower, leader == server else { return }
        loseLeader()
        let others = configuration.allVoters.filter { $0 != server }
        guard let rank = others.firstIndex(of: id) else { return }
        isLeaderSuspected = true
        preVoteDeadline = now + settings.closedConnectionStep * (rank + 1)
    }

    /// A message came from the leader of this term.
    ///
    /// - Returns: whether it may be believed.
    mutating func hearLeader(_ sender: ServerID) -> Bool {
        guard role != .leader, leaderOfTerm == nil || leaderOfTerm == sender else {
            let known = leaderOfTerm.map { "\($0)" } ?? "none"
            effects.append(.notice("Server \(sender) claims to lead term \(term), whose leader is server \(known): ignored."))
            return false
        }
        if role != .follower || leader != sender { follow(sender, in: term) }
        lastLeaderContact = now
        preVoteDeadline = nil
        isLeaderSuspected = false
        drawElectionDeadline()
        return true
    }
}
