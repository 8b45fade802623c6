import PoolModel

extension RaftNode {
    /// Raft figure 2, AppendEntries. Only a conflict truncates, and never what is committed (hazard B8).
    mutating func receiveAppend(
        previousIndex: LogIndex, previousTerm: Term, entries: [RaftEntry<Payload>], commit: LogIndex, from sender: ServerID
    ) {
        guard hearLeader(sender) else { return }
        guard !contradictsCommitted(previousIndex, previousTerm, entries) else {
            return effects.append(.notice("Server \(sender) sent entries that contradict committed ones: ignored."))
        }
        // Everything that is committed here agrees with every later leader (leader completeness, Raft §5.4.3).
        guard previousIndex <= commitIndex || log.term(at: previousIndex) == previousTerm else {
            let hint = log.lastEntry(upTo: previousIndex, withTermAtMost: previousTerm)
            return emit(
                .appendRefused(previousIndex: previousIndex, hintIndex: max(hint.index, commitIndex), hintTerm: hintTerm(hint)),
                to: sender)
        }
        for entry in entries where entry.index > commitIndex { accept(entry) }
        let last = previousIndex.advanced(by: entries.count)
        verifiedIndex = max(verifiedIndex, last)
        commitAsFollower(through: commit)
        acknowledge(last, to: sender)
    }

    private func hintTerm(_ hint: (index: LogIndex, term: Term)) -> Term {
        hint.index >= commitIndex ? hint.term : log.term(at: commitIndex) ?? hint.term
    }

    private func contradictsCommitted(_ previousIndex: LogIndex, _ previousTerm: Term, _ entries: [RaftEntry<Payload>]) -> Bool {
        if previousIndex <= commitIndex, let own = log.term(at: previousIndex), own != previousTerm { return true }
        for entry in entries.prefix(while: { $0.index <= commitIndex }) {
            if let own = log.term(at: entry.index), own != entry.term { return true }
        }
        return false
    }

    private mutating func accept(_ entry: RaftEntry<Payload>) {
        if let own = log.term(at: entry.index) {
            if own == entry.term { return }
            truncate(from: entry.index)
        }
        addToLog(entry)
    }

    /// Removes entries that a later leader does not have; a configuration among them is not in force any more (hazard B11).
    private mutating func truncate(from index: LogIndex) {
        precondition(index > commitIndex, "committed entry \(index) would be truncated")
        log.truncate(from: index)
        storage.stageTruncation(from: index)
        if configurations.truncate(from: index) {
            let latest = configurations.latest
            effects.append(.configurationChanged(latest.configuration, isCommitted: latest.index <= commitIndex))
        }
    }

    /// Answers once everything up to `index` is durable here.
    func needsWrite(for index: LogIndex) -> Bool { index > storage.durableIndex }

    private mutating func acknowledge(_ index: LogIndex, to sender: ServerID) {
        if needsWrite(for: index) {
            sendWhenDurable(.appendAccepted(matchIndex: index), to: sender)
        } else {
            emit(.appendAccepted(matchIndex: index), to: sender)
        }
    }

    mutating func receiveHeartbeat(commit: LogIndex, round: UInt64, from sender: ServerID) {
        guard hearLeader(sender) else { return }
        commitAsFollower(through: commit)
        emit(.heartbeatAnswer(round: round), to: sender)
        askLeaderAgainIfLost()
    }

    /// The least of what the leader committed and what is known to agree with its log (Raft figure 2; hazard B10).
    mutating func commitAsFollower(through leaderCommit: LogIndex) {
        let index = min(leaderCommit, verifiedIndex)
        if index > commitIndex { commit(through: index) }
    }
}
