/// The certificate authority of one server pool: a self-signed certificate on P-256 and its key.
///
/// It issues the certificates of servers and operators directly, without intermediates. Every member of the pool holds it, so that any of
/// them can admit a server while others are down.
package struct CertificateAuthority: Sendable {
    /// The pool, as a lowercase UUID.
    package let pool: String
    /// The self-signed certificate, which every member trusts.
    package let certificate: Certificate
    /// The key, which stays on members' disks, mode 0600.
    package let key: PrivateKey

    /// How long an authority lives. Its end would be the pool's end, so it outlives the hardware.
    package static let validity = Duration.seconds(30 * 365 * 24 * 3600)
    /// How long a server's or operator's certificate lives.
    package static let issuedValidity = Duration.seconds(365 * 24 * 3600)
    /// How far back validity begins, so that a server whose clock is behind accepts a fresh certificate. Clocks may differ by 30 s.
    package static let backdating = Duration.seconds(300)

    /// An authority read from disk.
    ///
    /// - Throws: ``CertificateError/keyMismatch``.
    /// - Precondition: `pool` is a lowercase UUID.
    package init(pool: String, certificate: Certificate, key: PrivateKey) throws(CertificateError) {
        precondition(CertificateIdentity.isPool(pool), "a pool was named \(pool)")
        guard certificate.belongs(to: key) else { throw .keyMismatch }
        self.pool = pool
        self.certificate = certificate
        self.key = key
    }

    /// Makes the authority of a new pool.
    ///
    /// - Precondition: `pool` is a lowercase UUID.
    package static func create(pool: String, at time: CertificateTime = .now) throws(CertificateError) -> CertificateAuthority {
        let key = try PrivateKey.generate()
        let builder = try CertificateBuilder(validFrom: time.advanced(by: .zero - backdating), until: time.advanced(by: validity))
        try builder.setPublicKey(of: key)
        try builder.setNames(subject: subject(of: pool), issuer: subject(of: pool))
        try builder.add(.authority, issuer: nil)
        return try CertificateAuthority(pool: pool, certificate: builder.sign(with: key), key: key)
    }

    /// Issues a server's certificate, good for answering and for opening connections.
    ///
    /// - Parameter names: DNS names and addresses of the query port, so that browsers and curl accept it; never an identity.
    /// - Precondition: `id` is one or more.
    package func issueServerCertificate(
        id: UInt64, for request: SigningRequest, names: [String] = [], at time: CertificateTime = .now,
        validity: Duration = issuedValidity
    ) throws(CertificateError) -> Certificate {
        precondition(id > 0, "a server's identifier was 0")
        return try issue(.server(pool: pool, id: id), for: request, names: names, at: time, validity: validity)
    }

    /// Issues an operator's certificate, good for opening connections only.
    ///
    /// - Throws: ``CertificateError/nameRefused(name:)`` where ``CertificateIdentity/isName(_:)`` does not hold.
    package func issueOperatorCertificate(
        name: String, for request: SigningRequest, at time: CertificateTime = .now, validity: Duration = issuedValidity
    ) throws(CertificateError) -> Certificate {
        guard CertificateIdentity.isName(name) else { throw .nameRefused(name: name) }
        return try issue(.operator(pool: pool, name: name), for: request, names: [], at: time, validity: validity)
    }

    private func issue(
        _ identity: CertificateIdentity, for request: SigningRequest, names: [String], at time: CertificateTime, validity: Duration
    ) throws(CertificateError) -> Certificate {
        let builder = try CertificateBuilder(
            validFrom: time.advanced(by: .zero - Self.backdating), until: time.advanced(by: validity))
        try builder.setPublicKey(of: request)
        try builder.setNames(subject: Self.subject(of: identity), issuer: Self.subject(of: pool), issuedBy: certificate)
        try builder.add(identity.serverID == nil ? .operator : .server, issuer: certificate)
        try builder.add(identity: identity, names: names)
        return try builder.sign(with: key)
    }

    /// Names for people to read in a browser; nothing here trusts them.
    private static func subject(of pool: String) -> String { "ovm server pool \(pool)" }

    private static func subject(of identity: CertificateIdentity) -> String {
        switch identity {
        case .server(_, let id): "ovm server \(id)"
        // A common name has at most 64 characters, as many as the operator's name alone may have.
        case .operator(_, let name): name
        }
    }
}
