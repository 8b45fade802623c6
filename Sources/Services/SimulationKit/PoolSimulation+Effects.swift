import AgentCore
import PoolModel
import PoolStateMachine
import RaftCore
import WireFormat

extension PoolSimulation {
    /// Performs an agent's effects in their order.
    func perform(_ effects: [AgentEffect], of server: SimulatedServer) {
        for effect in effects {
            guard server.core != nil else { return }
            switch effect {
            case .write(let write): store(write, on: server)
            case .send(let message, let peer): send(message, from: server, to: peer)
            case .encodeSnapshot(let state, let index): encode(state, index: index, on: server)
            case .answerWrite(let client, let answer): writeAnswered(client, answer)
            case .answerRead(let client, let answer): readAnswered(client, answer, by: server)
            case .listDomains(let number): list(number, on: server)
            case .perform(let id, let operation): ask(operation, id, on: server)
            case .cancel(let id): cancel(id, on: server)
            case .peersChanged(let peers, let first):
                server.admittedFrom = first
                peersChanged(peers.map(\.server), of: server)
            case .applied, .mastershipChanged, .goodbye, .notice, .answerProgress: break
            case .halt(let sentence): halted(server, sentence)
            case .stopped: end(server, isOrderly: true)
            }
        }
    }

    // MARK: Disk

    private func store(_ write: RaftWrite<PoolEntry>, on server: SimulatedServer) {
        noteBallot(of: write, server)
        server.disk.ask(write)
        let isEarly = plantedBug == .acknowledgesBeforeDurable
        let slowness: ClosedRange<Int64> =
            isEarly ? 5_000_000...100_000_000 : (random.happens(10_000) ? 1_000_000...60_000_000 : 50_000...2_000_000)
        server.diskFreeAt = max(server.diskFreeAt, now) + random.nanoseconds(slowness)
        queue.add(.diskWrite(server.id, run: server.run), at: server.diskFreeAt)
        if isEarly { queueInput(.writeCompleted(sequence: write.sequence), for: server, after: 10_000) }
    }

    func diskWriteDone(_ id: ServerID, run: Int) {
        guard let server = servers[id], server.run == run, server.core != nil, let sequence = server.disk.completeFirst() else { return }
        guard plantedBug != .acknowledgesBeforeDurable else { return }
        queueInput(.writeCompleted(sequence: sequence), for: server, after: 1_000)
    }

    private func encode(_ state: PoolState, index: LogIndex, on server: SimulatedServer) {
        report.counts.snapshots += 1
        let data = coding.encode(plantedBug == .dropsTagInSnapshot ? Self.withoutOneTag(state) : state)
        queueInput(.snapshotEncoded(index: index, data: data), for: server, after: random.nanoseconds(100_000...20_000_000))
    }

    private static func withoutOneTag(_ state: PoolState) -> PoolState {
        var parts = state.parts
        for position in parts.machines.indices {
            guard let key = parts.machines[position].tags.keys.min() else { continue }
            parts.machines[position].tags[key] = nil
            break
        }
        do { return try PoolState(restoring: parts) } catch { return state }
    }

    // MARK: Network

    func send(_ message: PeerMessage, from server: SimulatedServer, to receiver: ServerID) {
        report.counts.messages += 1
        noteVotes(message, from: server, to: receiver)
        if Self.isVote(message), !isHealing, random.happens(settings.faults.crashAfterVoteMillionths) {
            queue.add(.crashAfterVote(server.id, run: server.run), at: now + random.nanoseconds(1_000...3_000_000))
        }
        // What was sent before a connection was given up still arrives; to a server that is not listed there is none.
        guard server.peers.contains(receiver) else { return tellUnreachable(receiver, to: server.id) }
        let faults = isHealing ? .none : settings.faults
        if random.happens(faults.lossMillionths) {
            report.counts.lostMessages += 1
            breakConnection(server.id, receiver)
            return
        }
        let sent = tampered(message, from: server.id, to: receiver)
        deliver(sent, from: server.id, to: receiver, faults)
        if random.happens(faults.duplicationMillionths) {
            report.counts.doubledMessages += 1
            deliver(sent, from: server.id, to: receiver, faults)
        }
        if plantedBug == .forgetsRequestIdentity, let copy = Self.withoutIdentity(message) {
            deliver(copy, from: server.id, to: receiver, faults)
        }
    }

    private static func isVote(_ message: PeerMessage) -> Bool {
        guard case .raft(let raft) = message else { return false }
        switch raft.body {
        case .voteAnswer, .voteRequest: return true
        default: return false
        }
    }

    private func deliver(_ message: PeerMessage, from sender: ServerID, to receiver: ServerID, _ faults: SimulationFaults) {
        let isSlow = random.happens(faults.slownessMillionths)
        let delay: ClosedRange<Int64> = isSlow ? 1_000_000...100_000_000 : 100_000...1_500_000
        let arrival = now + random.nanoseconds(delay)
        if isSlow { report.counts.delayedMessages += 1 }
        if network.send(NetworkLink(sender: sender, receiver: receiver), arrivingAt: arrival) { report.counts.overtakingMessages += 1 }
        queue.add(.message(message, from: sender, to: receiver), at: arrival)
    }

    func arrive(_ message: PeerMessage, from sender: ServerID, at receiver: ServerID, _ event: SimulationEvent) {
        guard let server = servers[receiver], server.core != nil, !network.isCut(sender, receiver) else {
            if network.isCut(sender, receiver) { report.counts.lostMessages += 1 }
            tellUnreachable(receiver, to: sender)
            return
        }
        // An agent takes messages from those that it lists, and from servers that may have joined since.
        guard server.admits(sender) else {
            tellUnreachable(receiver, to: sender)
            return
        }
        guard !isPaused(server, event) else { return }
        noteGrant(message, from: sender, to: receiver)
        step(server, .received(message, from: sender))
    }

    /// A message was lost, which a connection only does by breaking.
    private func breakConnection(_ sender: ServerID, _ receiver: ServerID) {
        tellUnreachable(receiver, to: sender)
        tellUnreachable(sender, to: receiver)
        if let server = servers[receiver], random.happens(500_000) {
            queueInput(.peerConnectionClosed(sender), for: server, after: random.nanoseconds(100_000...5_000_000))
        }
        connect(sender, receiver, after: random.nanoseconds(1_000_000...50_000_000))
    }

    private func tellUnreachable(_ peer: ServerID, to id: ServerID) {
        guard let server = servers[id], server.core != nil else { return }
        guard network.pendingNotices.insert(NetworkLink(sender: id, receiver: peer)).inserted else { return }
        queueInput(.peerUnreachable(peer), for: server, after: random.nanoseconds(200_000...200_000_000))
    }

    /// Both ends learn of a new connection, if there can be one.
    func connect(_ one: ServerID, _ other: ServerID, after nanoseconds: Int64) {
        guard let first = servers[one], let second = servers[other], first.core != nil, second.core != nil else { return }
        guard !network.isCut(one, other), !network.isCut(other, one) else { return }
        if first.peers.contains(other), second.admits(one) { queueInput(.peerConnected(other), for: first, after: nanoseconds) }
        if second.peers.contains(one), first.admits(other) { queueInput(.peerConnected(one), for: second, after: nanoseconds) }
    }

    private func peersChanged(_ peers: [ServerID], of server: SimulatedServer) {
        let former = server.peers
        server.peers = peers
        for peer in peers where !former.contains(peer) { connect(server.id, peer, after: random.nanoseconds(1_000_000...20_000_000)) }
    }

    private func tampered(_ message: PeerMessage, from sender: ServerID, to receiver: ServerID) -> PeerMessage {
        guard let bug = plantedBug, case .raft(let raft) = message else { return message }
        switch (bug, raft.body) {
        case (.raisesTerms, .append), (.raisesTerms, .heartbeat):
            return random.happens(2_000) ? .raft(RaftMessage(term: raft.term.next, body: raft.body)) : message
        case (.grantsRefusedVotes, .voteAnswer): return .raft(RaftMessage(term: raft.term, body: .voteAnswer(isGranted: true)))
        case (.grantsRefusedVotes, .preVoteAnswer):
            return .raft(RaftMessage(term: raft.term, body: .preVoteAnswer(isGranted: true, isLeaderAlive: false)))
        case (.skipsJoint, .append(let index, let term, let entries, let commit)):
            return .raft(
                RaftMessage(
                    term: raft.term,
                    body: .append(previousIndex: index, previousTerm: term, entries: entries.map(Self.withoutJoint), commit: commit)))
        case (.overstatesMatch, .appendAccepted(let match)):
            return .raft(RaftMessage(term: raft.term, body: .appendAccepted(matchIndex: match.advanced(by: 1))))
        default: return message
        }
    }

    /// A change of members without the configuration in which both majorities are needed.
    private static func withoutJoint(_ entry: RaftEntry<PoolEntry>) -> RaftEntry<PoolEntry> {
        guard case .configuration(let configuration) = entry.content, configuration.isJoint else { return entry }
        let plain = RaftConfiguration(voters: configuration.voters, learners: configuration.learners)
        return RaftEntry(index: entry.index, term: entry.term, content: .configuration(plain), size: entry.size)
    }

    /// The same write under another number: nothing tells any more that it is the same.
    private static func withoutIdentity(_ message: PeerMessage) -> PeerMessage? {
        guard case .forward(let entry) = message, case .putTag = entry.command, let request = entry.request else { return nil }
        let other = RequestIdentity(
            member: request.member, session: request.session, sequence: request.sequence + 10_000,
            firstOutstanding: request.firstOutstanding)
        return .forward(
            PoolEntry(
                command: entry.command, principal: entry.principal, proposedAt: entry.proposedAt, reason: entry.reason, request: other))
    }

    // MARK: The end of an agent

    private func halted(_ server: SimulatedServer, _ sentence: String) {
        server.hasHalted = true
        end(server, isOrderly: false)
        let isRemoved = checks.reference.servers[server.id]?.isRemoved ?? false
        if !isRemoved { violated("The agent of server \(server.id) gave up: \(sentence)") }
    }
}
