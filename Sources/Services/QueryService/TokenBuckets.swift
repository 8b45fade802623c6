import AgentCore
import PoolModel

/// Token buckets: each key may do `burst` things at once, and `rate` a second on the long run.
///
/// A bucket is kept as the one instant at which it will be full again (the generic cell rate algorithm of ATM): nothing has to be
/// refilled, and a bucket whose instant has passed needs no place.
struct TokenBuckets<Key: Hashable & Sendable>: Sendable {
    private let interval: Duration
    private let burst: Int
    private let capacity: Int
    private var fullAgain: [Key: MonotonicInstant] = [:]

    /// - Parameters:
    ///   - rate: things a second; more than zero.
    ///   - capacity: how many keys are kept at a time.
    init(rate: Int, burst: Int, capacity: Int) {
        precondition(rate > 0 && burst > 0 && capacity > 0, "a token bucket was of rate \(rate), burst \(burst), capacity \(capacity)")
        interval = .nanoseconds(1_000_000_000 / Int64(rate))
        self.burst = burst
        self.capacity = capacity
    }

    /// Takes tokens.
    ///
    /// - Parameter count: how many; from one to as many as there may be at once.
    /// - Returns: nil if there were as many, else how long until there are.
    mutating func take(_ key: Key, _ count: Int = 1, at now: MonotonicInstant) -> Duration? {
        precondition(count > 0 && count <= burst, "\(count) tokens were taken of a bucket of \(burst)")
        let full = max(fullAgain[key] ?? now, now)
        let wait = full - now - interval * (burst - count)
        guard wait <= .zero else { return wait }
        if fullAgain[key] == nil, fullAgain.count >= capacity {
            fullAgain = fullAgain.filter { $0.value > now }
            // A crowd of strangers: whom there is no place to remember waits like one who had his turn.
            guard fullAgain.count < capacity else { return interval }
        }
        fullAgain[key] = full + interval * count
        return nil
    }
}
