import OpenSSLTransport
import PoolModel

/// A pool with an authority, from which tests take whatever credentials they need, good and bad.
struct LaboratoryPool {
    let id: PoolID
    let authority: CertificateAuthority

    static let first = PoolID(randomHigh: 1, randomLow: 1)
    static let second = PoolID(randomHigh: 2, randomLow: 2)

    init(_ id: PoolID = first) throws {
        self.id = id
        authority = try CertificateAuthority.create(pool: id.description)
    }

    private init(_ id: PoolID, _ authority: CertificateAuthority) {
        self.id = id
        self.authority = authority
    }

    /// The same authority, misused to issue for another pool.
    func issuing(for other: PoolID) throws -> LaboratoryPool {
        try LaboratoryPool(
            other, CertificateAuthority(pool: other.description, certificate: authority.certificate, key: authority.key))
    }

    func server(_ number: UInt64) throws -> TLSCredential {
        let key = try PrivateKey.generate()
        return try TLSCredential(
            certificate: authority.issueServerCertificate(id: number, for: SigningRequest(key: key), at: CertificateTime.now), key: key)
    }

    func `operator`(_ name: String) throws -> TLSCredential {
        let key = try PrivateKey.generate()
        return try TLSCredential(certificate: authority.issueOperatorCertificate(name: name, for: SigningRequest(key: key)), key: key)
    }

    /// What an end of a connection between agents uses, with whatever credential.
    func context(_ credential: TLSCredential) throws -> TLSContext {
        try TLSContext(.peer(pool: id.description, authority: authority.certificate, credential: credential))
    }
}
