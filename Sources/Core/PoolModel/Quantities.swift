/// An amount of memory in mebibytes (1 MiB = 1,048,576 bytes), the unit that `xl info` reports.
package struct Mebibytes: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let count: Int

    /// - Precondition: `count` is zero or more.
    package init(_ count: Int) {
        precondition(count >= 0, "a memory amount was \(count) MiB")
        self.count = count
    }

    package static let zero = Mebibytes(0)
    package static func < (left: Mebibytes, right: Mebibytes) -> Bool { left.count < right.count }
    package static func + (left: Mebibytes, right: Mebibytes) -> Mebibytes { Mebibytes(left.count + right.count) }
    /// What remains of `left` after `right`, never below zero.
    package static func - (left: Mebibytes, right: Mebibytes) -> Mebibytes { Mebibytes(max(0, left.count - right.count)) }
    package var description: String { "\(count) MiB" }
}

/// A network rate in kilobits (1,000 bits) a second.
package struct KilobitsPerSecond: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let count: Int

    /// - Precondition: `count` is zero or more.
    package init(_ count: Int) {
        precondition(count >= 0, "a network rate was \(count) kb/s")
        self.count = count
    }

    package static let zero = KilobitsPerSecond(0)
    package static func < (left: KilobitsPerSecond, right: KilobitsPerSecond) -> Bool { left.count < right.count }
    package static func + (left: KilobitsPerSecond, right: KilobitsPerSecond) -> KilobitsPerSecond {
        KilobitsPerSecond(left.count + right.count)
    }
    package var description: String { "\(count) kb/s" }
}

/// A point on this server's monotonic clock, in nanoseconds from an origin that only this process knows.
///
/// It is never stored or sent: a clock reading of one server means nothing to another.
package struct MonotonicInstant: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static let zero = MonotonicInstant(nanoseconds: 0)
    package static func < (left: MonotonicInstant, right: MonotonicInstant) -> Bool { left.nanoseconds < right.nanoseconds }
    package static func + (left: MonotonicInstant, right: Duration) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: left.nanoseconds + right.wholeNanoseconds)
    }
    package static func - (left: MonotonicInstant, right: MonotonicInstant) -> Duration {
        .nanoseconds(left.nanoseconds - right.nanoseconds)
    }
    package var description: String { "\(nanoseconds) ns" }
}

/// Pool time: milliseconds since 1970-01-01 UTC as its proposers' clocks had it, never going backwards in the log.
///
/// It decides only the expiry of tokens and idempotency keys; nothing that keeps machines safe rests on it.
package struct PoolTime: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    package static let zero = PoolTime(milliseconds: 0)
    package static func < (left: PoolTime, right: PoolTime) -> Bool { left.milliseconds < right.milliseconds }
    package static func + (left: PoolTime, right: Duration) -> PoolTime {
        PoolTime(milliseconds: left.milliseconds + right.wholeNanoseconds / 1_000_000)
    }
    package var description: String { "\(milliseconds) ms" }
}

extension Duration {
    /// The duration in whole nanoseconds, rounded towards zero.
    package var wholeNanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}
