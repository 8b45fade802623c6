internal import COpenSSL

/// Judges the certificate of a peer inside the handshake, so that a refusal reaches the peer as an alert.
struct PeerVerifier: Sendable {
    private let pool: String
    private let isServerRequired: Bool
    private let pin: SHA256Digest?

    init(_ configuration: TLSConfiguration) {
        pool = configuration.pool
        isServerRequired = configuration.role != .queryServer
        if case .authorityPin(let digest) = configuration.trust { pin = digest } else { pin = nil }
    }

    /// What OpenSSL calls in place of its own verification: 1 believes, 0 refuses.
    static func callback(_ store: OpaquePointer?) -> Int32 {
        guard let store, let ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()),
            let session = TLSSession.session(of: OpaquePointer(ssl))
        else { return 0 }
        do throws(CertificateRefusal) {
            session.peer = try session.context.verifier.judge(store)
            return 1
        } catch {
            session.refusal = error
            if X509_STORE_CTX_get_error(store) == X509_V_OK { X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION) }
            return 0
        }
    }

    private func judge(_ store: OpaquePointer) throws(CertificateRefusal) -> PeerIdentity {
        if let pin {
            try verify(store, underPinned: pin)
        } else {
            try verify(store)
        }
        guard let leaf = X509_STORE_CTX_get0_cert(store) else { throw .notPresented }
        guard let identity = SubjectAlternativeNames.identity(of: leaf) else { throw .noIdentity }
        guard identity.pool == pool else { throw .foreignPool(identity) }
        if isServerRequired && identity.serverID == nil { throw .wrongRole(identity) }
        return PeerIdentity(
            identity: identity,
            publicKeyFingerprint: SHA256Digest(of: DER.encode { i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf), $0) }),
            certificateFingerprint: SHA256Digest(of: DER.encode { i2d_X509(leaf, $0) }))
    }

    private func verify(_ store: OpaquePointer) throws(CertificateRefusal) {
        guard X509_verify_cert(store) == 1 else { throw CertificateRefusal(store) }
    }

    /// Trusts, for this one verification, the certificate among those presented whose key has the pinned digest.
    ///
    /// The certificate proves nothing by being there; the chain must also verify up to it, which only the pinned key can have signed.
    private func verify(_ store: OpaquePointer, underPinned pin: SHA256Digest) throws(CertificateRefusal) {
        guard let authority = presentedAuthority(store, pin: pin), let trusted = ovm_sk_X509_new_null() else {
            throw .authorityNotPresented(pinned: pin)
        }
        defer {
            X509_STORE_CTX_set0_trusted_stack(store, nil)
            ovm_sk_X509_free(trusted)
        }
        guard ovm_sk_X509_push(trusted, authority) > 0 else { throw .authorityNotPresented(pinned: pin) }
        X509_STORE_CTX_set0_trusted_stack(store, trusted)
        try verify(store)
    }

    private func presentedAuthority(_ store: OpaquePointer, pin: SHA256Digest) -> OpaquePointer? {
        guard let presented = X509_STORE_CTX_get0_untrusted(store) else { return nil }
        for index in 0..<max(0, ovm_sk_X509_num(presented)) {
            guard let certificate = ovm_sk_X509_value(presented, index), X509_check_ca(certificate) == 1 else { continue }
            let digest = SHA256Digest(of: DER.encode { i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), $0) })
            if digest == pin { return certificate }
        }
        return nil
    }
}

extension CertificateRefusal: Error {}
