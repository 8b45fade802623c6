package import PoolModel

/// How a vote stands.
enum VoteTally: Hashable, Sendable {
    case pending
    case won
    case lost
}

extension RaftConfiguration {
    /// Whether the server's vote counts, in either half of a joint configuration.
    package func isVoter(_ server: ServerID) -> Bool { voters.contains(server) || outgoingVoters.contains(server) }

    /// Every server whose vote counts, sorted.
    package var allVoters: [ServerID] { isJoint ? Array(Set(voters + outgoingVoters)).sorted() : voters }

    /// The greatest value that a majority (of both halves, while joint) has reached; 0 without voters.
    func valueReachedByMajority(_ value: (ServerID) -> UInt64) -> UInt64 {
        let incoming = Self.majorityValue(voters, value)
        return isJoint ? min(incoming, Self.majorityValue(outgoingVoters, value)) : incoming
    }

    /// Counts the votes given so far; a server that has not answered is missing from `votes`.
    func tally(_ votes: [ServerID: Bool]) -> VoteTally {
        let incoming = Self.tally(voters, votes)
        guard isJoint, incoming != .lost else { return incoming }
        let outgoing = Self.tally(outgoingVoters, votes)
        if outgoing == .lost { return .lost }
        return incoming == .won && outgoing == .won ? .won : .pending
    }

    private static func majorityValue(_ voters: [ServerID], _ value: (ServerID) -> UInt64) -> UInt64 {
        guard !voters.isEmpty else { return 0 }
        // Descending, the element at count/2 is the least of the greatest count/2 + 1: exactly a majority.
        return voters.map(value).sorted(by: >)[voters.count / 2]
    }

    private static func tally(_ voters: [ServerID], _ votes: [ServerID: Bool]) -> VoteTally {
        let needed = voters.count / 2 + 1
        var granted = 0
        var refused = 0
        for voter in voters {
            guard let vote = votes[voter] else { continue }
            if vote { granted += 1 } else { refused += 1 }
        }
        if !voters.isEmpty, granted >= needed { return .won }
        return voters.count - refused < needed ? .lost : .pending
    }
}
