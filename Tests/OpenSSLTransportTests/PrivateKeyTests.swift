import COpenSSL
import Testing

@testable import OpenSSLTransport

@Suite("private keys and their files")
struct PrivateKeyTests {
    @Test("a key is written with mode 0600, read back, and replaced in one step")
    func writesAndReads() throws {
        let folder = try TemporaryFolder()
        let first = try PrivateKey.generate()
        let second = try PrivateKey.generate()

        try first.write(to: folder.file("server.key"))
        try second.write(to: folder.file("server.key"))

        #expect(try PrivateKey(file: folder.file("server.key")).publicKeyFingerprint == second.publicKeyFingerprint)
        #expect(try folder.mode(of: "server.key") == 0o600)
        #expect(try folder.names() == ["server.key"])
    }

    @Test("a key that others can read is refused, with the cure", arguments: [0o644, 0o640, 0o604, 0o660, 0o602])
    func refusesReadable(mode: Int) throws {
        let folder = try TemporaryFolder()
        try PrivateKey.generate().write(to: folder.file("server.key"))
        try folder.setMode(mode, of: "server.key")

        #expect {
            try PrivateKey(file: folder.file("server.key"))
        } throws: { error in
            guard let error = error as? CertificateError, case .keyFileUnsafe = error else { return false }
            return error.message.contains("has mode 0\(String(mode, radix: 8))") && error.message.contains("chmod 600")
        }
    }

    @Test("a key that only its owner can read is accepted")
    func acceptsStricter() throws {
        let folder = try TemporaryFolder()
        try PrivateKey.generate().write(to: folder.file("server.key"))
        try folder.setMode(0o400, of: "server.key")

        #expect(throws: Never.self) { try PrivateKey(file: folder.file("server.key")) }
    }

    @Test("a missing file, a folder and an oversized file are refused with their names")
    func refusesOtherFiles() throws {
        let folder = try TemporaryFolder()
        try SecretFile.write([UInt8](repeating: 0x41, count: 100_000), to: folder.file("large"))

        #expect(throws: CertificateError.fileFailed(path: folder.file("none"), operation: "open", errno: ENOENT)) {
            try PrivateKey(file: folder.file("none"))
        }
        #expect(throws: CertificateError.fileFailed(path: folder.path, operation: "open", errno: EINVAL)) {
            try PrivateKey(file: folder.path)
        }
        #expect(throws: CertificateError.malformed(what: "file \(folder.file("large"))", queue: [])) {
            try PrivateKey(file: folder.file("large"))
        }
    }

    @Test("a write that cannot be finished leaves what was there, and nothing else")
    func keepsOldFileOnFailure() throws {
        let folder = try TemporaryFolder()

        #expect(throws: CertificateError.self) { try SecretFile.write([1], to: folder.file("none/server.key")) }
        #expect(throws: CertificateError.self) { try SecretFile.write([1], to: folder.path) }
        #expect(try folder.names() == [])
    }

    @Test("a key on another curve is refused")
    func refusesOtherCurves() throws {
        let other = try #require(keyOnP384())
        defer { EVP_PKEY_free(other) }
        let pem = PEM.write { PEM_write_bio_PKCS8PrivateKey($0, other, nil, nil, 0, nil, nil) }

        #expect(throws: CertificateError.unsupportedKey(what: "private key")) { try PrivateKey(pem: pem) }
    }

    @Test("an encrypted key is refused and nobody is asked for a passphrase")
    func refusesEncrypted() throws {
        let key = try PrivateKey.generate()
        let pem = PEM.write { PEM_write_bio_PKCS8PrivateKey($0, key.handle, EVP_aes_128_cbc(), "secret", 6, nil, nil) }

        #expect(throws: CertificateError.self) { try PrivateKey(pem: pem) }
    }

    @Test("no text about a key shows the key, whole or damaged")
    func neverShowsKeys() throws {
        let key = try PrivateKey.generate()
        let lines = String(decoding: key.pem, as: UTF8.self).split(separator: "\n").filter { !$0.hasPrefix("-") }
        var texts = [key.description, "\(key)", String(reflecting: key)]
        dump(key, to: &texts[0])

        for index in stride(from: 30, to: key.pem.count - 30, by: 3) {
            var damaged = key.pem
            damaged[index] = UInt8(ascii: "!")
            do { _ = try PrivateKey(pem: damaged) } catch { texts += [error.message, "\(error)", String(reflecting: error)] }
        }

        #expect(texts.count > 30)
        for text in texts {
            for line in lines {
                #expect(!text.contains(line.prefix(12)) && !text.contains(line.suffix(12)))
            }
        }
    }
}
