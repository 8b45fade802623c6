internal import Synchronization

/// The certificate that this server shows on both its ports, with all that is needed to renew it while they are open.
package final class RenewableCredential: Sendable {
    /// The pool's authority, whose key every member holds.
    package let authority: CertificateAuthority
    /// What new connections between agents use.
    package let peer: CurrentTLSContext
    /// What new connections to the query port use.
    package let query: CurrentTLSContext

    private let serverID: UInt64
    private let key: PrivateKey
    private let file: String
    private let current: Mutex<Certificate>

    /// Reads the certificate and its key from PEM files; the key's must be private.
    ///
    /// - Throws: ``TLSError/configurationRefused(_:)`` for files that cannot be used, or a certificate that is not one of a server of
    ///   the authority's pool; ``TLSError/libraryFailed(operation:queue:)``.
    package init(authority: CertificateAuthority, certificateFile: String, keyFile: String) throws(TLSError) {
        let credential: TLSCredential
        do throws(CertificateError) {
            credential = try TLSCredential(certificateFile: certificateFile, keyFile: keyFile)
            serverID = try Self.serverID(of: credential.certificate, in: authority.pool)
        } catch {
            throw .configurationRefused(error)
        }
        self.authority = authority
        key = credential.key
        file = certificateFile
        current = Mutex(credential.certificate)
        peer = CurrentTLSContext(try Self.peerContext(authority, credential))
        query = CurrentTLSContext(try Self.queryContext(authority, credential))
    }

    /// What new connections show now.
    package var certificate: Certificate { current.withLock { $0 } }

    /// Issues the next certificate for the same key, identity and names, writes it, and lets new connections use it.
    ///
    /// The key stays, and with it its fingerprint, by which the pool's state knows this server. A failure leaves everything in use as it
    /// was. To be called by one caller at a time.
    package func renew(at time: CertificateTime) throws(TLSError) {
        let credential: TLSCredential
        do throws(CertificateError) {
            let next = try authority.issueServerCertificate(
                id: serverID, for: SigningRequest(key: key), names: certificate.names, at: time)
            credential = try TLSCredential(certificate: next, key: key)
        } catch {
            throw .configurationRefused(error)
        }
        let peerContext = try Self.peerContext(authority, credential)
        let queryContext = try Self.queryContext(authority, credential)
        // The file comes before its use: what others have seen must survive a crash, or they would see an older certificate after it.
        do throws(CertificateError) {
            try credential.certificate.write(to: file)
        } catch {
            throw .configurationRefused(error)
        }
        current.withLock { $0 = credential.certificate }
        peer.replace(with: peerContext)
        query.replace(with: queryContext)
    }

    private static func serverID(of certificate: Certificate, in pool: String) throws(CertificateError) -> UInt64 {
        guard let identity = certificate.identity else { throw .chainRefused(.noIdentity) }
        guard identity.pool == pool else { throw .chainRefused(.foreignPool(identity)) }
        guard let id = identity.serverID else { throw .chainRefused(.wrongRole(identity)) }
        return id
    }

    private static func peerContext(_ authority: CertificateAuthority, _ credential: TLSCredential) throws(TLSError) -> TLSContext {
        try TLSContext(.peer(pool: authority.pool, authority: authority.certificate, credential: credential))
    }

    private static func queryContext(_ authority: CertificateAuthority, _ credential: TLSCredential) throws(TLSError) -> TLSContext {
        try TLSContext(.queryServer(pool: authority.pool, authority: authority.certificate, credential: credential))
    }
}
