import PoolModel
import PoolStateMachine
import RaftCore

/// A client's write that waits for its outcome.
struct PendingWrite: Sendable {
    let client: ClientRequestID
    /// Nil until the session is open: only then can it be named so that it is applied once.
    var entry: PoolEntry?
    let command: PoolCommand
    let principal: Principal
    let reason: String
    let idempotency: IdempotencyKey?
    let expected: LogIndex?
    let deadline: MonotonicInstant
    /// Whether it was ever handed to a leader, this agent included.
    var wasSent = false
    /// When to hand it on again; nil when only a change of leader asks for it.
    var retryAt: MonotonicInstant?
}

/// A client's read that waits for its read index, or to be applied up to it.
struct PendingRead: Sendable {
    let client: ClientRequestID
    let deadline: MonotonicInstant
    /// When the present ReadIndex was asked for.
    var askedAt: MonotonicInstant
    /// Known once confirmed.
    var index: LogIndex?
    /// When to ask again after a refusal.
    var retryAt: MonotonicInstant?
}

/// The requests of this agent's clients that are not answered yet.
struct RequestTable: Sendable {
    /// By sequence in the session; kept in order because sequences only grow.
    var writes: [UInt64: PendingWrite] = [:]
    var reads: [RaftToken: PendingRead] = [:]
    /// Writes that came before the session was open, in order.
    var unnamed: [PendingWrite] = []
    var nextSequence: UInt64 = 1
    var nextToken: UInt64 = 1
    /// The tokens of proposals made here, and the write they stand for.
    var proposals: [RaftToken: UInt64] = [:]
    /// This server's state reflects everything that was acknowledged before this instant.
    var freshSince: MonotonicInstant?
    var nextRetry: MonotonicInstant?

    mutating func makeToken() -> RaftToken {
        defer { nextToken += 1 }
        return RaftToken(nextToken)
    }

    var firstOutstanding: UInt64 { writes.keys.min() ?? nextSequence }

    mutating func schedule(_ instant: MonotonicInstant) {
        nextRetry = nextRetry.map { min($0, instant) } ?? instant
    }

    mutating func abandon(_ client: ClientRequestID) {
        unnamed.removeAll { $0.client == client }
        for (token, read) in reads where read.client == client { reads[token] = nil }
        // A write goes on: it may be committed already. Only nobody hears of it.
    }

    /// Answers the client whose write this entry is.
    mutating func applied(
        _ entry: PoolEntry, _ outcome: CommandOutcome, at index: LogIndex, by identity: AgentIdentity, _ effects: inout [AgentEffect]
    ) {
        guard let request = entry.request, request.member == identity.server else { return }
        guard let write = writes[request.sequence], write.entry?.request?.session == request.session else { return }
        writes[request.sequence] = nil
        effects.append(.answerWrite(write.client, .outcome(outcome, index: index)))
    }

    /// A snapshot went past entries whose outcomes nobody here has seen: ask for them again; what was applied answers from the
    /// request table of the state.
    mutating func missedOutcomes() {
        for sequence in writes.keys.sorted() { writes[sequence]?.retryAt = .zero }
        nextRetry = .zero
    }
}
