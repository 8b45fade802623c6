import AgentCore
import PoolModel
import PoolStateMachine
import RaftCore

extension PoolSimulation {
    // MARK: After each step of an agent

    func checkAfterStep(_ server: SimulatedServer) {
        guard let core = server.core else { return }
        mixTrace(server, core)
        checkRole(server, core)
        checkCommits(server, core)
        checkApplied(server, core)
        report.counts.comparedDigests += max(0, core.comparedDigests - server.comparedDigests)
        server.comparedDigests = core.comparedDigests
        if server.configuration != core.raft.configuration { checkQuorums(server, core) }
        server.configuration = core.raft.configuration
    }

    private func mixTrace(_ server: SimulatedServer, _ core: AgentCore) {
        var mixed = report.trace ^ UInt64(bitPattern: now) ^ (server.id.number << 56)
        mixed ^= core.raft.term.number << 40 ^ core.raft.lastIndex.number << 20 ^ core.raft.commitIndex.number
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        report.trace = mixed ^ (mixed >> 27)
    }

    private func checkRole(_ server: SimulatedServer, _ core: AgentCore) {
        let status = core.raft.status
        let isLeading = status.role == .leader
        if isLeading {
            let (sentence, isNew) = checks.leads(server.id, in: status.term)
            if let sentence { violated(sentence) }
            if isNew {
                report.counts.elections += 1
                if let sentence = checks.elected(server.id, in: status.term) { violated(sentence) }
                checkCompleteness(server, core)
            }
        } else if let leader = status.leader, leader != server.id, checks.leaders[status.term] != leader {
            violated("Server \(server.id) follows server \(leader) in term \(status.term), in which nobody elected it.")
        }
        server.isLeading = isLeading
    }

    private func checkCompleteness(_ server: SimulatedServer, _ core: AgentCore) {
        guard let needed = checks.lastEntry(committedBefore: core.raft.term), needed.index > core.raft.snapshotIndex else { return }
        guard core.raft.term(at: needed.index) == needed.term || needed.index < core.raft.firstIndex else {
            return violated("Server \(server.id) leads in term \(core.raft.term) without the committed entry \(needed.index).")
        }
    }

    private func checkCommits(_ server: SimulatedServer, _ core: AgentCore) {
        let last = core.raft.commitIndex
        guard last > server.checkedCommit else { return }
        for number in (server.checkedCommit.number + 1)...last.number {
            let index = LogIndex(number)
            guard let entry = core.raft.entry(at: index) else {
                if index > checks.lastIndex { violated("Server \(server.id) committed index \(index), which nobody has.") }
                continue
            }
            let (sentence, isNew) = checks.commit(entry, by: server.id, in: core.raft.term)
            if let sentence { violated(sentence) }
            if isNew {
                report.counts.committedEntries += 1
                if checks.isHandingOver(entry) { report.counts.migrations += 1 }
                checkDurability(entry, server.configuration)
            }
        }
        server.checkedCommit = last
    }

    /// A committed entry is on a majority's disks, in both halves of a joint configuration.
    private func checkDurability(_ entry: RaftEntry<PoolEntry>, _ configuration: RaftConfiguration) {
        for voters in [configuration.voters, configuration.outgoingVoters] where !voters.isEmpty {
            let holders = voters.filter { servers[$0]?.disk.holds(entry.index, entry.term) ?? false }
            guard holders.count <= voters.count / 2 else { continue }
            violated("Entry \(entry.index) was committed, but only \(holders.count) of \(voters.count) voters have it on their disks.")
        }
    }

    private func checkApplied(_ server: SimulatedServer, _ core: AgentCore) {
        let applied = core.state.appliedIndex
        guard applied != server.lastApplied else { return }
        if applied < server.lastApplied {
            violated("Server \(server.id) went back from applied index \(server.lastApplied) to \(applied).")
        }
        if core.raft.snapshotIndex > server.lastApplied { report.counts.restores += 1 }
        server.lastApplied = applied
        if applied.number % PoolChecks.digestInterval == 0 { checkDigest(server, core) }
    }

    private func checkDigest(_ server: SimulatedServer, _ core: AgentCore) {
        // The agents themselves must find this mistake, by comparing their digests.
        guard plantedBug != .appliesDifferently else { return }
        guard let expected = checks.digest(at: core.state.appliedIndex), core.state.digest != expected else { return }
        violated("The state of server \(server.id) at index \(core.state.appliedIndex) is not what the committed log gives.")
    }

    /// A vote counts from the moment at which it leaves; a candidate's request is its vote for itself.
    func noteVotes(_ message: PeerMessage, from server: SimulatedServer, to receiver: ServerID) {
        guard case .raft(let raft) = message else { return }
        let sentence: String? =
            switch raft.body {
            case .voteRequest: checks.voted(server.id, for: server.id, in: raft.term)
            case .voteAnswer(let isGranted) where isGranted: checks.voted(server.id, for: receiver, in: raft.term)
            default: nil
            }
        if let sentence { violated(sentence) }
        // A refusal is judged by the log of this moment; a vote is by that of the moment at which it was given, noted already.
        if case .voteAnswer = raft.body, let log = server.lastEntry { checks.noteLog(log, of: server.id, in: raft.term) }
    }

    // MARK: Now and then, and at the end

    func checkEverything() {
        let running = serversInOrder.filter { $0.core != nil }
        for server in running { if let core = server.core { checkDigest(server, core) } }
        for (position, server) in running.enumerated() {
            for other in running[(position + 1)...] { checkLogsMatch(server, other) }
        }
        checkMajorityHoldsEverything()
        if let sentence = checks.reference.inconsistency { violated("The pool's state contradicts itself: \(sentence)") }
    }

    /// If two logs agree at an index, they agree before it (Raft figure 3).
    private func checkLogsMatch(_ server: SimulatedServer, _ other: SimulatedServer) {
        guard let one = server.core?.raft, let two = other.core?.raft else { return }
        let first = max(one.firstIndex, two.firstIndex).number
        var index = min(one.lastIndex, two.lastIndex).number
        while index >= first, index > 0, one.term(at: LogIndex(index)) != two.term(at: LogIndex(index)) { index -= 1 }
        while index >= first, index > 0 {
            guard one.entry(at: LogIndex(index)) == two.entry(at: LogIndex(index)) else {
                return violated("The logs of servers \(server.id) and \(other.id) agree after index \(index), but not there.")
            }
            index -= 1
        }
    }

    private func checkMajorityHoldsEverything() {
        let voters = checks.configuration.voters
        for entry in checks.committed.suffix(100) {
            let holders = voters.filter { servers[$0]?.disk.holds(entry.index, entry.term) ?? false }
            if holders.count <= voters.count / 2 {
                return violated("The committed entry \(entry.index) is on the disks of only \(holders.count) of \(voters.count) voters.")
            }
        }
    }
}
