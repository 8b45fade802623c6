import Testing

@testable import OpenSSLTransport

@Suite("The age of a certificate")
struct CertificateLifetimeTests {
    /// The authority is valid from 100 to 100,000; the certificate from 1,000 to 2,200: due at 1,800, near its end after 2,100.
    private let authority = CertificateLifetime(notBefore: at(100), notAfter: at(100_000))
    private let lifetime = CertificateLifetime(notBefore: at(1_000), notAfter: at(2_200))

    private static func at(_ seconds: Int64) -> CertificateTime { CertificateTime(secondsSinceEpoch: seconds) }

    @Test(
        "it is due from two thirds on, also when it has ended or not begun, but not while the clock is before the pool's founding",
        arguments: [
            (0, false), (99, false), (100, true), (999, true), (1_000, false), (1_500, false), (1_799, false), (1_800, true), (2_200, true),
            (2_201, true), (90_000, true),
        ])
    func isDue(time: Int64, expected: Bool) {
        #expect(lifetime.isRenewalDue(at: Self.at(time), authority: authority) == expected)
    }

    @Test("it is near its end with less than a twelfth left", arguments: [(1_000, false), (2_100, false), (2_101, true), (9_000, true)])
    func isNearEnd(time: Int64, expected: Bool) {
        #expect(lifetime.isNearEnd(at: Self.at(time)) == expected)
    }

    @Test("a time is shown as people write it", arguments: [(0, "1970-01-01 00:00:00 UTC"), (1_900_000_000, "2030-03-17 17:46:40 UTC")])
    func describesTime(seconds: Int64, expected: String) {
        #expect(Self.at(seconds).description == expected)
    }
}
