/// A certificate with its private key, and the certificates that are sent along with it.
package struct TLSCredential: Sendable {
    /// Our own certificate.
    package let certificate: Certificate
    /// Its private key.
    package let key: PrivateKey

    /// - Throws: ``CertificateError/keyMismatch``.
    package init(certificate: Certificate, key: PrivateKey) throws(CertificateError) {
        guard certificate.belongs(to: key) else { throw .keyMismatch }
        self.certificate = certificate
        self.key = key
    }

    /// Reads both from PEM files; the key's must have mode 0600 and belong to the user who runs this program.
    package init(certificateFile: String, keyFile: String) throws(CertificateError) {
        try self.init(certificate: Certificate(file: certificateFile), key: PrivateKey(file: keyFile))
    }
}

/// What one kind of connection demands of both its ends.
package struct TLSConfiguration: Sendable {
    /// Whom we believe.
    package enum Trust: Sendable {
        /// Certificates issued by this authority.
        case authority(Certificate)
        /// Certificates issued by an authority whose public key has this SHA-256 and which the peer itself presents.
        case authorityPin(SHA256Digest)
    }

    /// What the connection is for.
    package enum Role: Hashable, Sendable {
        /// Agent to agent: TLS 1.3, both ends are servers of the pool. One context serves both directions.
        case peer
        /// The accepting end of the query port: TLS 1.2 or later, a certificate of the pool is welcome and not required.
        case queryServer
        /// The connecting end of the query port: TLS 1.2 or later, the other end must be a server of the pool.
        case queryClient
    }

    /// What the connection is for.
    package let role: Role
    /// The pool, as a lowercase UUID.
    package let pool: String
    /// Whom we believe.
    package let trust: Trust
    /// Who we are; nil only for a client of the query port.
    package let credential: TLSCredential?
    /// Tests narrow this to meet a peer with an older TLS.
    var allowsTLS13 = true

    private init(role: Role, pool: String, trust: Trust, credential: TLSCredential?) {
        precondition(CertificateIdentity.isPool(pool), "a pool was named \(pool)")
        self.role = role
        self.pool = pool
        self.trust = trust
        self.credential = credential
    }

    /// Agent to agent.
    ///
    /// - Precondition: `pool` is a lowercase UUID, here and below.
    package static func peer(pool: String, authority: Certificate, credential: TLSCredential) -> TLSConfiguration {
        TLSConfiguration(role: .peer, pool: pool, trust: .authority(authority), credential: credential)
    }

    /// The accepting end of the query port. It presents `authority` too, for joiners who know only its key's digest.
    package static func queryServer(pool: String, authority: Certificate, credential: TLSCredential) -> TLSConfiguration {
        TLSConfiguration(role: .queryServer, pool: pool, trust: .authority(authority), credential: credential)
    }

    /// The connecting end of the query port, with an operator's or server's certificate or none.
    package static func queryClient(pool: String, authority: Certificate, credential: TLSCredential? = nil) -> TLSConfiguration {
        TLSConfiguration(role: .queryClient, pool: pool, trust: .authority(authority), credential: credential)
    }

    /// The connecting end for a server about to join: it knows the authority by the SHA-256 of its public key, from the token.
    package static func joiningClient(pool: String, authorityKey: SHA256Digest) -> TLSConfiguration {
        TLSConfiguration(role: .queryClient, pool: pool, trust: .authorityPin(authorityKey), credential: nil)
    }
}

/// Bounds of one connection.
package struct TLSLimits: Hashable, Sendable {
    /// How long the handshake may take.
    package var handshakeTimeout = Duration.seconds(5)
    /// How long a closed connection may linger, for its last bytes to reach the peer.
    package var closeTimeout = Duration.seconds(2)
    /// The most plaintext, in bytes, that may wait for the end of the handshake.
    package var pendingBytes = 1024 * 1024
    /// The most bytes of unfinished records from the peer, and of our automatic answers to it, that may wait.
    package var bufferedBytes = 256 * 1024
    /// After this many bytes sent the key is changed (KeyUpdate, RFC 8446 section 4.6.3), well below the limits of section 5.5.
    package var bytesPerKey = 16 * 1024 * 1024 * 1024

    /// The bounds that suit agents.
    package init() {}
}
