import DequeModule
import PoolModel
import PoolStateMachine
import RaftCore

// Equal index, equal state: an agent whose state differs must not go on (hazard B20).
extension AgentCore {
    /// How many digests of others were compared with an own one in this run of the agent.
    package var comparedDigests: Int { digests.compared }

    /// At each multiple of the interval: keep the own digest, and compare it with what was heard before this server came so far.
    /// Voters tell theirs to everybody, since a majority of the voters is what the pool's state goes by.
    mutating func compareOwnDigest(_ effects: inout [AgentEffect]) {
        let index = state.appliedIndex
        guard index.number % settings.digestInterval == 0, index.number > 0 else { return }
        let digest = state.digest
        digests.keepOwn(digest, at: index)
        if raft.committedConfiguration.voters.contains(identity.server) {
            for peer in peers { effects.append(.send(.stateDigest(index: index, digest: digest), to: peer.server)) }
        }
        judgeDigests(at: index, &effects)
    }

    /// Keeps another server's digest until this one has applied as much: the master's comes before the entries are committed here.
    mutating func heardDigest(_ digest: UInt64, at index: LogIndex, of sender: ServerID, _ effects: inout [AgentEffect]) {
        digests.hear(digest, at: index, of: sender)
        judgeDigests(at: index, &effects)
    }

    /// Decides what had to wait for others too long.
    mutating func keepDigests(_ effects: inout [AgentEffect]) {
        for doubt in digests.doubts where now.monotonic - doubt.since >= settings.digestPatience {
            goByMaster(at: doubt.index, &effects)
            if isHalted { return }
        }
    }

    private mutating func judgeDigests(at index: LogIndex, _ effects: inout [AgentEffect]) {
        guard !isHalted, let own = digests.ownDigest(at: index) else { return }
        let voters = raft.committedConfiguration.voters.sorted()
        var sayers: [UInt64: [ServerID]] = [:]
        for voter in voters {
            let digest = voter == identity.server ? own : digests.digest(of: voter, at: index)
            if let digest { sayers[digest, default: []].append(voter) }
        }
        let others = voters.filter { voter in sayers.contains { $0.key != own && $0.value.contains(voter) } }
        guard !others.isEmpty else { return }
        let majority = voters.count / 2 + 1
        if let most = sayers.first(where: { $0.value.count >= majority }) {
            digests.decided(index)
            return most.key == own ? noticeDifferences(of: others, at: index, &effects) : haltBefore(most.value, at: index, &effects)
        }
        let silent = voters.count - sayers.values.reduce(0) { $0 + $1.count }
        let largest = sayers.values.map(\.count).max() ?? 0
        if largest + silent < majority { goByMaster(at: index, &effects) } else { digests.doubt(index, since: now.monotonic) }
    }

    /// Where no majority says what is right, the master's word is: who follows another one gives way. The master itself goes on,
    /// and so does who does not know what the master has; the next comparison finds the difference again.
    private mutating func goByMaster(at index: LogIndex, _ effects: inout [AgentEffect]) {
        digests.decided(index)
        guard let own = digests.ownDigest(at: index) else { return }
        let leader = raft.status.leader
        if let leader, leader != identity.server, let digest = digests.digest(of: leader, at: index), digest != own {
            return halt(
                """
                The pool's state on this server (server \(identity.server)) differs from that of the Server Pool Master (server \(leader)) \
                at log index \(index), and no majority of the voters says which of the two is right. \
                Keep the data directories of both for analysis, then remove this server from the pool and join it anew.
                """, &effects)
        }
        let others = raft.committedConfiguration.voters.sorted().filter { voter in
            digests.digest(of: voter, at: index).map { $0 != own } ?? false
        }
        noticeDifferences(of: others, at: index, &effects)
    }

    private mutating func haltBefore(_ majority: [ServerID], at index: LogIndex, _ effects: inout [AgentEffect]) {
        let names = majority.map { "\($0)" }.joined(separator: ", ")
        halt(
            """
            The pool's state on this server (server \(identity.server)) differs from that of the majority of the voters (\(names)) \
            at log index \(index). \
            Keep this server's data directory for analysis, then remove the server from the pool and join it anew.
            """, &effects)
    }

    private mutating func noticeDifferences(of servers: [ServerID], at index: LogIndex, _ effects: inout [AgentEffect]) {
        for server in servers where digests.notice(server, at: index) {
            effects.append(
                .notice(
                    .error,
                    """
                    The pool's state on server \(server) differs from this server's at log index \(index). \
                    Look at that server's log; remove it from the pool and join it anew if its agent has ended.
                    """))
        }
    }
}
