import PoolModel
import RaftCore
import SwiftProtobuf

import struct Foundation.Data

extension WireRaftMessage {
    init(_ message: RaftMessage<PoolEntry>) {
        self.init()
        term = message.term.number
        body = Self.body(of: message.body)
    }

    private static func body(of body: RaftMessageBody<PoolEntry>) -> OneOf_Body {
        switch body {
        case .preVoteRequest(let index, let term):
            .preVoteRequest(
                .with {
                    $0.lastIndex = index.number
                    $0.lastTerm = term.number
                })
        case .preVoteAnswer(let isGranted, let isLeaderAlive):
            .preVoteAnswer(
                .with {
                    $0.isGranted = isGranted
                    $0.isLeaderAlive = isLeaderAlive
                })
        case .voteRequest(let index, let term, let isTransfer):
            .voteRequest(
                .with {
                    $0.lastIndex = index.number
                    $0.lastTerm = term.number
                    $0.isTransfer = isTransfer
                })
        case .voteAnswer(let isGranted): .voteAnswer(.with { $0.isGranted = isGranted })
        case .append(let previousIndex, let previousTerm, let entries, let commit):
            .append(
                .with {
                    $0.previousIndex = previousIndex.number
                    $0.previousTerm = previousTerm.number
                    $0.entries = entries.map { WireEntry($0) }
                    $0.commit = commit.number
                })
        case .appendAccepted(let index): .appendAccepted(.with { $0.matchIndex = index.number })
        case .appendRefused(let previousIndex, let hintIndex, let hintTerm):
            .appendRefused(
                .with {
                    $0.previousIndex = previousIndex.number
                    $0.hintIndex = hintIndex.number
                    $0.hintTerm = hintTerm.number
                })
        case .heartbeat(let commit, let round):
            .heartbeat(
                .with {
                    $0.commit = commit.number
                    $0.round = round
                })
        case .heartbeatAnswer(let round): .heartbeatAnswer(.with { $0.round = round })
        case .snapshotPart(let index, let term, let configuration, let offset, let totalSize, let data):
            .snapshotPart(
                .with {
                    $0.index = index.number
                    $0.term = term.number
                    $0.configuration = WireConfiguration(configuration)
                    $0.offset = Int64(offset)
                    $0.totalSize = Int64(totalSize)
                    $0.data = Data(data)
                })
        case .snapshotAnswer(let index, let received):
            .snapshotAnswer(
                .with {
                    $0.index = index.number
                    $0.received = Int64(received)
                })
        case .timeoutNow: .timeoutNow(.init())
        case .readIndexRequest(let context): .readIndexRequest(.with { $0.context = context })
        case .readIndexAnswer(let context, let index):
            .readIndexAnswer(
                .with {
                    $0.context = context
                    $0.index = index.number
                })
        case .readIndexRefused(let context): .readIndexRefused(.with { $0.context = context })
        }
    }

    func model() throws(WireError) -> RaftMessage<PoolEntry> {
        guard let body else { throw .unknown("raft.body") }
        return RaftMessage(term: Term(term), body: try Self.model(of: body))
    }

    private static func model(of body: OneOf_Body) throws(WireError) -> RaftMessageBody<PoolEntry> {
        switch body {
        case .preVoteRequest(let wire): return .preVoteRequest(lastIndex: LogIndex(wire.lastIndex), lastTerm: Term(wire.lastTerm))
        case .preVoteAnswer(let wire): return .preVoteAnswer(isGranted: wire.isGranted, isLeaderAlive: wire.isLeaderAlive)
        case .voteRequest(let wire):
            return .voteRequest(lastIndex: LogIndex(wire.lastIndex), lastTerm: Term(wire.lastTerm), isTransfer: wire.isTransfer)
        case .voteAnswer(let wire): return .voteAnswer(isGranted: wire.isGranted)
        case .append(let wire):
            return .append(
                previousIndex: LogIndex(wire.previousIndex), previousTerm: Term(wire.previousTerm),
                entries: try wire.entries.converted { (entry) throws(WireError) in try entry.model() }, commit: LogIndex(wire.commit))
        case .appendAccepted(let wire): return .appendAccepted(matchIndex: LogIndex(wire.matchIndex))
        case .appendRefused(let wire):
            return .appendRefused(
                previousIndex: LogIndex(wire.previousIndex), hintIndex: LogIndex(wire.hintIndex), hintTerm: Term(wire.hintTerm))
        case .heartbeat(let wire): return .heartbeat(commit: LogIndex(wire.commit), round: wire.round)
        case .heartbeatAnswer(let wire): return .heartbeatAnswer(round: wire.round)
        case .snapshotPart(let wire):
            return .snapshotPart(
                index: LogIndex(wire.index), term: Term(wire.term), configuration: try wire.configuration.model(),
                offset: try WireField.amount(wire.offset, "snapshot_part.offset"),
                totalSize: try WireField.amount(wire.totalSize, "snapshot_part.total_size"), data: Array(wire.data)[...])
        case .snapshotAnswer(let wire):
            return .snapshotAnswer(
                index: LogIndex(wire.index), received: try WireField.amount(wire.received, "snapshot_answer.received"))
        case .timeoutNow: return .timeoutNow
        case .readIndexRequest(let wire): return .readIndexRequest(context: wire.context)
        case .readIndexAnswer(let wire): return .readIndexAnswer(context: wire.context, index: LogIndex(wire.index))
        case .readIndexRefused(let wire): return .readIndexRefused(context: wire.context)
        }
    }
}
