import DequeModule
import PoolModel
import PoolStateMachine
import RaftCore

extension AgentCore {
    /// Feeds Raft and carries its effects on, in their order.
    mutating func drive(_ input: RaftInput<PoolEntry>, _ effects: inout [AgentEffect]) {
        carry(raft.step(input, at: now.monotonic), &effects)
    }

    /// Carries Raft's effects on, and those that applying entries brings about.
    mutating func carry(_ raftEffects: [RaftEffect<PoolEntry>], _ effects: inout [AgentEffect]) {
        var queue = Deque(raftEffects)
        while let effect = queue.popFirst() {
            guard !isHalted else { return }
            switch effect {
            case .write(let write): effects.append(.write(write))
            case .send(let message, let peer): effects.append(.send(.raft(message), to: peer))
            case .apply(let entries):
                apply(entries, &effects)
                if let last = entries.last, !isHalted { queue.append(contentsOf: raft.step(.applied(last.index), at: now.monotonic)) }
            case .restore(let snapshot):
                restore(snapshot, &effects)
                if !isHalted { queue.append(contentsOf: raft.step(.applied(snapshot.index), at: now.monotonic)) }
            case .proposalAppended: break
            case .proposalRefused(let token, let refusal): proposalRefused(token, refusal)
            case .readReady(let token, let index): readReady(token, index: index, &effects)
            case .readRefused(let token, _): readRefused(token)
            case .statusChanged: statusChanged(&effects)
            case .configurationChanged:
                duties.isMembershipChanging = false
                refreshPeers(&effects)
            case .notice(let sentence): effects.append(.notice(.warning, sentence))
            }
        }
        refreshMastership(&effects)
    }

    private mutating func apply(_ entries: [RaftEntry<PoolEntry>], _ effects: inout [AgentEffect]) {
        guard let last = entries.last else { return }
        for entry in entries {
            guard case .command(let command) = entry.content else {
                state.skip(to: entry.index)
                compareOwnDigest(&effects)
                if isHalted { return }
                continue
            }
            let applied = state.apply(command, at: entry.index)
            requests.applied(command, applied.outcome, at: entry.index, by: identity, &effects)
            snapshots.appliedBytes += entry.size
            noteApplied(command)
            compareOwnDigest(&effects)
            if isHalted { return }
        }
        effects.append(.applied(last.index))
        afterApplying(&effects)
    }

    /// The leader sent entries that cannot be read here. They are not in this log, nor acknowledged; to go on would be to stand still.
    ///
    /// Whether the sender leads is Raft's to say, by what a heartbeat in that term would bring: nobody else's word ends this agent.
    mutating func receiveNewerEntries(in term: Term, _ cause: String, from sender: ServerID, _ effects: inout [AgentEffect]) {
        drive(.received(RaftMessage(term: term, body: .heartbeat(commit: .zero, round: 0)), from: sender), &effects)
        guard !isHalted, raft.term == term, raft.status.role != .leader, raft.status.leader == sender else { return }
        halt(
            """
            The Server Pool Master (server \(sender)) sent log entries that were written by a newer agent: \(cause) \
            Install the newest agent version on this server, then start it again.
            """, &effects)
    }

    private mutating func restore(_ snapshot: RaftSnapshot, _ effects: inout [AgentEffect]) {
        do {
            state = try decoder.decode(snapshot.data)
        } catch {
            halt(error.message, &effects)
            return
        }
        snapshots.restored(at: snapshot.index)
        digests.restored()
        requests.missedOutcomes()
        effects.append(.applied(snapshot.index))
        afterApplying(&effects)
    }

    /// What an applied command may concern here. Only a hint for when to look; what is done follows from the state alone.
    private mutating func noteApplied(_ command: PoolEntry) {
        switch command.command {
        case .putTag, .deleteTag: break
        case .hello(let hello):
            if hello.server == identity.server, state.servers[identity.server]?.run == identity.run { session.wasOpened = true }
            duties.isPeerListDue = true
            reconciler.isDue = true
        case .createPool, .join, .removeServer, .released: duties.isPeerListDue = true; reconciler.isDue = true
        default: reconciler.isDue = true
        }
    }

    private mutating func afterApplying(_ effects: inout [AgentEffect]) {
        if state.formatVersion > PoolState.newestFormatVersion {
            return halt(
                """
                The pool's format is \(state.formatVersion), and this agent applies up to \(PoolState.newestFormatVersion). \
                Install the newest agent version on this server, then start it again.
                """, &effects)
        }
        if duties.isPeerListDue {
            duties.isPeerListDue = false
            refreshPeers(&effects)
            keepSession(&effects)
            keepMembership(&effects)
        }
        answerReads(&effects)
        considerSnapshot(&effects)
    }

    private mutating func statusChanged(_ effects: inout [AgentEffect]) {
        duties.mastershipChanged(at: now.monotonic)
        refreshMastership(&effects)
        // Whatever the former leader was told may be lost with it: the new one is told again (hazard-free: applied once).
        dispatchOutstanding(&effects)
    }

    /// Says who is master when that has changed, as seen from outside Raft.
    mutating func refreshMastership(_ effects: inout [AgentEffect]) {
        let current = MastershipStatus(raft.status, isReady: raft.isReadyMaster)
        guard current != mastership else { return }
        let becameMaster = current.isMaster && !mastership.isMaster
        mastership = current
        effects.append(.mastershipChanged(current))
        if becameMaster {
            duties.becameMaster(at: now.monotonic)
            keepSession(&effects)
            keepMasterDuties(&effects)
        }
    }
}
