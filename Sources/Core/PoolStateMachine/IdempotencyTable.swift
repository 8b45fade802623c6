import DequeModule
import PoolModel

/// The idempotency keys that are kept, with what their requests came to.
struct IdempotencyTable: Hashable, Sendable {
    private var kept: [IdempotencySlot: KeptIdempotencyKey] = [:]
    /// In the order in which they expire, which is that in which they came: pool time never goes back.
    private var order: Deque<IdempotencySlot> = []
    /// The sum of the keys' own digests, kept up to date: a table of many thousand keys would be read through for each comparison of states.
    private(set) var digest: UInt64 = 0

    /// The most keys that a digest of the state is made of one by one, in their order; of more, ``digest`` stands for them.
    static let readThrough = 10_000

    var count: Int { order.count }

    /// The keys in the order in which they expire.
    var keys: [KeptIdempotencyKey] { order.compactMap { kept[$0] } }

    subscript(slot: IdempotencySlot) -> KeptIdempotencyKey? { kept[slot] }

    mutating func keep(_ key: KeptIdempotencyKey) {
        if let former = kept.updateValue(key, forKey: key.slot) { digest &-= former.digest } else { order.append(key.slot) }
        digest &+= key.digest
    }

    /// Forgets what has expired.
    mutating func expire(at time: PoolTime) {
        while let oldest = order.first, let key = kept[oldest], key.expiresAt <= time { forgetOldest() }
    }

    /// Makes room for one more where the table is full: the oldest key goes, if it has been kept for long enough. A client that lost an
    /// answer asks again within seconds; were nothing forgotten before its day is over, one script that writes without end would keep
    /// everybody from writing until then.
    ///
    /// - Returns: false where there is no room.
    mutating func makeRoom(at time: PoolTime) -> Bool {
        guard count >= PoolLimits.idempotencyKeys else { return true }
        let rest = PoolLimits.idempotencyLifetimeMilliseconds - PoolLimits.leastIdempotencyMilliseconds
        guard let oldest = order.first, let key = kept[oldest], key.expiresAt.milliseconds - time.milliseconds <= rest else { return false }
        forgetOldest()
        return true
    }

    private mutating func forgetOldest() {
        guard let oldest = order.popFirst(), let key = kept.removeValue(forKey: oldest) else { return }
        digest &-= key.digest
    }
}
