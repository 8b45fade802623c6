import AgentCore
import PoolModel

/// A server's clocks as a function of true time: the monotonic one runs too fast or too slow and stops with the server; the wall clock is
/// stepped.
struct SimulatedClock {
    /// How much faster than true time it runs, in millionths.
    let drift: Int64
    /// What the wall clock is ahead of the truth, in nanoseconds.
    var wallOffset: Int64
    /// It showed `reading` until this instant of true time, and runs on from there.
    private var anchor: Int64
    private var reading: Int64

    /// 30 days: nobody waits for longer, and the products fit.
    private static let horizon: Int64 = 30 * 86_400 * 1_000_000_000

    /// - Precondition: `drift` is within ±1,000 millionths.
    init(reading: Int64, at instant: Int64, drift: Int64, wallOffset: Int64) {
        precondition((-1_000...1_000).contains(drift), "a clock drifts by \(drift) millionths")
        self.drift = drift
        self.wallOffset = wallOffset
        self.reading = reading
        anchor = instant
    }

    func time(at instant: Int64) -> AgentTime {
        AgentTime(
            monotonic: MonotonicInstant(nanoseconds: monotonic(at: instant)),
            wall: PoolTime(milliseconds: 1_700_000_000_000 + (instant + wallOffset) / 1_000_000))
    }

    /// The first instant of true time at which the monotonic clock shows at least this.
    func trueInstant(of monotonic: MonotonicInstant) -> Int64 {
        let ahead = min(max(0, monotonic.nanoseconds - reading), Self.horizon)
        // A few nanoseconds later than computed: a timer that fires early would find nothing to do.
        return anchor + ahead - ahead * drift / (1_000_000 + drift) + 3
    }

    /// The monotonic clock stands still until `end`, as that of a suspended machine does.
    mutating func stop(at instant: Int64, until end: Int64) {
        reading = monotonic(at: instant)
        anchor = max(anchor, end)
    }

    private func monotonic(at instant: Int64) -> Int64 {
        let elapsed = max(0, instant - anchor)
        return reading + elapsed + elapsed * drift / 1_000_000
    }
}
