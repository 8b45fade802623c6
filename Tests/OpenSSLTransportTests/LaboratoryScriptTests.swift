import Foundation
import NIOCore
import OpenSSLTransport
import Testing

@Suite("the laboratory's script")
struct LaboratoryScriptTests {
    @Test("what the openssl command makes is what an agent accepts")
    func isAccepted() throws {
        let folder = try TemporaryFolder()
        let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Certs/make-laboratory-authority.sh")

        try #require(try run(script.path, folder.path, LaboratoryPool.firstPool, "2", "alice") == 0)
        let authority = try Certificate(file: folder.file("authority.pem"))
        let contexts = try (1...2).map { id in
            try TLSContext(
                .peer(
                    pool: LaboratoryPool.firstPool, authority: authority,
                    credential: TLSCredential(certificateFile: folder.file("server-\(id).pem"), keyFile: folder.file("server-\(id).key"))))
        }
        let pair = try EmbeddedPair(accepting: contexts[0], connecting: contexts[1])
        try pair.exchange()

        #expect(pair.acceptingSeen.seen.handshake?.peer?.identity == .server(pool: LaboratoryPool.firstPool, id: 2))
        #expect(pair.connectingSeen.seen.handshake?.peer?.identity == .server(pool: LaboratoryPool.firstPool, id: 1))
        let alice = try TLSCredential(certificateFile: folder.file("operator.pem"), keyFile: folder.file("operator.key"))
        #expect(alice.certificate.identity == .operator(pool: LaboratoryPool.firstPool, name: "alice"))
        let key = try PrivateKey(file: folder.file("authority.key"))
        #expect(try CertificateAuthority(pool: LaboratoryPool.firstPool, certificate: authority, key: key).certificate == authority)
    }

    @Test("an authority that is there already is never overwritten")
    func keepsAuthority() throws {
        let folder = try TemporaryFolder()
        let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Certs/make-laboratory-authority.sh")
        try PrivateKey.generate().write(to: folder.file("authority.key"))

        #expect(try run(script.path, folder.path) == 1)
        #expect(try folder.names() == ["authority.key"])
    }

    private func run(_ path: String, _ arguments: String...) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
