import COpenSSL
import Testing

@testable import OpenSSLTransport

@Suite("signing requests")
struct SigningRequestTests {
    @Test("a request carries its key and the identity it asks for, through PEM and DER")
    func carriesKeyAndIdentity() throws {
        let key = try PrivateKey.generate()
        let identity = CertificateIdentity.server(pool: LaboratoryPool.firstPool, id: 3)
        let request = try SigningRequest(key: key, identity: identity)

        let read = [try SigningRequest(pem: request.pem), try SigningRequest(der: request.der)]

        for copy in read {
            #expect(copy.requestedIdentity == identity)
            #expect(copy.publicKeyFingerprint == key.publicKeyFingerprint)
            #expect(copy.der == request.der)
        }
        #expect(try SigningRequest(key: key).requestedIdentity == nil)
    }

    @Test("a request altered in any byte is refused")
    func refusesAltered() throws {
        let der = try SigningRequest(key: .generate(), identity: .server(pool: LaboratoryPool.firstPool, id: 3)).der

        for index in der.indices {
            var altered = der
            altered[index] ^= 1 << UInt8(index % 8)
            #expect(throws: CertificateError.self, "byte \(index)") { try SigningRequest(der: altered) }
        }
    }

    @Test("a request with something after it, cut short, or too large is refused")
    func refusesOtherLengths() throws {
        let der = try SigningRequest(key: .generate()).der

        #expect(throws: CertificateError.self) { try SigningRequest(der: der + [0]) }
        #expect(throws: CertificateError.self) { try SigningRequest(der: Array(der.dropLast())) }
        #expect(throws: CertificateError.malformed(what: "signing request", queue: [])) {
            try SigningRequest(der: [UInt8](repeating: 0x30, count: SigningRequest.byteLimit + 1))
        }
    }

    @Test("a request with a key on another curve is refused")
    func refusesOtherCurves() throws {
        let other = try #require(keyOnP384())
        defer { EVP_PKEY_free(other) }
        let request = X509_REQ_new()
        defer { X509_REQ_free(request) }
        X509_REQ_set_pubkey(request, other)
        try #require(X509_REQ_sign(request, other, EVP_sha256()) > 0)

        #expect(throws: CertificateError.unsupportedKey(what: "signing request")) {
            try SigningRequest(der: DER.encode { i2d_X509_REQ(request, $0) })
        }
    }
}

/// A key that no pool uses.
func keyOnP384() -> OpaquePointer? {
    let context = EVP_PKEY_CTX_new_from_name(nil, "EC", nil)
    defer { EVP_PKEY_CTX_free(context) }
    var key: OpaquePointer?
    guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_CTX_set_group_name(context, "P-384") == 1, EVP_PKEY_generate(context, &key) == 1
    else { return nil }
    return key
}
