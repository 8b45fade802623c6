/// Who is at the other end, as its certificate proves it.
package struct PeerIdentity: Hashable, Sendable {
    /// The identity in its certificate. Whether a server is still a member is for the committed state to say.
    package let identity: CertificateIdentity
    /// The SHA-256 of its public key: the same after a renewal that keeps the key.
    package let publicKeyFingerprint: SHA256Digest
    /// The SHA-256 of its certificate: other after each renewal.
    package let certificateFingerprint: SHA256Digest

    /// An identity with the digests of its key and certificate.
    package init(identity: CertificateIdentity, publicKeyFingerprint: SHA256Digest, certificateFingerprint: SHA256Digest) {
        self.identity = identity
        self.publicKeyFingerprint = publicKeyFingerprint
        self.certificateFingerprint = certificateFingerprint
    }
}

/// The user event that ``OpenSSLHandler`` sends up the pipeline once, when the handshake is over.
///
/// In TLS 1.3 the connecting end arrives here *before* the accepting end has judged its certificate: a refusal comes later, as an error.
/// Only the first answer from the application at the other end shows that we were let in.
package struct TLSHandshakeCompleted: Hashable, Sendable {
    /// Who is at the other end; nil for a client of the query port without a certificate.
    package let peer: PeerIdentity?
    /// The version in OpenSSL's words, such as `TLSv1.3`.
    package let version: String

    /// The end of a handshake with `peer`.
    package init(peer: PeerIdentity?, version: String) {
        self.peer = peer
        self.version = version
    }
}
