import PoolModel

extension RaftNode {
    /// Ends a step: the write first, so that the disk works while messages travel (dissertation §10.2.1).
    mutating func finishStep() -> [RaftEffect<Payload>] {
        let (write, ready) = storage.flush(hardState: RaftHardState(term: term, votedFor: votedFor), now: now)
        for envelope in ready { effects.append(.send(envelope.message, to: envelope.receiver)) }
        if status != reportedStatus {
            reportedStatus = status
            effects.append(.statusChanged(status))
        }
        var result: [RaftEffect<Payload>] = []
        swap(&result, &effects)
        if let write { result.insert(.write(write), at: 0) }
        return result
    }

    /// Sends an answer that promises something: it leaves only once what it promises is durable (hazards B5, B6).
    mutating func sendWhenDurable(_ body: RaftMessageBody<Payload>, to receiver: ServerID) {
        storage.sendWhenDurable(RaftMessage(term: term, body: body), to: receiver)
    }

    mutating func writeCompleted(through sequence: UInt64) {
        let released = storage.complete(through: sequence)
        if let restoring, restoring.sequence <= sequence { finishRestore(restoring.snapshot) }
        release(released)
        countOwnVoteIfDurable()
        if role == .leader { advanceCommit() }
    }

    /// Lets messages go that waited for the disk. Those of an earlier term answer nobody any more; of several
    /// acknowledgements to one leader a later and greater one says it all.
    private mutating func release(_ envelopes: [StorageQueue<Payload>.Envelope]) {
        let current = envelopes.filter { $0.message.term == term }
        for (position, envelope) in current.enumerated() {
            let next = position + 1 < current.count ? current[position + 1] : nil
            if let next, next.receiver == envelope.receiver, let index = acknowledgedIndex(in: envelope),
                let later = acknowledgedIndex(in: next), later >= index
            {
                continue
            }
            effects.append(.send(envelope.message, to: envelope.receiver))
        }
    }

    private func acknowledgedIndex(in envelope: StorageQueue<Payload>.Envelope) -> LogIndex? {
        if case .appendAccepted(let index) = envelope.message.body { return index }
        return nil
    }

    /// Whether the disk has not finished a write within `bound`.
    func isDiskBehind(by bound: Duration) -> Bool {
        guard let oldest = storage.oldestIssue else { return false }
        return now - oldest > bound
    }
}
