import Foundation
import NIOCore
import Testing

@testable import OpenSSLTransport

@Suite("A credential that is renewed while it is in use")
final class RenewableCredentialTests {
    private let folder = "/tmp/ovm-credential-\(UUID().uuidString.prefix(8))"
    private let pool: LaboratoryPool
    private let later = CertificateTime.now.advanced(by: .seconds(60))

    init() throws {
        pool = try LaboratoryPool()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    }

    deinit {
        // What cannot be removed lies in /tmp and is seen there.
        do { try FileManager.default.removeItem(atPath: folder) } catch { print("could not remove \(folder)") }
    }

    private func store(_ credential: TLSCredential) throws {
        try credential.certificate.write(to: "\(folder)/server.pem")
        try credential.key.write(to: "\(folder)/server.key")
    }

    private func open() throws(TLSError) -> RenewableCredential {
        try RenewableCredential(
            authority: pool.authority, certificateFile: "\(folder)/server.pem", keyFile: "\(folder)/server.key")
    }

    private func namedCredential(_ names: [String]) throws -> TLSCredential {
        let key = try PrivateKey.generate()
        return try TLSCredential(
            certificate: pool.authority.issueServerCertificate(id: 7, for: SigningRequest(key: key), names: names), key: key)
    }

    @Test("the next certificate has the same identity, key and names, and begins and ends later")
    func keepsWhoItIs() throws {
        let names = ["xen7.example.org", "192.0.2.7", "2001:db8:0:0:0:0:0:7", "localhost"]
        try store(namedCredential(names))
        let credential = try open()
        let before = credential.certificate

        try credential.renew(at: later)

        let after = credential.certificate
        #expect(after.fingerprint != before.fingerprint)
        #expect(after.identity == before.identity && after.publicKeyFingerprint == before.publicKeyFingerprint)
        #expect(after.names == names && before.names == names)
        #expect(after.notBefore > before.notBefore && after.notAfter == later.advanced(by: CertificateAuthority.issuedValidity))
        try after.verify(under: pool.authority.certificate, for: .server)
        try after.verify(under: pool.authority.certificate, for: .client)
    }

    @Test("the file holds the next certificate, whole, readable and alone; the key file is not touched")
    func writesFile() throws {
        try store(namedCredential([]))
        let key = try Data(contentsOf: URL(filePath: "\(folder)/server.key"))
        let credential = try open()

        try credential.renew(at: later)

        #expect(try Certificate(file: "\(folder)/server.pem") == credential.certificate)
        #expect(try Data(contentsOf: URL(filePath: "\(folder)/server.key")) == key)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["server.key", "server.pem"])
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/server.pem")
        #expect(attributes[.posixPermissions] as? Int == 0o644)
    }

    @Test("both ports show the next certificate to new connections, and connections that stand carry on")
    func exchangesContexts() throws {
        try store(namedCredential([]))
        let credential = try open()
        let client = try pool.queryClient(nil)
        let other = try pool.peer(pool.server(2))
        let old = try EmbeddedPair(accepting: credential.peer.context, connecting: other)
        try old.exchange()

        try credential.renew(at: later)
        let accepted = try EmbeddedPair(accepting: credential.peer.context, connecting: other)
        let opened = try EmbeddedPair(accepting: other, connecting: credential.peer.context)
        let asked = try EmbeddedPair(accepting: credential.query.context, connecting: client)
        for pair in [accepted, opened, asked] { try pair.exchange() }
        old.accepting.writeAndFlush(ByteBuffer(string: "still here"), promise: nil)
        try old.exchange()

        let fingerprint = credential.certificate.fingerprint
        #expect(accepted.connectingSeen.seen.handshake?.peer?.certificateFingerprint == fingerprint)
        #expect(opened.acceptingSeen.seen.handshake?.peer?.certificateFingerprint == fingerprint)
        #expect(asked.connectingSeen.seen.handshake?.peer?.certificateFingerprint == fingerprint)
        #expect(old.connectingSeen.seen.handshake?.peer?.certificateFingerprint != fingerprint)
        #expect(old.connectingSeen.seen.received == Array("still here".utf8))
    }

    @Test("a renewal that cannot be written leaves in use what was in use")
    func failsWhole() throws {
        try store(namedCredential([]))
        let credential = try open()
        let before = credential.certificate
        let context = credential.peer.context
        try FileManager.default.moveItem(atPath: folder, toPath: folder + "-away")
        defer {
            // The claims below do not depend on it; a folder left in /tmp is seen there.
            do { try FileManager.default.moveItem(atPath: folder + "-away", toPath: folder) } catch { print("could not move \(folder)") }
        }

        #expect { try credential.renew(at: later) } throws: { error in
            guard case .configurationRefused(.fileFailed) = error as? TLSError else { return false }
            return true
        }

        #expect(credential.certificate == before)
        #expect(credential.peer.context === context)
    }

    @Test("a certificate of another pool, or of an operator, is no server's credential")
    func refusesOthers() throws {
        let foreign = try pool.issuing(for: LaboratoryPool.secondPool).server(7)
        try store(foreign)
        #expect(throws: TLSError.configurationRefused(.chainRefused(.foreignPool(try #require(foreign.certificate.identity))))) {
            try open()
        }

        let person = try pool.operator("admin")
        try store(person)
        #expect(throws: TLSError.configurationRefused(.chainRefused(.wrongRole(try #require(person.certificate.identity))))) {
            try open()
        }
    }
}
