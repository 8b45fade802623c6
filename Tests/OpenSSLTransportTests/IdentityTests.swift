import OpenSSLTransport
import Testing

@Suite("identities")
struct IdentityTests {
    private static let pool = LaboratoryPool.firstPool

    @Test(
        "an identity is read as it is written",
        arguments: [
            CertificateIdentity.server(pool: pool, id: 1), .server(pool: pool, id: .max), .operator(pool: pool, name: "alice"),
            .operator(pool: pool, name: "A.b_c-9"), .operator(pool: pool, name: String(repeating: "n", count: 64)),
        ])
    func readsWhatItWrites(identity: CertificateIdentity) {
        #expect(CertificateIdentity(uri: identity.uri) == identity)
    }

    @Test(
        "another spelling is no identity",
        arguments: [
            "", "ovm://", "ovm://\(pool)", "ovm://\(pool)/server", "ovm://\(pool)/server/", "ovm://\(pool)/server/0",
            "ovm://\(pool)/server/01", "ovm://\(pool)/server/+1", "ovm://\(pool)/server/-1", "ovm://\(pool)/server/1/",
            "ovm://\(pool)/server/18446744073709551616", "ovm://\(pool)/server/1?x", "ovm://\(pool)/Server/1", "OVM://\(pool)/server/1",
            "ovm://\(pool.uppercased())/server/1", "ovm://\(pool)x/server/1", "ovm://x@\(pool)/server/1", "ovm:///server/1",
            "ovm://\(pool)/operator/", "ovm://\(pool)/operator/a b", "ovm://\(pool)/operator/a%20b", "ovm://\(pool)/operator/\u{e9}",
            "ovm://\(pool)/operator/a\0", "ovm://\(pool)/operator/" + String(repeating: "n", count: 65), "ovm://\(pool)/other/1",
            " ovm://\(pool)/server/1", "ovm://\(pool)/server/\u{661}",
        ])
    func refusesOtherSpellings(uri: String) {
        #expect(CertificateIdentity(uri: uri) == nil)
    }
}
