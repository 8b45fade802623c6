import PoolModel
import PoolStateMachine
import RaftCore

// Whom this agent is connected with.
extension AgentCore {
    /// Whom to be connected with. A server that knows too few could neither win an election nor be told of one, so this is the
    /// widest list that is to be had: what is applied; until everything that was stored is applied again, also what it will come to;
    /// until this server has caught up, whom another member named; and removed servers for as long as they are members of Raft's
    /// configuration, stored or committed: their vote may be needed until then, and they learn that they were removed.
    mutating func refreshPeers(_ effects: inout [AgentEffect]) {
        var listed: [ServerID: PeerDescription] = [:]
        let isOwnKnown = state.servers[identity.server] != nil
        if !isOwnKnown { for peer in initialPeers { listed[peer.server] = peer } }
        let told = toldPeers.sorted { $0.key < $1.key }.map(\.value.list)
        for interim in told + [storedPeers] where state.appliedIndex < interim.index {
            for peer in interim.peers where state.servers[peer.server]?.isRemoved != true { listed[peer.server] = peer }
        }
        let members = Set(raft.configuration.members + raft.committedConfiguration.members)
        for peer in storedPeers.leaving where state.appliedIndex < storedPeers.index && members.contains(peer.server) {
            listed[peer.server] = peer
        }
        for server in state.servers.values where !server.isRemoved || members.contains(server.id) {
            listed[server.id] = PeerDescription(server)
        }
        listed[identity.server] = nil
        let sorted = listed.values.sorted { $0.server < $1.server }
        // A server's own number, and those before it, were given before its own state tells so.
        let firstUnknown = ServerID(max(state.nextServer, identity.server.number + 1))
        guard sorted != peers || firstUnknown != admittedFrom else { return }
        admittedFrom = firstUnknown
        tellLeaving(peers.map(\.server).filter { $0 != identity.server && listed[$0] == nil }, &effects)
        peers = sorted
        digests.keepOnly(sorted.map(\.server))
        effects.append(.peersChanged(sorted, admittingFrom: firstUnknown))
    }

    /// Whoever leaves learns from the leader's last message that this is committed, and ends. Should the message be lost, the one
    /// that left asks for pre-votes that nobody hears, and does no harm.
    private func tellLeaving(_ leaving: [ServerID], _ effects: inout [AgentEffect]) {
        guard raft.status.role == .leader, let term = raft.term(at: raft.commitIndex) else { return }
        let message = RaftMessage<PoolEntry>(
            term: raft.term,
            body: .append(previousIndex: raft.commitIndex, previousTerm: term, entries: [], commit: raft.commitIndex))
        for server in leaving { effects.append(.send(.raft(message), to: server)) }
    }

    /// Who hears of no leader asks around: one that joined while this server was down may lead now, refused by it for being unknown.
    /// Voters ask, and learners, who never campaign.
    mutating func askForMembers(_ effects: inout [AgentEffect]) {
        guard raft.status.leader == nil else { return }
        let message = PeerMessage.membersWanted(lastIndex: raft.lastIndex, lastTerm: raft.term(at: raft.lastIndex) ?? .zero)
        for peer in peers { effects.append(.send(message, to: peer.server)) }
    }

    /// Whether a message counts: of a server that is admitted, but that nobody has named to this agent yet, only who the members are. It
    /// names itself among them, and is heard in full from then on.
    func isHeard(_ message: PeerMessage, from sender: ServerID) -> Bool {
        guard sender >= admittedFrom else { return true }
        if case .members = message { return true }
        return peers.contains { $0.server == sender } || raft.configuration.members.contains(sender)
    }

    /// Tells every peer that is not heard who the members are, this server among them: it may have missed how everybody that it knew was
    /// removed, so that it neither hears of those that came meanwhile nor listens to them. Said by the master, and by whoever hears of no
    /// leader: the vote of the silent one may be what an election needs. Who has applied the log as far knows better, and ignores it.
    func tellSilentPeers(_ effects: inout [AgentEffect]) {
        guard raft.status.role == .leader || raft.status.leader == nil else { return }
        guard let own = state.servers[identity.server] ?? storedServer else { return }
        let silent = peers.filter { now.monotonic - (duties.lastHeard[$0.server] ?? .zero) >= settings.unreachableAfter }
        guard !silent.isEmpty else { return }
        let members = (peers + [PeerDescription(own)]).sorted { $0.server < $1.server }
        for peer in silent { effects.append(.send(.members(members, index: raft.lastIndex), to: peer.server)) }
    }

    /// Tells a server that asks, and whose log is behind, who the members are.
    mutating func tellMembers(to asker: ServerID, _ lastIndex: LogIndex, _ lastTerm: Term, _ effects: inout [AgentEffect]) {
        let ownTerm = raft.term(at: raft.lastIndex) ?? .zero
        guard lastTerm < ownTerm || lastTerm == ownTerm && lastIndex < raft.lastIndex else { return }
        effects.append(.send(.members(peers, index: raft.lastIndex), to: asker))
    }

    /// Believes another member's list until the own log has come as far: it is authenticated, and who is on its list in vain lacks
    /// a certificate of this pool or is refused as soon as its removal is applied here. What one member says never hides what another
    /// one does, and an index that the log never reaches counts for a while only.
    mutating func toldMembers(
        _ members: [PeerDescription], index: LogIndex, by sender: ServerID, _ effects: inout [AgentEffect]
    ) {
        if let former = toldPeers[sender], now.monotonic < former.until, index < former.list.index { return }
        toldPeers[sender] = ToldPeers(list: InterimPeers(until: index, peers: members), until: now.monotonic + settings.membersPatience)
        refreshPeers(&effects)
    }

    /// Forgets what the own log has overtaken, and what has counted for long enough; but a leader that only such a list names is
    /// needed until its entries name it.
    mutating func forgetToldMembers(_ effects: inout [AgentEffect]) {
        guard !toldPeers.isEmpty else { return }
        let leader = raft.status.leader.flatMap { state.servers[$0] == nil ? $0 : nil }
        let kept = toldPeers.filter { _, told in
            guard state.appliedIndex < told.list.index else { return false }
            return now.monotonic < told.until || told.list.peers.contains { $0.server == leader }
        }
        guard kept.count < toldPeers.count else { return }
        toldPeers = kept
        refreshPeers(&effects)
    }
}

/// What another member said of the members, and until when that counts at most.
struct ToldPeers: Sendable {
    let list: InterimPeers
    let until: MonotonicInstant
}

/// Members that the own applied state does not name yet, and how far it must come to know better.
struct InterimPeers: Sendable {
    /// Once this entry is applied, the state knows better.
    let index: LogIndex
    let peers: [PeerDescription]
    /// Those whose removal is stored, and may turn out not to be committed.
    let leaving: [PeerDescription]

    init(until index: LogIndex, peers: [PeerDescription], leaving: [PeerDescription] = []) {
        self.index = index
        self.peers = peers
        self.leaving = leaving
    }

    /// - Parameter preview: what the stored log, all of it applied, makes of the state.
    init(_ preview: PoolState) {
        let servers = preview.servers.values.sorted { $0.id < $1.id }
        self.init(
            until: preview.appliedIndex, peers: servers.filter { !$0.isRemoved }.map { PeerDescription($0) },
            leaving: servers.filter(\.isRemoved).map { PeerDescription($0) })
    }
}

extension PoolState {
    /// The state as the stored log, all of it applied, would have it: an agent that starts again does not know yet how much of its log
    /// is committed, but must reach the others to learn it.
    func preview(of entries: [RaftEntry<PoolEntry>]) -> PoolState {
        var preview = self
        for entry in entries {
            if case .command(let command) = entry.content {
                _ = preview.apply(command, at: entry.index)
            } else {
                preview.skip(to: entry.index)
            }
        }
        return preview
    }
}

extension PeerDescription {
    init(_ server: Server) { self.init(server: server.id, name: server.name, address: server.peerAddress) }
}
