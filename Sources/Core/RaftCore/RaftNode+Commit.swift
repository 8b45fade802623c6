import PoolModel

extension RaftNode {
    /// The last entry that a voter is known to hold durably; this server's own counts no sooner than others' (hazards B5, B14).
    private func acknowledgedIndex(of server: ServerID) -> UInt64 {
        if server == id { return storage.durableIndex.number }
        return leading.position(of: server).map { leading.peers[$0].matchIndex.number } ?? 0
    }

    /// Commits what a majority holds, if it is of the own term; what went before is committed with it, and an entry of an
    /// earlier term never by counting (Raft §5.4.2, figure 8; hazard B4).
    mutating func advanceCommit() {
        let index = LogIndex(configuration.valueReachedByMajority(acknowledgedIndex))
        guard index > commitIndex, log.term(at: index) == term else { return }
        leading.uncommittedBytes -= log.bytes(from: commitIndex.next, through: index)
        commit(through: index)
        for position in leading.peers.indices {
            let peer = leading.peers[position]
            guard peer.state == .replicate, peer.sentCommit < commitIndex else { continue }
            // With entries if there are any and room for them, else alone: followers apply without waiting for a heartbeat.
            if peer.nextIndex <= log.lastIndex, peer.inflight.count < settings.inflightMessages {
                replicate(to: position)
            } else {
                sendCommit(to: position)
            }
        }
        continueConfigurationChange()
    }

    mutating func commit(through index: LogIndex) {
        precondition(index <= log.lastIndex, "entry \(index) was committed, but the log ends at \(log.lastIndex)")
        let before = commitIndex
        commitIndex = index
        verifiedIndex = max(verifiedIndex, index)
        handOut()
        let latest = configurations.latest
        if latest.index > before, latest.index <= index {
            effects.append(.configurationChanged(latest.configuration, isCommitted: true))
        }
    }

    /// Hands committed entries to the owner, each once; nothing overtakes a snapshot that is being written (hazard B12).
    mutating func handOut() {
        guard restoring == nil, handedOutIndex < commitIndex else { return }
        let entries = log.entries(from: handedOutIndex.next, through: commitIndex)
        handedOutIndex = commitIndex
        effects.append(.apply(entries))
    }

    mutating func applied(through index: LogIndex) {
        precondition(index <= handedOutIndex, "entry \(index) was applied, but only \(handedOutIndex) was handed out")
        appliedIndex = max(appliedIndex, index)
    }
}
