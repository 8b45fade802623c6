import PoolModel

extension PoolChecks {
    /// Where a server's log ended when it stood, voted or refused in this term; of several times the first counts.
    mutating func noteLog(_ log: LogPosition, of server: ServerID, in term: Term) {
        let ballot = Ballot(voter: server, term: term)
        if ballotLogs[ballot] == nil { ballotLogs[ballot] = log }
    }

    /// A candidate counts this server's vote.
    mutating func granted(by voter: ServerID, to candidate: ServerID, in term: Term) {
        grants[Ballot(voter: candidate, term: term), default: []].insert(voter)
    }

    /// A candidate has won: its log is at least as up to date as that of each server whose vote it counted (Raft §5.4.1).
    ///
    /// - Returns: a sentence when one of them was further.
    func elected(_ leader: ServerID, in term: Term) -> String? {
        guard let own = ballotLogs[Ballot(voter: leader, term: term)] else { return nil }
        for voter in (grants[Ballot(voter: leader, term: term)] ?? []).sorted() {
            guard let log = ballotLogs[Ballot(voter: voter, term: term)], log > own else { continue }
            return """
                Server \(leader) was elected in term \(term) with the vote of server \(voter), whose log ended at index \(log.index) of term \
                \(log.term), and its own at index \(own.index) of term \(own.term).
                """
        }
        return nil
    }
}
