import PoolModel

extension RaftNode {
    /// Appends the owner's command, or says why not. Whether it will be committed shows in `.apply`.
    mutating func propose(_ payload: Payload, size: Int, token: RaftToken) {
        precondition((0...RaftBounds.entryBytes).contains(size), "a proposal of \(size) bytes")
        if let refusal = refusalOfProposal(size: size) {
            counts.proposalsRefused += 1
            return effects.append(.proposalRefused(token: token, refusal))
        }
        append(.command(payload), size: size)
        effects.append(.proposalAppended(token: token, index: log.lastIndex, term: term))
        replicateToAll()
    }

    private func refusalOfProposal(size: Int) -> RaftRefusal? {
        guard role == .leader else { return .notLeader(leader: leader) }
        if leading.transfer != nil { return .transferringLeadership }
        // One proposal greater than the bound is taken when nothing else waits, or it never would be.
        let isOver = leading.uncommittedBytes > 0 && leading.uncommittedBytes + size > settings.uncommittedBytes
        return isOver ? .tooManyUncommittedBytes : nil
    }

    /// Appends an entry of the leader's own term; its write and its replication go side by side.
    mutating func append(_ content: RaftEntryContent<Payload>, size: Int) {
        let entry = RaftEntry(index: log.lastIndex.next, term: term, content: content, size: size)
        leading.uncommittedBytes += size
        addToLog(entry)
    }

    /// Puts an entry into the log and into this step's write; a configuration is in force from here on.
    mutating func addToLog(_ entry: RaftEntry<Payload>) {
        log.append(entry)
        storage.stage(entry)
        guard case .configuration(let configuration) = entry.content else { return }
        configurations.append(configuration, at: entry.index)
        effects.append(.configurationChanged(configuration, isCommitted: false))
    }
}
