internal import COpenSSL
internal import Synchronization

/// Which end of a connection we are.
package enum TLSSide: Hashable, Sendable {
    /// We answered a connection.
    case accepting
    /// We opened it.
    case connecting
}

/// A configuration made ready for connections. It never changes: to reload certificates make another one and exchange them.
///
/// One context serves any number of connections on any number of event loops at once. A connection keeps its context to its end.
package final class TLSContext: @unchecked Sendable {
    // Unchecked: an SSL_CTX is counted atomically, and SSL_new may be called on it from any thread once it is no longer changed.
    let handle: OpaquePointer
    /// What this context was made of.
    package let configuration: TLSConfiguration
    let verifier: PeerVerifier

    /// The most bytes of certificates that a peer may present.
    private static let peerChainByteLimit = 32 * 1024
    private static let chainDepth: Int32 = 1
    private static let securityLevel: Int32 = 2
    private static let cipherListTLS12 = "ECDHE+AESGCM:ECDHE+CHACHA20"
    private static let groups = "X25519:P-256"

    /// Makes a context.
    ///
    /// - Throws: ``TLSError/libraryFailed(operation:queue:)``.
    package init(_ configuration: TLSConfiguration) throws(TLSError) {
        ERR_clear_error()
        guard let handle = SSL_CTX_new(TLS_method()) else {
            throw .libraryFailed(operation: "making a TLS context", queue: OpenSSLFailure.takeQueue())
        }
        self.handle = handle
        self.configuration = configuration
        verifier = PeerVerifier(configuration)
        try restrictProtocol()
        try presentCredential()
        try demandCertificate()
    }

    deinit { SSL_CTX_free(handle) }

    /// A new handler for one connection, to be added to its pipeline on the connection's own event loop.
    ///
    /// - Precondition: the role of the configuration has this side.
    package func makeHandler(_ side: TLSSide, limits: TLSLimits = TLSLimits()) throws(TLSError) -> OpenSSLHandler {
        switch configuration.role {
        case .peer: break
        case .queryServer: precondition(side == .accepting, "the context of the query port's server was asked to connect")
        case .queryClient: precondition(side == .connecting, "the context of a query port's client was asked to accept")
        }
        return OpenSSLHandler(session: try TLSSession(context: self, side: side), limits: limits)
    }

    private func restrictProtocol() throws(TLSError) {
        let oldest = configuration.role == .peer && configuration.allowsTLS13 ? TLS1_3_VERSION : TLS1_2_VERSION
        let newest = configuration.allowsTLS13 ? TLS1_3_VERSION : TLS1_2_VERSION
        SSL_CTX_set_security_level(handle, Self.securityLevel)
        SSL_CTX_set_options(handle, ovm_SSL_OP_hardening())
        _ = ovm_SSL_CTX_set_mode(handle, Int(SSL_MODE_RELEASE_BUFFERS))
        ovm_SSL_CTX_set_max_cert_list(handle, Self.peerChainByteLimit)
        // No tickets and no session cache: a resumed session would skip the certificate, and with it its expiry and revocation.
        _ = ovm_SSL_CTX_set_session_cache_mode(handle, Int(SSL_SESS_CACHE_OFF))
        let isSet =
            ovm_SSL_CTX_set_min_proto_version(handle, oldest) == 1 && ovm_SSL_CTX_set_max_proto_version(handle, newest) == 1
            && SSL_CTX_set_cipher_list(handle, Self.cipherListTLS12) == 1 && ovm_SSL_CTX_set1_groups_list(handle, Self.groups) == 1
            && SSL_CTX_set_num_tickets(handle, 0) == 1
        try check(isSet, "restricting TLS")
    }

    private func presentCredential() throws(TLSError) {
        guard let credential = configuration.credential else { return }
        let isSet =
            SSL_CTX_use_certificate(handle, credential.certificate.handle) == 1
            && SSL_CTX_use_PrivateKey(handle, credential.key.handle) == 1 && SSL_CTX_check_private_key(handle) == 1
        try check(isSet, "using our certificate")
        if configuration.role == .queryServer, case .authority(let authority) = configuration.trust {
            try check(ovm_SSL_CTX_add1_chain_cert(handle, authority.handle) == 1, "presenting the authority")
        }
    }

    private func demandCertificate() throws(TLSError) {
        var mode = SSL_VERIFY_PEER
        if configuration.role == .peer { mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT }
        SSL_CTX_set_verify(handle, mode, nil)
        SSL_CTX_set_verify_depth(handle, Self.chainDepth)
        SSL_CTX_set_cert_verify_callback(handle, { store, _ in PeerVerifier.callback(store) }, nil)
        guard case .authority(let authority) = configuration.trust else { return }
        try check(X509_STORE_add_cert(SSL_CTX_get_cert_store(handle), authority.handle) == 1, "trusting the authority")
        if configuration.role != .queryClient {
            // Names the authority in the request for a certificate, so that browsers do not offer people the certificates of others.
            try check(SSL_CTX_add_client_CA(handle, authority.handle) == 1, "naming the authority")
        }
    }

    private func check(_ isDone: Bool, _ operation: String) throws(TLSError) {
        if !isDone { throw .libraryFailed(operation: operation, queue: OpenSSLFailure.takeQueue()) }
    }
}

/// The context that new connections use now. The owner exchanges it when certificates were renewed; connections that stand keep theirs.
package final class CurrentTLSContext: Sendable {
    private let current: Mutex<TLSContext>

    /// Begins with `context`.
    package init(_ context: TLSContext) { current = Mutex(context) }

    /// What a new connection should use.
    package var context: TLSContext { current.withLock { $0 } }

    /// Uses `context` from now on.
    package func replace(with context: TLSContext) { current.withLock { $0 = context } }
}
