package import PoolModel

/// The outcomes of one member's forwarded writes in its current session, until it has heard them (dissertation §6.3).
package struct RequestHistory: Hashable, Sendable {
    package var firstOutstanding: UInt64
    package var outcomes: [UInt64: CommandOutcome]

    package init(firstOutstanding: UInt64 = 1, outcomes: [UInt64: CommandOutcome] = [:]) {
        self.firstOutstanding = firstOutstanding
        self.outcomes = outcomes
    }

    /// Forgets what the member has heard.
    mutating func forget(below first: UInt64) {
        guard first > firstOutstanding else { return }
        // The usual step is short; a long one is cheaper by looking at what is kept.
        if first - firstOutstanding <= UInt64(outcomes.count) {
            for sequence in firstOutstanding..<first { outcomes[sequence] = nil }
        } else {
            outcomes = outcomes.filter { $0.key >= first }
        }
        firstOutstanding = first
    }
}

/// One kept idempotency key.
package struct KeptIdempotencyKey: Hashable, Sendable {
    package let principal: String
    package let key: UniqueIdentifier
    package let request: SHA256Digest
    package let outcome: CommandOutcome
    package let expiresAt: PoolTime

    package init(principal: String, key: UniqueIdentifier, request: SHA256Digest, outcome: CommandOutcome, expiresAt: PoolTime) {
        self.principal = principal
        self.key = key
        self.request = request
        self.outcome = outcome
        self.expiresAt = expiresAt
    }

    var slot: IdempotencySlot { IdempotencySlot(principal: principal, key: key) }
}

/// A principal's key: the same UUID of another principal is another key.
struct IdempotencySlot: Hashable, Sendable {
    let principal: String
    let key: UniqueIdentifier
}
