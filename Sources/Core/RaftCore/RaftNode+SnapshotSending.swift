import PoolModel

extension RaftNode {
    /// The owner's state at `index`: entries up to there are dropped but for some, for followers that are a little behind.
    mutating func compact(through index: LogIndex, data: [UInt8]) {
        precondition(index <= appliedIndex, "a snapshot at \(index) of a state that was applied up to \(appliedIndex)")
        // A snapshot from the leader may have come while the owner encoded its own.
        guard index > snapshotIndex, let indexTerm = log.term(at: index) else { return }
        let configuration = configurations.item(asOf: index).configuration
        let newest = RaftSnapshot(index: index, term: indexTerm, configuration: configuration, data: data)
        trailingBytes += log.bytes(from: max(snapshotIndex, log.baseIndex).next, through: index)
        snapshot = newest
        counts.compactions += 1
        storage.stage(newest, replacesLog: false, committed: commitIndex)
        dropTrailingEntries()
        configurations.drop(through: index)
    }

    private mutating func dropTrailingEntries() {
        let index = snapshotIndex
        let kept = UInt64(max(0, settings.trailingEntries))
        var end = LogIndex(index.number > kept ? index.number - kept : 0)
        var bound = settings.messageBytes * RaftBounds.trailingMessages
        // A follower that receives an older snapshot goes on behind it; without its entries it would need another, and
        // another (hazard L7). It is waited for within the bound on uncommitted bytes.
        for peer in leading.peers {
            guard let transfer = peer.transfer, isRecentlyActive(peer), transfer.snapshot.index < index else { continue }
            end = min(end, transfer.snapshot.index)
            bound = max(bound, settings.uncommittedBytes)
        }
        let before = log.bytes
        log.drop(through: end)
        trailingBytes -= before - log.bytes
        while trailingBytes > bound, log.baseIndex < index {
            let size = log.entry(at: log.firstIndex)?.size ?? 0
            log.drop(through: log.firstIndex)
            trailingBytes -= size
        }
    }

    /// The peer needs entries that were dropped.
    mutating func beginSnapshot(to position: Int) {
        // To somebody who is not there, parts would be sent for nothing; its next answer starts them.
        guard let snapshot, isRecentlyActive(leading.peers[position]) else {
            leading.peers[position].isProbePaused = true
            return
        }
        leading.peers[position].state = .snapshot
        leading.peers[position].inflight.removeAll()
        leading.peers[position].transfer = SnapshotTransfer(snapshot: snapshot)
        sendSnapshotParts(to: position)
    }

    mutating func sendSnapshotParts(to position: Int) {
        guard var transfer = leading.peers[position].transfer else { return }
        leading.peers[position].transfer = nil
        let snapshot = transfer.snapshot
        let size = max(1, settings.snapshotPartBytes)
        let window = transfer.acknowledged + size * RaftBounds.snapshotPartsInFlight
        while transfer.sent < min(window, snapshot.data.count) || !transfer.hasSent {
            let end = min(transfer.sent + size, snapshot.data.count)
            emit(
                .snapshotPart(
                    index: snapshot.index, term: snapshot.term, configuration: snapshot.configuration, offset: transfer.sent,
                    totalSize: snapshot.data.count, data: snapshot.data[transfer.sent..<end]),
                to: leading.peers[position].server)
            transfer.sent = end
            transfer.hasSent = true
            transfer.sentInRound = leading.round
        }
        leading.peers[position].transfer = transfer
    }

    /// The peer holds `received` bytes in order; all of them once the snapshot is durable there.
    mutating func receiveSnapshotAnswer(index: LogIndex, received: Int, from sender: ServerID) {
        guard let position = hearPeer(sender), let transfer = leading.peers[position].transfer,
            transfer.snapshot.index == index, received >= 0
        else { return }
        if received >= transfer.snapshot.data.count { return finishSnapshot(position) }
        if received > transfer.acknowledged {
            leading.peers[position].transfer?.acknowledged = received
            // More than was sent since a rewind: what was sent before it has arrived after all, and need not be sent again.
            leading.peers[position].transfer?.sent = max(transfer.sent, received)
            leading.peers[position].transfer?.hasRewound = false
        } else if !transfer.hasRewound {
            // A part was lost, or the follower began anew: go on from where it stands.
            rewind(position, to: received)
        }
        sendSnapshotParts(to: position)
    }

    mutating func rewind(_ position: Int, to received: Int) {
        leading.peers[position].transfer?.acknowledged = received
        leading.peers[position].transfer?.sent = received
        leading.peers[position].transfer?.hasSent = false
        leading.peers[position].transfer?.hasRewound = true
    }

    private mutating func finishSnapshot(_ position: Int) {
        guard let index = leading.peers[position].transfer?.snapshot.index else { return }
        let server = leading.peers[position].server
        leading.peers[position].matchIndex = max(leading.peers[position].matchIndex, index)
        leading.peers[position].nextIndex = leading.peers[position].matchIndex.next
        leading.peers[position].probe(from: leading.peers[position].nextIndex)
        advanceCommit()
        guard let position = hearPeer(server) else { return }
        replicate(to: position)
    }

    /// Whether the peer has caught up with the snapshot by itself.
    func hasNoUseForSnapshot(_ peer: PeerProgress) -> Bool {
        guard let transfer = peer.transfer else { return true }
        return peer.matchIndex >= transfer.snapshot.index
    }

    /// The follower echoed a round that began after the last part was sent, and did not answer that part: what was under
    /// way is lost. Behind the last part it may still be writing, and is given more time.
    mutating func rewindIfStuck(_ position: Int, echo round: UInt64) {
        guard let transfer = leading.peers[position].transfer else { return }
        let isWhole = transfer.sent == transfer.snapshot.data.count
        guard round > transfer.sentInRound + (isWhole ? RaftBounds.roundsToInstall : 0) else { return }
        rewind(position, to: transfer.acknowledged)
        leading.peers[position].transfer?.hasRewound = false
        sendSnapshotParts(to: position)
    }
}
