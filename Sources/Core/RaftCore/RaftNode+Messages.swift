import PoolModel

extension RaftNode {
    /// Judges a message by its term (Raft §5.1), then by its kind. Nothing that a peer says may stop this server.
    mutating func receive(_ message: RaftMessage<Payload>, from sender: ServerID) {
        guard sender != id else { return }
        if let fault = fault(in: message) {
            effects.append(.notice("A message from server \(sender) was ignored: \(fault)."))
            return
        }
        // Pre-votes speak of a term that nobody has entered yet, so they are judged on their own.
        switch message.body {
        case .preVoteRequest(let lastIndex, let lastTerm):
            receivePreVoteRequest(for: message.term, lastIndex: lastIndex, lastTerm: lastTerm, from: sender)
            return
        case .preVoteAnswer(let isGranted, let isLeaderAlive):
            receivePreVoteAnswer(term: message.term, isGranted: isGranted, isLeaderAlive: isLeaderAlive, from: sender)
            return
        default: break
        }
        if message.term < term { return answerEarlierTerm(message.body, from: sender) }
        if message.term > term {
            guard !refusesDisruption(by: message.body) else { return }
            follow(nil, in: message.term)
        }
        dispatch(message.body, from: sender)
    }

    private mutating func dispatch(_ body: RaftMessageBody<Payload>, from sender: ServerID) {
        switch body {
        case .preVoteRequest, .preVoteAnswer: break
        case .voteRequest(let lastIndex, let lastTerm, _):
            receiveVoteRequest(lastIndex: lastIndex, lastTerm: lastTerm, from: sender)
        case .voteAnswer(let isGranted): receiveVoteAnswer(isGranted: isGranted, from: sender)
        case .append(let previousIndex, let previousTerm, let entries, let commit):
            receiveAppend(
                previousIndex: previousIndex, previousTerm: previousTerm, entries: entries, commit: commit, from: sender)
        case .appendAccepted(let matchIndex): receiveAppendAccepted(matchIndex: matchIndex, from: sender)
        case .appendRefused(let previousIndex, let hintIndex, let hintTerm):
            receiveAppendRefused(previousIndex: previousIndex, hintIndex: hintIndex, hintTerm: hintTerm, from: sender)
        case .heartbeat(let commit, let round): receiveHeartbeat(commit: commit, round: round, from: sender)
        case .heartbeatAnswer(let round): receiveHeartbeatAnswer(round: round, from: sender)
        case .snapshotPart(let index, let term, let configuration, let offset, let totalSize, let data):
            let part = SnapshotPart(
                index: index, term: term, configuration: configuration, offset: offset, totalSize: totalSize, data: data)
            receiveSnapshotPart(part, from: sender)
        case .snapshotAnswer(let index, let received): receiveSnapshotAnswer(index: index, received: received, from: sender)
        case .timeoutNow: receiveTimeoutNow(from: sender)
        case .readIndexRequest(let context): receiveReadIndexRequest(context: context, from: sender)
        case .readIndexAnswer(let context, let index): receiveReadIndexAnswer(context: context, index: index, from: sender)
        case .readIndexRefused(let context): receiveReadIndexRefused(context: context, from: sender)
        }
    }

    /// A candidate of a later term is not even heard while the leader is: a server that was removed, or that was cut off,
    /// must not depose it (dissertation §4.2.3; hazard L1).
    private func refusesDisruption(by body: RaftMessageBody<Payload>) -> Bool {
        guard case .voteRequest(_, _, let isTransfer) = body else { return false }
        return !isTransfer && hearsLeader
    }

    /// Tells a leader or a candidate of an earlier term about ours. A leader must step down, or this server, which
    /// ignores its heartbeats, could neither follow nor win (hazard L2: the stuck candidate).
    private mutating func answerEarlierTerm(_ body: RaftMessageBody<Payload>, from sender: ServerID) {
        switch body {
        case .voteRequest: emit(.voteAnswer(isGranted: false), to: sender)
        case .append(let previousIndex, _, _, _):
            emit(.appendRefused(previousIndex: previousIndex, hintIndex: .zero, hintTerm: .zero), to: sender)
        case .heartbeat(_, let round): emit(.heartbeatAnswer(round: round), to: sender)
        case .snapshotPart(let index, _, _, _, _, _): emit(.snapshotAnswer(index: index, received: 0), to: sender)
        default: break
        }
    }
}
