import PoolModel
import PoolStateMachine
import RaftCore

/// What the Server Pool Master looks after besides answering: who is heard, who votes, which format is in force.
struct MasterDuties: Sendable {
    /// When each peer was last heard, by any message.
    var lastHeard: [ServerID: MonotonicInstant] = [:]
    /// Silence is counted from here at the earliest: before its own election a master heard nothing as master.
    var masterSince: MonotonicInstant?
    /// When a word about reachability was proposed last, so that it is not repeated while under way.
    var saidReachability: [ServerID: MonotonicInstant] = [:]
    var saidFormatAt: MonotonicInstant?
    /// When a wrong clock was written to the log last, by server.
    private var saidClock: [ServerID: MonotonicInstant] = [:]
    /// A word of this server was too large for an entry, which is said once.
    var wasWarnedOfSize = false
    var isMembershipChanging = false
    var isPeerListDue = true

    mutating func mastershipChanged(at instant: MonotonicInstant) {
        isMembershipChanging = false
    }

    mutating func becameMaster(at instant: MonotonicInstant) {
        masterSince = instant
        saidReachability = [:]
        saidFormatAt = nil
    }

    /// Whether a wrong clock of this server is to be written to the log: once a minute.
    mutating func isClockNews(of server: ServerID, at instant: MonotonicInstant) -> Bool {
        if let said = saidClock[server], instant - said < .seconds(60) { return false }
        saidClock[server] = instant
        return true
    }

    /// How long a server has been silent as this master knows.
    func silence(of server: ServerID, at instant: MonotonicInstant) -> Duration {
        let since = max(lastHeard[server] ?? .zero, masterSince ?? instant)
        return instant - since
    }
}

extension AgentCore {
    mutating func keepMasterDuties(_ effects: inout [AgentEffect]) {
        guard mastership.isMaster, stopping == nil else { return }
        keepReachability(&effects)
        keepMembership(&effects)
        keepFormat(&effects)
    }

    /// Commits who is not heard any more, and who is heard again.
    private mutating func keepReachability(_ effects: inout [AgentEffect]) {
        for server in state.activeServers where server.id != identity.server && server.isSessionOpen {
            let isHeard = duties.silence(of: server.id, at: now.monotonic) < settings.unreachableAfter
            guard isHeard != server.isReachable else { continue }
            // A word from before this mastership proves nothing about the server's being back.
            if isHeard, (duties.lastHeard[server.id] ?? .zero) < (duties.masterSince ?? .zero) { continue }
            if let said = duties.saidReachability[server.id], now.monotonic - said < settings.proposalRetry { continue }
            duties.saidReachability[server.id] = now.monotonic
            let word = PoolCommand.reachability(server: server.id, session: server.session, isReachable: isHeard)
            say(word, as: .master(identity.server), &effects)
        }
        // This server is heard by itself, whatever a former master committed about it.
        if let own = state.servers[identity.server], own.isSessionOpen, !own.isReachable {
            if let said = duties.saidReachability[own.id], now.monotonic - said < settings.proposalRetry { return }
            duties.saidReachability[own.id] = now.monotonic
            say(.reachability(server: own.id, session: own.session, isReachable: true), as: .master(identity.server), &effects)
        }
    }

    /// Brings Raft's configuration in line with the pool's servers: joiners as learners, then the right number of voters.
    mutating func keepMembership(_ effects: inout [AgentEffect]) {
        guard mastership.isMaster, stopping == nil, !duties.isMembershipChanging, !raft.configuration.isJoint else { return }
        let active = state.activeServers.map(\.id)
        guard !active.isEmpty else { return }
        let present = raft.configuration
        let voters = wantedVoters(active: active, present: present)
        let learners = active.filter { !voters.contains($0) }
        guard voters != present.voters || learners != present.learners else { return }
        duties.isMembershipChanging = true
        let token = requests.makeToken()
        let answers = raft.step(.changeConfiguration(voters: voters, learners: learners, token: token), at: now.monotonic)
        if answers.contains(where: { if case .proposalRefused = $0 { true } else { false } }) { duties.isMembershipChanging = false }
        carry(answers, &effects)
    }

    /// All servers up to two, then the largest odd number within the limit. Present voters stay; caught-up learners fill up.
    private func wantedVoters(active: [ServerID], present: RaftConfiguration) -> [ServerID] {
        let limit = min(state.settings.voterLimit, active.count)
        let count = limit <= 2 ? limit : (limit % 2 == 1 ? limit : limit - 1)
        var voters = present.voters.filter(active.contains)
        var spare = active.filter { !voters.contains($0) && isFollowing($0) }[...]
        if let lost = voters.first(where: isLost), let replacement = spare.first {
            voters.removeAll { $0 == lost }
            voters.append(replacement)
            spare = spare.dropFirst()
        }
        while voters.count < count, let next = spare.popFirst() { voters.append(next) }
        // An even number of voters above two tolerates no more failures than one less: a lone newcomer waits for a second one.
        if voters.count > 2, voters.count % 2 == 0, voters.count < count, let last = voters.last, !present.voters.contains(last) {
            voters.removeLast()
        }
        return (voters.count > count ? staying(of: voters, count) : voters).sorted()
    }

    /// Who goes on voting where there are too many: all of them while those that would stay could not agree on anything.
    private func staying(of voters: [ServerID], _ count: Int) -> [ServerID] {
        // This server stays: a leader that goes costs an election. Who does not follow goes first: were the living to end voting and
        // the dead to stay, the pool would wait for the dead.
        let others = voters.filter { $0 != identity.server }.sorted()
        let following = voters.filter { $0 == identity.server } + others.filter(isFollowing)
        guard min(following.count, count) * 2 > count else { return voters }
        return Array((following + others.filter { !isFollowing($0) }).prefix(count))
    }

    /// Whether a server is heard and has nearly all of the log.
    private func isFollowing(_ server: ServerID) -> Bool {
        raft.isCaughtUp(server) && duties.silence(of: server, at: now.monotonic) < settings.unreachableAfter
    }

    /// Whether a voter has been silent for so long that another server is to vote in its place: the pool's setting, not the agent's.
    private func isLost(_ server: ServerID) -> Bool {
        server != identity.server && duties.silence(of: server, at: now.monotonic) >= state.settings.voterReplacement
    }

    /// Raises the format once every member has announced that it can apply it.
    private mutating func keepFormat(_ effects: inout [AgentEffect]) {
        let announced = state.activeServers.map(\.formatVersion).min() ?? state.formatVersion
        let version = min(announced, PoolState.newestFormatVersion)
        guard version > state.formatVersion else { return }
        if let said = duties.saidFormatAt, now.monotonic - said < settings.proposalRetry { return }
        duties.saidFormatAt = now.monotonic
        say(.raiseFormat(version: version), as: .master(identity.server), &effects)
    }
}
