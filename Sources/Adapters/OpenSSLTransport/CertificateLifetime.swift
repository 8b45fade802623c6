/// From when until when a certificate is valid, and what its age asks for. What time it is comes from the caller.
package struct CertificateLifetime: Hashable, Sendable {
    /// The first second of its validity.
    package let notBefore: CertificateTime
    /// The last second of its validity.
    package let notAfter: CertificateTime

    package init(notBefore: CertificateTime, notAfter: CertificateTime) {
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    /// When the next certificate is due: at two thirds, so that a third is left for whatever keeps it from being issued.
    package var renewalTime: CertificateTime { CertificateTime(secondsSinceEpoch: notBefore.secondsSinceEpoch + seconds / 3 * 2) }

    /// Whether the next certificate is to be issued now, by an authority that is valid for so long.
    ///
    /// A certificate that has not begun is due too: it was issued while this server's clock was ahead, and nobody accepts it.
    package func isRenewalDue(at time: CertificateTime, authority: CertificateLifetime) -> Bool {
        // A clock that shows a time before the pool was founded is wrong, and what it dates would be of no use once it is set.
        guard time >= authority.notBefore else { return false }
        return time < notBefore || time >= renewalTime
    }

    /// Whether less than a twelfth is left, a month of a year, or nothing.
    package func isNearEnd(at time: CertificateTime) -> Bool {
        notAfter.secondsSinceEpoch - time.secondsSinceEpoch < seconds / 12
    }

    private var seconds: Int64 { notAfter.secondsSinceEpoch - notBefore.secondsSinceEpoch }
}
