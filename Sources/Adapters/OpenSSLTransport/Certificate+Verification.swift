internal import COpenSSL

/// What a certificate is about to be used for; its extended key usage must allow it.
package enum CertificatePurpose: Hashable, Sendable {
    /// To answer connections.
    case server
    /// To open connections.
    case client
}

extension Certificate {
    /// Verifies this certificate under `authority` alone, in memory: signature, validity at `time`, and extended key usage.
    package func verify(
        under authority: Certificate, for purpose: CertificatePurpose, at time: CertificateTime = .now
    ) throws(CertificateError) {
        let store = X509_STORE_CTX_new()
        let trusted = ovm_sk_X509_new_null()
        defer {
            X509_STORE_CTX_free(store)
            ovm_sk_X509_free(trusted)
        }
        ERR_clear_error()
        guard let store, let trusted, ovm_sk_X509_push(trusted, authority.handle) > 0, X509_STORE_CTX_init(store, nil, handle, nil) == 1
        else {
            throw .libraryFailed(operation: "preparing a verification", queue: OpenSSLFailure.takeQueue())
        }
        X509_STORE_CTX_set0_trusted_stack(store, trusted)
        X509_STORE_CTX_set_time(store, 0, time_t(time.secondsSinceEpoch))
        X509_STORE_CTX_set_default(store, purpose == .server ? "ssl_server" : "ssl_client")
        guard X509_verify_cert(store) == 1 else {
            let refusal = CertificateRefusal(store)
            ERR_clear_error()
            throw .chainRefused(refusal)
        }
    }

    /// True when `key` is the private half of this certificate's key.
    package func belongs(to key: PrivateKey) -> Bool { key.publicKeyFingerprint == publicKeyFingerprint }
}

extension CertificateRefusal {
    /// The refusal that a failed verification left behind.
    init(_ store: OpaquePointer) {
        let code = X509_STORE_CTX_get_error(store)
        self = .notVerified(
            code: code, depth: X509_STORE_CTX_get_error_depth(store), reason: String(cString: X509_verify_cert_error_string(Int(code))))
    }
}
