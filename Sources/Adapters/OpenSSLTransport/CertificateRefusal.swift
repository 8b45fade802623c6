internal import COpenSSL

/// Why a certificate was not believed.
package enum CertificateRefusal: Hashable, Sendable, CustomStringConvertible {
    /// The peer presented no certificate where one is required.
    case notPresented
    /// The chain does not verify; `code` is OpenSSL's `X509_V_ERR` number, `depth` counts from the peer's own certificate.
    case notVerified(code: Int32, depth: Int32, reason: String)
    /// The certificate verifies, and bears no `ovm://` identity, or more than one.
    case noIdentity
    /// The identity belongs to another server pool.
    case foreignPool(CertificateIdentity)
    /// The identity belongs to an operator where a server is required.
    case wrongRole(CertificateIdentity)
    /// The authority with the pinned key is not among the certificates presented.
    case authorityNotPresented(pinned: SHA256Digest)

    /// True when the certificate has expired.
    package var isExpired: Bool { has(code: X509_V_ERR_CERT_HAS_EXPIRED) }
    /// True when the certificate is not valid yet.
    package var isNotYetValid: Bool { has(code: X509_V_ERR_CERT_NOT_YET_VALID) }

    private func has(code wanted: Int32) -> Bool {
        if case .notVerified(wanted, _, _) = self { true } else { false }
    }

    /// One sentence for what happened, one for what to do.
    package var message: String {
        switch self {
        case .notPresented:
            "The peer presented no certificate. Only members of the server pool may connect here: join the pool first."
        case .notVerified where isExpired:
            "The certificate has expired. Compare the clocks of both servers; if they agree, renew the certificate."
        case .notVerified where isNotYetValid:
            "The certificate is not valid yet. Compare the clocks of both servers, which may differ by 30 s at most."
        case .notVerified(_, let depth, let reason):
            "The certificate does not verify under the pool's authority (\(reason), depth \(depth)). Use a certificate that this pool issued."
        case .noIdentity:
            "The certificate names no server or operator of a pool. Use a certificate that this pool issued."
        case .foreignPool(let identity):
            "The certificate belongs to \(identity), which is another server pool. Use a certificate that this pool issued."
        case .wrongRole(let identity):
            "The certificate belongs to \(identity), and only a server may act here. Use the certificate of a server of this pool."
        case .authorityNotPresented(let pinned):
            """
            The server did not present the authority whose key has the SHA-256 \(pinned.hexadecimal). \
            Check that the address belongs to the pool that issued the token; if it does, somebody may be between you and it.
            """
        }
    }

    package var description: String { message }
}
