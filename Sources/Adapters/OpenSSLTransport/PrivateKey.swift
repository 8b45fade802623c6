internal import COpenSSL

/// A private key on the elliptic curve P-256, the only kind that a server pool uses.
///
/// Its text shows the public half only, so that it cannot slip into a log.
package final class PrivateKey: @unchecked Sendable, CustomStringConvertible {
    // Unchecked: an EVP_PKEY is counted atomically by OpenSSL and never changed after `init`.
    let handle: OpaquePointer

    /// The SHA-256 of the public half as SubjectPublicKeyInfo (RFC 5280 section 4.1), by which keys are compared and pinned.
    package let publicKeyFingerprint: SHA256Digest

    /// The most bytes that a key file may have; a P-256 key has 241.
    static let byteLimit = 16 * 1024

    /// Makes a new key.
    package static func generate() throws(CertificateError) -> PrivateKey {
        ERR_clear_error()
        guard let handle = ovm_EVP_EC_gen_P256() else {
            throw .libraryFailed(operation: "generating a key", queue: OpenSSLFailure.takeQueue())
        }
        return try PrivateKey(owning: handle)
    }

    /// Reads a key from PEM text: PKCS #8 or the older `EC PRIVATE KEY`, not encrypted.
    package convenience init(pem: [UInt8]) throws(CertificateError) {
        guard pem.count <= Self.byteLimit else { throw .malformed(what: "private key", queue: []) }
        ERR_clear_error()
        // Without a callback OpenSSL would ask for a passphrase on the terminal, and an agent has none.
        let handle = PEM.read(pem) { PEM_read_bio_PrivateKey($0, nil, { _, _, _, _ in -1 }, nil) }
        guard let handle else { throw .malformed(what: "private key", queue: OpenSSLFailure.takeQueue()) }
        try self.init(owning: handle)
    }

    /// Takes over one count of `handle`, also when it throws.
    private init(owning handle: OpaquePointer) throws(CertificateError) {
        guard isP256(handle) else {
            EVP_PKEY_free(handle)
            throw .unsupportedKey(what: "private key")
        }
        self.handle = handle
        publicKeyFingerprint = SHA256Digest(of: DER.encode { i2d_PUBKEY(handle, $0) })
    }

    deinit { EVP_PKEY_free(handle) }

    /// The key as PKCS #8 PEM text, not encrypted. It belongs into a file of mode 0600 and nowhere else.
    package var pem: [UInt8] {
        PEM.write { PEM_write_bio_PKCS8PrivateKey($0, self.handle, nil, nil, 0, nil, nil) }
    }

    package var description: String { "private key of \(publicKeyFingerprint)" }
}

/// True when `key` lies on P-256, by its name: a curve spelt out in parameters may be a forged look-alike (CVE-2020-0601).
func isP256(_ key: OpaquePointer) -> Bool {
    var name = [CChar](repeating: 0, count: 64)
    guard EVP_PKEY_is_a(key, "EC") == 1, EVP_PKEY_get_group_name(key, &name, name.count, nil) == 1 else { return false }
    let text = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return text == "prime256v1" || text == "P-256"
}
