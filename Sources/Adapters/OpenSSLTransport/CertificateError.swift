/// What can go wrong with keys, certificates, signing requests and their files.
package enum CertificateError: Error, Hashable, Sendable, CustomStringConvertible {
    /// `what` is not the encoding that it should be, or breaks a bound on its size.
    case malformed(what: String, queue: [OpenSSLFailure])
    /// The key of `what` is not an EC key on the curve P-256.
    case unsupportedKey(what: String)
    /// The private key does not belong to the certificate.
    case keyMismatch
    /// The signature of a signing request does not verify under its own key.
    case signatureRefused(queue: [OpenSSLFailure])
    /// The certificate does not verify under the authority.
    case chainRefused(CertificateRefusal)
    /// A name that was to be certified is not a DNS name or an address.
    case nameRefused(name: String)
    /// The private key in `path` can be read by others, or belongs to another user.
    case keyFileUnsafe(path: String, reason: String)
    /// The file system refused `operation` on `path`.
    case fileFailed(path: String, operation: String, errno: Int32)
    /// OpenSSL refused `operation`, which only a lack of memory or a broken installation explains.
    case libraryFailed(operation: String, queue: [OpenSSLFailure])

    /// One sentence for what happened, one for what to do.
    package var message: String {
        switch self {
        case .malformed(let what, let queue):
            "The \(what) cannot be read: it is damaged, too large or of another kind\(queue.clause). Supply it again from its source."
        case .unsupportedKey(let what):
            "The key of the \(what) is not an EC key on the curve P-256. Generate one with `openssl ecparam -name prime256v1 -genkey`."
        case .keyMismatch:
            "The private key does not belong to the certificate. Put the key back that the certificate was requested with, or request a new one."
        case .signatureRefused(let queue):
            "The signing request is not signed by the key in it\(queue.clause). Make a new request; if this repeats, somebody alters it on its way."
        case .chainRefused(let refusal):
            refusal.message
        case .nameRefused(let name):
            "The name \(name.debugDescription) cannot be certified: it is neither a DNS name nor an IP address. Correct the query address."
        case .keyFileUnsafe(let path, let reason):
            """
            The private key \(path) \(reason), so others may have copied it. \
            Run `chown` and `chmod 600` on it; if others can log in to this server, make a new key.
            """
        case .fileFailed(let path, let operation, let errno):
            "The file \(path) could not be used: \(operation) failed with \(SystemErrorText.text(of: errno)). Correct that, then try again."
        case .libraryFailed(let operation, let queue):
            "OpenSSL refused \(operation)\(queue.clause). Check that libssl 3 of this system is whole and that memory is free."
        }
    }

    package var description: String { message }
}
