internal import Glibc
package import AgentCore
import AgentPorts
import PoolModel

/// The clocks of the Linux kernel.
package struct SystemClock: ClockPort {
    package init() {}

    /// CLOCK_MONOTONIC, which stops while the machine is suspended, and CLOCK_REALTIME, read one after the other (clock_gettime(2)).
    package func now() -> AgentTime {
        let monotonic = Self.nanoseconds(of: CLOCK_MONOTONIC)
        let wall = Self.nanoseconds(of: CLOCK_REALTIME)
        return AgentTime(monotonic: MonotonicInstant(nanoseconds: monotonic), wall: PoolTime(milliseconds: wall / 1_000_000))
    }

    private static func nanoseconds(of clock: clockid_t) -> Int64 {
        var time = timespec()
        // Linux always has these two clocks, and the address is our own: it cannot fail.
        precondition(clock_gettime(clock, &time) == 0, "the clock \(clock) cannot be read")
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
