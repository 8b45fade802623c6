internal import COpenSSL

/// An X.509 certificate (RFC 5280), read once and never changed.
package final class Certificate: @unchecked Sendable, Hashable, CustomStringConvertible {
    // Unchecked: an X509 is counted atomically by OpenSSL, and what it caches about extensions it guards with its own lock.
    let handle: OpaquePointer

    /// The certificate as DER.
    package let der: [UInt8]
    /// From when until when it is valid.
    package let lifetime: CertificateLifetime
    /// Whom it speaks for; nil where it bears no identity of a pool, or more than one.
    package let identity: CertificateIdentity?
    /// The DNS names and addresses that it bears for browsers; never an identity.
    package let names: [String]
    /// The SHA-256 of its public key as SubjectPublicKeyInfo.
    package let publicKeyFingerprint: SHA256Digest

    /// The most bytes that one certificate may have.
    static let byteLimit = 16 * 1024
    /// The most certificates that one file may hold.
    static let countLimit = 8

    /// Reads one certificate from DER.
    package convenience init(der: [UInt8]) throws(CertificateError) {
        guard der.count <= Self.byteLimit else { throw .malformed(what: "certificate", queue: []) }
        ERR_clear_error()
        let handle = DER.decode(der, free: X509_free) { d2i_X509(nil, $0, $1) }
        guard let handle else { throw .malformed(what: "certificate", queue: OpenSSLFailure.takeQueue()) }
        try self.init(owning: handle)
    }

    /// Reads the first certificate of a PEM text.
    package convenience init(pem: [UInt8]) throws(CertificateError) {
        guard pem.count <= Self.byteLimit * Self.countLimit else { throw .malformed(what: "certificate", queue: []) }
        ERR_clear_error()
        let handle = PEM.read(pem) { PEM_read_bio_X509($0, nil, nil, nil) }
        guard let handle else { throw .malformed(what: "certificate", queue: OpenSSLFailure.takeQueue()) }
        try self.init(owning: handle)
    }

    /// Takes over one count of `handle`, also when it throws.
    init(owning handle: OpaquePointer) throws(CertificateError) {
        let notBefore = CertificateTime(asn1: X509_get0_notBefore(handle))
        let notAfter = CertificateTime(asn1: X509_get0_notAfter(handle))
        guard let notBefore, let notAfter, let publicKey = X509_get_X509_PUBKEY(handle) else {
            X509_free(handle)
            throw .malformed(what: "certificate", queue: OpenSSLFailure.takeQueue())
        }
        self.handle = handle
        lifetime = CertificateLifetime(notBefore: notBefore, notAfter: notAfter)
        der = DER.encode { i2d_X509(handle, $0) }
        identity = SubjectAlternativeNames.identity(of: handle)
        names = SubjectAlternativeNames.names(of: handle)
        publicKeyFingerprint = SHA256Digest(of: DER.encode { i2d_X509_PUBKEY(publicKey, $0) })
    }

    deinit { X509_free(handle) }

    /// The certificate as PEM text.
    package var pem: [UInt8] { PEM.write { PEM_write_bio_X509($0, self.handle) } }

    /// The SHA-256 of the whole certificate, as browsers show it.
    package var fingerprint: SHA256Digest { SHA256Digest(of: der) }

    /// The first second of its validity.
    package var notBefore: CertificateTime { lifetime.notBefore }
    /// The last second of its validity.
    package var notAfter: CertificateTime { lifetime.notAfter }

    package static func == (left: Certificate, right: Certificate) -> Bool { left.der == right.der }
    package func hash(into hasher: inout Hasher) { hasher.combine(der) }
    package var description: String { "certificate \(fingerprint) of \(identity?.uri ?? "nobody")" }
}
