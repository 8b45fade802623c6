internal import COpenSSL
internal import Glibc

/// A moment of the calendar in whole seconds since 1970-01-01 00:00:00 UTC, the precision of a certificate's validity.
package struct CertificateTime: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Seconds since 1970-01-01 00:00:00 UTC, leap seconds not counted.
    package let secondsSinceEpoch: Int64

    /// A moment given as POSIX time.
    package init(secondsSinceEpoch: Int64) { self.secondsSinceEpoch = secondsSinceEpoch }

    /// What this system's clock shows.
    package static var now: CertificateTime { CertificateTime(secondsSinceEpoch: Int64(time(nil))) }

    package static func < (left: CertificateTime, right: CertificateTime) -> Bool { left.secondsSinceEpoch < right.secondsSinceEpoch }

    /// The moment that lies `duration` later, to the second.
    package func advanced(by duration: Duration) -> CertificateTime {
        CertificateTime(secondsSinceEpoch: secondsSinceEpoch + duration.components.seconds)
    }

    /// Such as `2026-11-25 03:14:11 UTC`.
    package var description: String {
        var seconds = time_t(secondsSinceEpoch)
        var fields = tm()
        gmtime_r(&seconds, &fields)
        let date = [Int(fields.tm_year) + 1900, Int(fields.tm_mon) + 1, Int(fields.tm_mday)].map(Self.twoDigits).joined(separator: "-")
        let clock = [fields.tm_hour, fields.tm_min, fields.tm_sec].map { Self.twoDigits(Int($0)) }.joined(separator: ":")
        return "\(date) \(clock) UTC"
    }

    private static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// Reads a time out of a certificate; nil where it is not one.
    init?(asn1 value: UnsafePointer<ASN1_TIME>?) {
        var fields = tm()
        guard let value, ASN1_TIME_to_tm(value, &fields) == 1 else { return nil }
        secondsSinceEpoch = Int64(timegm(&fields))
    }

    /// Hands the time to `body` as OpenSSL's own, which lives no longer than the call.
    func withASN1Time<Result>(_ body: (UnsafeMutablePointer<ASN1_TIME>?) -> Result) -> Result {
        let value = ASN1_TIME_set(nil, time_t(secondsSinceEpoch))
        defer { ASN1_STRING_free(value) }
        return body(value)
    }
}
