import PoolModel

extension RaftNode {
    /// Sends what is new to everybody whose window has room.
    mutating func replicateToAll() {
        var batch = RecentBatch<Payload>()
        for position in leading.peers.indices { replicate(to: position, batch: &batch) }
    }

    mutating func replicate(to position: Int) {
        var batch = RecentBatch<Payload>()
        replicate(to: position, batch: &batch)
    }

    /// Sends what is new to one peer: one message while probing, as many as the window holds while replicating.
    private mutating func replicate(to position: Int, batch: inout RecentBatch<Payload>) {
        switch leading.peers[position].state {
        case .snapshot: sendSnapshotParts(to: position)
        case .probe:
            guard !leading.peers[position].isProbePaused else { return }
            sendAppend(to: position, batch: &batch)
        case .replicate:
            while leading.peers[position].state == .replicate, leading.peers[position].nextIndex <= log.lastIndex,
                leading.peers[position].inflight.count < settings.inflightMessages
            {
                sendAppend(to: position, batch: &batch)
            }
        }
    }

    /// Sends one message from the peer's next index; an empty one if there is nothing to send (Raft §5.3).
    private mutating func sendAppend(to position: Int, batch: inout RecentBatch<Payload>) {
        let next = leading.peers[position].nextIndex
        guard let previousTerm = log.term(at: next.previous) else { return beginSnapshot(to: position) }
        if batch.first != next {
            let entries = log.batch(from: next, maximumBytes: settings.messageBytes, maximumCount: settings.messageEntries)
            batch = RecentBatch(first: next, entries: entries)
        }
        leading.peers[position].sentCommit = commitIndex
        if leading.peers[position].state == .probe {
            leading.peers[position].isProbePaused = true
        } else if let last = batch.entries.last {
            leading.peers[position].inflight.append(last.index)
            leading.peers[position].nextIndex = last.index.next
        }
        emit(
            .append(previousIndex: next.previous, previousTerm: previousTerm, entries: batch.entries, commit: commitIndex),
            to: leading.peers[position].server)
    }

    /// The peer holds everything up to `matchIndex`, durable.
    mutating func receiveAppendAccepted(matchIndex: LogIndex, from sender: ServerID) {
        guard let position = hearPeer(sender) else { return }
        guard matchIndex <= log.lastIndex else {
            return effects.append(.notice("Server \(sender) acknowledged entry \(matchIndex), which does not exist: ignored."))
        }
        let isNew = matchIndex > leading.peers[position].matchIndex
        if isNew {
            leading.peers[position].matchIndex = matchIndex
            leading.peers[position].nextIndex = max(leading.peers[position].nextIndex, matchIndex.next)
        }
        switch leading.peers[position].state {
        case .probe: if matchIndex >= leading.peers[position].matchIndex { leading.peers[position].replicate() }
        case .replicate: leading.peers[position].freeInflight(through: matchIndex)
        case .snapshot: if hasNoUseForSnapshot(leading.peers[position]) { leading.peers[position].replicate() }
        }
        if isNew { advanceCommit() }
        // Committing may have ended this leadership, or the peer's membership.
        guard let position = hearPeer(sender) else { return }
        replicate(to: position)
        sendTimeoutNowIfCaughtUp(sender)
    }

    /// The peer's log does not agree at `previousIndex`; its hint spares a message per entry (Raft §5.3; hazard L7).
    mutating func receiveAppendRefused(previousIndex: LogIndex, hintIndex: LogIndex, hintTerm: Term, from sender: ServerID) {
        guard let position = hearPeer(sender) else { return }
        let peer = leading.peers[position]
        guard previousIndex > peer.matchIndex, previousIndex < peer.nextIndex else { return }
        switch peer.state {
        case .snapshot: return
        case .probe: guard previousIndex == peer.nextIndex.previous else { return }
        case .replicate: break
        }
        let limit = min(hintIndex, previousIndex.previous)
        // What was dropped cannot be compared: below it, only a snapshot helps.
        let agreeable = limit < log.baseIndex ? limit : log.lastEntry(upTo: limit, withTermAtMost: hintTerm).index
        leading.peers[position].probe(from: max(agreeable, peer.matchIndex).next)
        replicate(to: position)
    }

    mutating func receiveHeartbeatAnswer(round: UInt64, from sender: ServerID) {
        guard let position = hearPeer(sender) else { return }
        guard round <= leading.round else {
            return effects.append(.notice("Server \(sender) echoed round \(round), which was never sent: ignored."))
        }
        if round > leading.peers[position].confirmedRound {
            leading.peers[position].confirmedRound = round
            confirmRounds()
        }
        resumeAfterSilence(position, echo: round)
        sendTimeoutNowIfCaughtUp(sender)
    }

    /// The peer answers, so what it lacks may have been lost: a probe is sent again, a missing end is looked for.
    private mutating func resumeAfterSilence(_ position: Int, echo round: UInt64) {
        switch leading.peers[position].state {
        case .probe:
            leading.peers[position].isProbePaused = false
            replicate(to: position)
        case .replicate where log.term(at: leading.peers[position].nextIndex.previous) == nil:
            // The end of what was sent is dropped from the log, so no message could ask for it: what is acknowledged is known to be there.
            leading.peers[position].probe(from: leading.peers[position].matchIndex.next)
            replicate(to: position)
        case .replicate:
            replicate(to: position)
            guard leading.peers[position].matchIndex < log.lastIndex else { return }
            // An empty message after everything sent: if something is missing there, the answer says so.
            sendCommit(to: position)
        case .snapshot: rewindIfStuck(position, echo: round)
        }
    }

    /// Tells the commit index, and with it the end of what was sent.
    func emptyAppend(after previous: LogIndex) -> RaftMessageBody<Payload>? {
        guard let previousTerm = log.term(at: previous) else { return nil }
        return .append(previousIndex: previous, previousTerm: previousTerm, entries: [], commit: commitIndex)
    }

    mutating func sendCommit(to position: Int) {
        guard let body = emptyAppend(after: leading.peers[position].nextIndex.previous) else { return }
        leading.peers[position].sentCommit = commitIndex
        emit(body, to: leading.peers[position].server)
    }

    /// Something on its way to the peer was lost.
    mutating func peerUnreachable(_ server: ServerID) {
        guard role == .leader, let position = leading.position(of: server) else { return }
        let peer = leading.peers[position]
        switch peer.state {
        case .replicate: leading.peers[position].probe(from: peer.matchIndex.next)
        case .probe: break
        case .snapshot: rewind(position, to: peer.transfer?.acknowledged ?? 0)
        }
    }
}

/// The batch that was cut last: peers that stand at the same index share it.
struct RecentBatch<Payload: RaftPayload> {
    var first: LogIndex?
    var entries: [RaftEntry<Payload>] = []
}
