import COpenSSL
import Testing

@testable import OpenSSLTransport

@Suite("certificates")
struct CertificateTests {
    @Test("a server's certificate bears its identity and verifies under its authority only, in both directions")
    func issuesServerCertificate() throws {
        let pool = try LaboratoryPool()
        let stranger = try LaboratoryPool()
        let certificate = try pool.server(42).certificate

        try certificate.verify(under: pool.authority.certificate, for: .server)
        try certificate.verify(under: pool.authority.certificate, for: .client)

        #expect(certificate.identity == .server(pool: pool.id, id: 42))
        #expect(throws: CertificateError.self) { try certificate.verify(under: stranger.authority.certificate, for: .server) }
    }

    @Test("an operator's certificate opens connections and does not answer them")
    func issuesOperatorCertificate() throws {
        let pool = try LaboratoryPool()
        let certificate = try pool.operator("alice").certificate

        try certificate.verify(under: pool.authority.certificate, for: .client)

        #expect(certificate.identity == .operator(pool: pool.id, name: "alice"))
        #expect(throws: CertificateError.self) { try certificate.verify(under: pool.authority.certificate, for: .server) }
    }

    @Test("a server cannot issue: what it signs does not verify under the authority")
    func serverIsNoAuthority() throws {
        let pool = try LaboratoryPool()
        let server = try pool.server(1)
        let usurper = try CertificateAuthority(pool: pool.id, certificate: server.certificate, key: server.key)
        let forged = try usurper.issueServerCertificate(id: 2, for: SigningRequest(key: .generate()))

        #expect(throws: CertificateError.self) { try forged.verify(under: pool.authority.certificate, for: .client) }
        #expect(throws: CertificateError.self) { try forged.verify(under: server.certificate, for: .client) }
    }

    @Test("validity begins five minutes early, lasts a year, and is renewed at two thirds")
    func datesCertificates() throws {
        let pool = try LaboratoryPool()
        let issued = CertificateTime(secondsSinceEpoch: 1_900_000_000)
        let certificate = try pool.authority.issueServerCertificate(id: 1, for: SigningRequest(key: .generate()), at: issued)

        #expect(certificate.notBefore == issued.advanced(by: .seconds(-300)))
        #expect(certificate.notAfter == issued.advanced(by: .seconds(365 * 86400)))
        let validity = certificate.notAfter.secondsSinceEpoch - certificate.notBefore.secondsSinceEpoch
        #expect(certificate.lifetime.renewalTime.secondsSinceEpoch == certificate.notBefore.secondsSinceEpoch + validity / 3 * 2)
    }

    @Test("verification in memory takes the time from its caller")
    func verifiesAtATime() throws {
        let pool = try LaboratoryPool()
        let certificate = try pool.server(1).certificate
        let authority = pool.authority.certificate

        #expect { try certificate.verify(under: authority, for: .server, at: certificate.notAfter.advanced(by: .seconds(1))) } throws: {
            error in
            guard case .chainRefused(let refusal) = error as? CertificateError else { return false }
            return refusal.isExpired
        }
    }

    @Test("an authority lives 30 years, beyond the year 2050 where the encoding of times changes")
    func datesAuthority() throws {
        let authority = try LaboratoryPool().authority.certificate

        #expect(authority.notAfter.secondsSinceEpoch - authority.notBefore.secondsSinceEpoch == 30 * 365 * 86400 + 300)
        #expect(X509_check_ca(authority.handle) == 1 && X509_get_pathlen(authority.handle) == 0)
        #expect(authority.identity == nil)
    }

    @Test("DNS names and addresses of the query port are certified, for browsers")
    func certifiesQueryNames() throws {
        let pool = try LaboratoryPool()
        let certificate = try pool.authority.issueServerCertificate(
            id: 1, for: SigningRequest(key: .generate()), names: ["ovm1.example.org", "192.0.2.7", "2001:db8::7"])

        #expect(X509_check_host(certificate.handle, "ovm1.example.org", 0, 0, nil) == 1)
        #expect(X509_check_ip_asc(certificate.handle, "192.0.2.7", 0) == 1)
        #expect(X509_check_ip_asc(certificate.handle, "2001:db8::7", 0) == 1)
        #expect(X509_check_host(certificate.handle, "ovm2.example.org", 0, 0, nil) == 0)
        #expect(certificate.identity?.serverID == 1)
    }

    @Test(
        "a name that could smuggle in another is refused",
        arguments: ["", "a b", "a,URI:ovm://x", "a\0b", "*.example.org", "a..b", "ovm://x", String(repeating: "a", count: 64)])
    func refusesNames(name: String) throws {
        let pool = try LaboratoryPool()

        #expect(throws: CertificateError.nameRefused(name: name)) {
            try pool.authority.issueServerCertificate(id: 1, for: SigningRequest(key: .generate()), names: [name])
        }
    }

    @Test("a certificate with two identities has none")
    func twoIdentitiesAreNone() throws {
        let pool = LaboratoryPool.firstPool

        #expect(identity(ofNames: "URI:ovm://\(pool)/server/1") == .server(pool: pool, id: 1))
        #expect(identity(ofNames: "URI:ovm://\(pool)/server/1,URI:https://example.org/") == .server(pool: pool, id: 1))
        #expect(identity(ofNames: "URI:ovm://\(pool)/server/1,URI:ovm://\(pool)/server/2") == nil)
        #expect(identity(ofNames: "URI:ovm://\(pool)/server/1,URI:OVM://nonsense") == nil)
        #expect(identity(ofNames: "DNS:ovm.example.org") == nil)
    }

    /// The identity of a certificate with a subject alternative name in OpenSSL's own syntax.
    private func identity(ofNames names: String) -> CertificateIdentity? {
        let certificate = X509_new()
        let entry = X509V3_EXT_conf_nid(nil, nil, NID_subject_alt_name, names)
        defer {
            X509_EXTENSION_free(entry)
            X509_free(certificate)
        }
        guard let certificate, X509_add_ext(certificate, entry, -1) == 1 else { return nil }
        return SubjectAlternativeNames.identity(of: certificate)
    }

    @Test("PEM and DER come back as they went")
    func encodesAndDecodes() throws {
        let certificate = try LaboratoryPool().server(1).certificate

        #expect(try Certificate(pem: certificate.pem) == certificate)
        #expect(try Certificate(der: certificate.der) == certificate)
        #expect(throws: CertificateError.self) { try Certificate(der: certificate.der + [0]) }
        #expect(throws: CertificateError.self) { try Certificate(der: Array(certificate.der.dropLast())) }
        #expect(throws: CertificateError.self) { try Certificate(pem: Array("hello".utf8)) }
        #expect(throws: CertificateError.self) { try Certificate(pem: []) }
        #expect(throws: CertificateError.self) { try Certificate(der: []) }
    }

    @Test("a credential needs the key of its certificate")
    func refusesKeyOfAnother() throws {
        let pool = try LaboratoryPool()

        #expect(throws: CertificateError.keyMismatch) { try TLSCredential(certificate: pool.server(1).certificate, key: .generate()) }
        #expect(throws: CertificateError.keyMismatch) {
            try CertificateAuthority(pool: pool.id, certificate: pool.authority.certificate, key: .generate())
        }
    }
}
