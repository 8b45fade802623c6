import PoolModel

extension RaftNode {
    /// Asks the leader on behalf of all reads that wait.
    mutating func askLeader(_ leader: ServerID) {
        forwardedReads.asked = forwardedReads.waiting
        forwardedReads.waiting = []
        forwardedReads.askedContext = forwardedReads.nextContext
        forwardedReads.askedAt = now
        forwardedReads.nextContext &+= 1
        emit(.readIndexRequest(context: forwardedReads.nextContext &- 1), to: leader)
    }

    /// Asks again when the answer has been missing for a while; the leader is alive, as it was just heard.
    mutating func askLeaderAgainIfLost() {
        guard let leader, let context = forwardedReads.askedContext, now - forwardedReads.askedAt >= settings.heartbeatInterval * 2 else {
            return
        }
        forwardedReads.askedAt = now
        emit(.readIndexRequest(context: context), to: leader)
    }

    mutating func receiveReadIndexAnswer(context: UInt64, index: LogIndex, from sender: ServerID) {
        guard let tokens = takeAsked(context, from: sender) else { return }
        for token in tokens { effects.append(.readReady(token: token, index: index)) }
        askForWaiting()
    }

    mutating func receiveReadIndexRefused(context: UInt64, from sender: ServerID) {
        guard let tokens = takeAsked(context, from: sender) else { return }
        for token in tokens { effects.append(.readRefused(token: token, .notReadyToRead)) }
        askForWaiting()
    }

    /// Every read that was handed on is refused: its leader is not known any more, or another one leads.
    mutating func refuseForwardedReads() {
        let tokens = forwardedReads.asked + forwardedReads.waiting
        forwardedReads.asked = []
        forwardedReads.waiting = []
        forwardedReads.askedContext = nil
        for token in tokens { effects.append(.readRefused(token: token, .notLeader(leader: nil))) }
    }

    private mutating func takeAsked(_ context: UInt64, from sender: ServerID) -> [RaftToken]? {
        guard sender == leader, forwardedReads.askedContext == context else { return nil }
        let tokens = forwardedReads.asked
        forwardedReads.asked = []
        forwardedReads.askedContext = nil
        return tokens
    }

    private mutating func askForWaiting() {
        if let leader, !forwardedReads.waiting.isEmpty { askLeader(leader) }
    }
}
