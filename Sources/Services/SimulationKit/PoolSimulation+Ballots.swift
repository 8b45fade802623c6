import AgentCore
import PoolModel
import RaftCore

// What must hold of votes and of those who may give them.
extension PoolSimulation {
    /// A vote is given, or a candidature begins, with the write that makes it durable: its log is noted then, as a vote may leave later.
    func noteBallot(of write: RaftWrite<PoolEntry>, _ server: SimulatedServer) {
        guard let state = write.hardState, state.votedFor != nil, let log = server.lastEntry else { return }
        checks.noteLog(log, of: server.id, in: state.term)
    }

    /// A vote reaches the candidate, which counts it.
    func noteGrant(_ message: PeerMessage, from sender: ServerID, to receiver: ServerID) {
        guard case .raft(let raft) = message, case .voteAnswer(isGranted: true) = raft.body else { return }
        checks.granted(by: sender, to: receiver, in: raft.term)
    }

    /// A server's configuration is another one: each of its quorums meets each quorum of whatever else a voter may use.
    func checkQuorums(_ server: SimulatedServer, _ core: AgentCore) {
        guard mayElect(core) else { return }
        let own = core.raft.configuration
        // Before the first commit there is nothing to meet.
        guard checks.configuration.voters.isEmpty || own.sharesEveryQuorum(with: checks.configuration) else {
            return violated("A quorum of server \(server.id)'s configuration meets none of the committed configuration's.")
        }
        for other in serversInOrder where other.id != server.id {
            guard let theirs = other.core, mayElect(theirs), !own.sharesEveryQuorum(with: theirs.raft.configuration) else { continue }
            violated("A quorum of server \(server.id)'s configuration meets none of server \(other.id)'s.")
        }
    }

    /// Whoever lacks the newest committed configuration cannot win: those who committed it have later logs. What it uses is of no account.
    private func mayElect(_ core: AgentCore) -> Bool {
        guard !core.raft.configuration.voters.isEmpty else { return false }
        let (index, term) = checks.configurationEntry
        return core.raft.snapshotIndex >= index || core.raft.term(at: index) == term
    }
}

extension SimulatedServer {
    /// The end of its agent's log; nil while the agent does not run.
    var lastEntry: LogPosition? {
        core.map { LogPosition(term: $0.raft.term(at: $0.raft.lastIndex) ?? .zero, index: $0.raft.lastIndex) }
    }
}

/// Where a log ends, in the order in which logs are up to date: by the term, then by the length (Raft §5.4.1).
struct LogPosition: Hashable, Comparable {
    let term: Term
    let index: LogIndex

    static func < (left: LogPosition, right: LogPosition) -> Bool { (left.term, left.index) < (right.term, right.index) }
}

extension RaftConfiguration {
    /// Whether no quorum of this configuration is disjoint from a quorum of the other; found by trying all sets of voters.
    func sharesEveryQuorum(with other: RaftConfiguration) -> Bool {
        if self == other { return true }
        let everyone = Array(Set(voters + outgoingVoters + other.voters + other.outgoingVoters)).sorted()
        precondition(everyone.count < 24, "\(everyone.count) voters are too many to try all their sets")
        func bits(_ group: [ServerID]) -> UInt32 { everyone.indices.reduce(0) { group.contains(everyone[$1]) ? $0 | 1 << UInt32($1) : $0 } }
        func halves(_ configuration: RaftConfiguration) -> [UInt32] {
            [configuration.voters, configuration.outgoingVoters].filter { !$0.isEmpty }.map(bits)
        }
        func isQuorum(_ set: UInt32, of halves: [UInt32]) -> Bool {
            halves.allSatisfy { 2 * (set & $0).nonzeroBitCount > $0.nonzeroBitCount }
        }
        let (mine, theirs, all) = (halves(self), halves(other), UInt32(1) << UInt32(everyone.count) - 1)
        return !(0...all).contains { isQuorum($0, of: mine) && isQuorum(all & ~$0, of: theirs) }
    }
}
