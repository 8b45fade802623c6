import Glibc
import PoolModel

/// The C library's words, and its clock.
enum SystemText {
    /// What `number` of `errno` means, such as "No space left on device"; safe from any thread.
    static func error(_ number: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 128)
        guard strerror_r(number, &buffer, buffer.count) == 0 else { return "error \(number)" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// The clock that a served host lives by.
enum HostClock {
    /// CLOCK_MONOTONIC, the same for all processes of a machine until it boots (clock_gettime(2)).
    static func now() -> MonotonicInstant {
        var time = timespec()
        precondition(clock_gettime(CLOCK_MONOTONIC, &time) == 0, "CLOCK_MONOTONIC cannot be read")
        return MonotonicInstant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
}
