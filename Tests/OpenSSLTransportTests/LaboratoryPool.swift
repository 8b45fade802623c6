import OpenSSLTransport

/// A pool with an authority, from which tests take whatever credentials they need, good and bad.
struct LaboratoryPool {
    static let firstPool = "0b2e4a52-6a0e-4f8e-9f43-4a7a1c3f7d10"
    static let secondPool = "9d7c1f00-1111-4222-8333-444455556666"

    let authority: CertificateAuthority
    var id: String { authority.pool }

    init(_ id: String = firstPool) throws {
        authority = try CertificateAuthority.create(pool: id)
    }

    private init(authority: CertificateAuthority) { self.authority = authority }

    /// The same authority, misused to issue for another pool.
    func issuing(for id: String) throws -> LaboratoryPool {
        try LaboratoryPool(authority: CertificateAuthority(pool: id, certificate: authority.certificate, key: authority.key))
    }

    /// A server's credential, issued so long after now.
    func server(_ id: UInt64, issuedIn delay: Duration = .zero, validity: Duration = CertificateAuthority.issuedValidity) throws
        -> TLSCredential
    {
        let key = try PrivateKey.generate()
        let certificate = try authority.issueServerCertificate(
            id: id, for: SigningRequest(key: key), at: CertificateTime.now.advanced(by: delay), validity: validity)
        return try TLSCredential(certificate: certificate, key: key)
    }

    func `operator`(_ name: String) throws -> TLSCredential {
        let key = try PrivateKey.generate()
        return try TLSCredential(
            certificate: authority.issueOperatorCertificate(name: name, for: SigningRequest(key: key)), key: key)
    }

    func peer(_ credential: TLSCredential) throws -> TLSContext {
        try TLSContext(.peer(pool: id, authority: authority.certificate, credential: credential))
    }

    func queryServer(_ credential: TLSCredential) throws -> TLSContext {
        try TLSContext(.queryServer(pool: id, authority: authority.certificate, credential: credential))
    }

    func queryClient(_ credential: TLSCredential?) throws -> TLSContext {
        try TLSContext(.queryClient(pool: id, authority: authority.certificate, credential: credential))
    }
}
