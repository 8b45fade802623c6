import PoolModel

extension RaftNode {
    /// What is wrong with a message by itself, or nil. What passes here cannot overflow a number or break an order.
    func fault(in message: RaftMessage<Payload>) -> String? {
        guard isWithinBounds(message.term) else { return "its term \(message.term) is out of range" }
        switch message.body {
        case .preVoteRequest(let lastIndex, let lastTerm), .voteRequest(let lastIndex, let lastTerm, _):
            return isWithinBounds(lastIndex) && isWithinBounds(lastTerm) ? nil : "its last entry is out of range"
        case .append(let previousIndex, let previousTerm, let entries, let commit):
            guard isWithinBounds(previousIndex), isWithinBounds(commit) else { return "its index is out of range" }
            return faultInEntries(entries, after: previousIndex, previousTerm, leaderTerm: message.term)
        case .appendAccepted(let matchIndex): return isWithinBounds(matchIndex) ? nil : "its index is out of range"
        case .appendRefused(let previousIndex, let hintIndex, _):
            return isWithinBounds(previousIndex) && isWithinBounds(hintIndex) ? nil : "its index is out of range"
        case .heartbeat(let commit, _): return isWithinBounds(commit) ? nil : "its commit index is out of range"
        case .snapshotPart(let index, let snapshotTerm, let configuration, let offset, let totalSize, let data):
            guard isWithinBounds(index), index > .zero, snapshotTerm <= message.term else { return "its snapshot is out of range" }
            guard !configuration.voters.isEmpty else { return "its snapshot has no voter" }
            return faultInPart(offset: offset, totalSize: totalSize, count: data.count)
        case .readIndexAnswer(_, let index): return isWithinBounds(index) ? nil : "its index is out of range"
        case .preVoteAnswer, .voteAnswer, .heartbeatAnswer, .snapshotAnswer, .timeoutNow, .readIndexRequest, .readIndexRefused:
            return nil
        }
    }

    private func isWithinBounds(_ index: LogIndex) -> Bool { index.number < RaftBounds.greatestNumber }
    private func isWithinBounds(_ term: Term) -> Bool { term.number < RaftBounds.greatestNumber }

    private func faultInEntries(
        _ entries: [RaftEntry<Payload>], after previousIndex: LogIndex, _ previousTerm: Term, leaderTerm: Term
    ) -> String? {
        var index = previousIndex
        var last = previousTerm
        for entry in entries {
            guard entry.index == index.next else { return "its entries are not contiguous at \(index)" }
            guard entry.term >= last else { return "its entries' terms go backwards at \(entry.index)" }
            guard (0...RaftBounds.entryBytes).contains(entry.size) else { return "entry \(entry.index) has an impossible size" }
            if case .configuration(let configuration) = entry.content, configuration.voters.isEmpty {
                return "entry \(entry.index) is a configuration without a voter"
            }
            index = entry.index
            last = entry.term
        }
        guard isWithinBounds(index) else { return "its entries are out of range" }
        return last <= leaderTerm ? nil : "its entries are of a later term than its own"
    }

    private func faultInPart(offset: Int, totalSize: Int, count: Int) -> String? {
        guard (0...settings.snapshotBytes).contains(totalSize) else { return "its snapshot claims \(totalSize) bytes" }
        guard offset >= 0, offset <= totalSize, count <= totalSize - offset else { return "its part lies outside the snapshot" }
        return count > 0 || totalSize == 0 ? nil : "its part of the snapshot is empty"
    }
}
