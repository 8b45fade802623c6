internal import COpenSSL

/// A certificate signing request (PKCS #10, RFC 2986) whose signature has been verified under the key in it.
///
/// The signature proves that the asker holds the private key, and nothing about who the asker is.
package final class SigningRequest: @unchecked Sendable {
    // Unchecked: an X509_REQ is never changed after `init`.
    let handle: OpaquePointer

    /// The request as DER.
    package let der: [UInt8]
    /// The identity it asks for. It is a wish, and whoever issues the certificate decides.
    package let requestedIdentity: CertificateIdentity?
    /// The SHA-256 of the public key in it, as SubjectPublicKeyInfo.
    package let publicKeyFingerprint: SHA256Digest

    /// The most bytes that a request may have; one with a P-256 key has about 300.
    package static let byteLimit = 8 * 1024

    /// Makes a request for `key`, and for `identity` where it is known already.
    package convenience init(key: PrivateKey, identity: CertificateIdentity? = nil) throws(CertificateError) {
        ERR_clear_error()
        guard let handle = X509_REQ_new() else {
            throw .libraryFailed(operation: "making a signing request", queue: OpenSSLFailure.takeQueue())
        }
        do throws(CertificateError) {
            try Self.fill(handle, key: key, identity: identity)
        } catch {
            X509_REQ_free(handle)
            throw error
        }
        try self.init(owning: handle)
    }

    /// Reads and verifies a request from DER; bytes after it are refused.
    package convenience init(der: [UInt8]) throws(CertificateError) {
        guard der.count <= Self.byteLimit else { throw .malformed(what: "signing request", queue: []) }
        ERR_clear_error()
        let handle = DER.decode(der, free: X509_REQ_free) { d2i_X509_REQ(nil, $0, $1) }
        guard let handle else { throw .malformed(what: "signing request", queue: OpenSSLFailure.takeQueue()) }
        try self.init(owning: handle)
    }

    /// Reads and verifies a request from PEM text.
    package convenience init(pem: [UInt8]) throws(CertificateError) {
        guard pem.count <= Self.byteLimit * 2 else { throw .malformed(what: "signing request", queue: []) }
        ERR_clear_error()
        let handle = PEM.read(pem) { PEM_read_bio_X509_REQ($0, nil, nil, nil) }
        guard let handle else { throw .malformed(what: "signing request", queue: OpenSSLFailure.takeQueue()) }
        try self.init(owning: handle)
    }

    private init(owning handle: OpaquePointer) throws(CertificateError) {
        self.handle = handle
        der = DER.encode { i2d_X509_REQ(handle, $0) }
        requestedIdentity = Self.requestedIdentity(of: handle)
        publicKeyFingerprint = SHA256Digest(of: DER.encode { i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(handle), $0) })
        ERR_clear_error()
        guard let key = X509_REQ_get0_pubkey(handle) else { throw .malformed(what: "signing request", queue: OpenSSLFailure.takeQueue()) }
        guard isP256(key) else { throw .unsupportedKey(what: "signing request") }
        guard X509_REQ_verify(handle, key) == 1 else { throw .signatureRefused(queue: OpenSSLFailure.takeQueue()) }
    }

    deinit { X509_REQ_free(handle) }

    /// The request as PEM text.
    package var pem: [UInt8] { PEM.write { PEM_write_bio_X509_REQ($0, self.handle) } }

    private static func requestedIdentity(of handle: OpaquePointer) -> CertificateIdentity? {
        guard let extensions = X509_REQ_get_extensions(handle) else { return nil }
        defer { ovm_sk_X509_EXTENSION_pop_free(extensions) }
        return SubjectAlternativeNames.identity(ofExtensions: extensions)
    }

    private static func fill(_ handle: OpaquePointer, key: PrivateKey, identity: CertificateIdentity?) throws(CertificateError) {
        var isFilled = X509_REQ_set_version(handle, 0) == 1 && X509_REQ_set_pubkey(handle, key.handle) == 1
        if let identity {
            try SubjectAlternativeNames.withStack(identity: identity, names: []) { (names) throws(CertificateError) in
                var extensions: OpaquePointer?
                isFilled =
                    isFilled && X509V3_add1_i2d(&extensions, NID_subject_alt_name, UnsafeMutableRawPointer(names), 0, 0) == 1
                    && X509_REQ_add_extensions(handle, extensions) == 1
                if let extensions { ovm_sk_X509_EXTENSION_pop_free(extensions) }
            }
        }
        guard isFilled, X509_REQ_sign(handle, key.handle, EVP_sha256()) > 0 else {
            throw .libraryFailed(operation: "signing a request", queue: OpenSSLFailure.takeQueue())
        }
    }
}
