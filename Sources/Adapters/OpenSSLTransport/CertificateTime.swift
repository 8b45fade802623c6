internal import COpenSSL
internal import Glibc

/// A moment of the calendar in whole seconds since 1970-01-01 00:00:00 UTC, the precision of a certificate's validity.
package struct CertificateTime: Hashable, Comparable, Sendable {
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
