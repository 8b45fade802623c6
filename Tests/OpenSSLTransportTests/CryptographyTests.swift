import OpenSSLTransport
import Testing

@Suite("digests, codes and texts")
struct CryptographyTests {
    @Test("SHA-256 gives the digest of FIPS 180-4's example")
    func digests() {
        #expect(SHA256Digest(of: Array("abc".utf8)).hexadecimal == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(SHA256Digest(of: []).hexadecimal == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    @Test("a digest is read from 64 hexadecimal digits and nothing else")
    func readsDigests() {
        let digest = SHA256Digest(of: [1, 2, 3])

        #expect(SHA256Digest(hexadecimal: digest.hexadecimal) == digest)
        #expect(SHA256Digest(hexadecimal: digest.hexadecimal.uppercased()) == digest)
        #expect(SHA256Digest(hexadecimal: String(digest.hexadecimal.dropLast())) == nil)
        #expect(SHA256Digest(hexadecimal: String(digest.hexadecimal.dropLast()) + "g") == nil)
        #expect(SHA256Digest(hexadecimal: "") == nil)
    }

    @Test("HMAC-SHA-256 gives the codes of RFC 4231")
    func authenticates() {
        let second = Cryptography.authenticationCode(for: Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
        let sixth = Cryptography.authenticationCode(
            for: Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8), key: [UInt8](repeating: 0xaa, count: 131))

        #expect(SHA256Digest(bytes: second)?.hexadecimal == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(SHA256Digest(bytes: sixth)?.hexadecimal == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }

    @Test("an empty key and an empty message have a code of their own, not the last one's")
    func authenticatesEmpty() {
        _ = Cryptography.authenticationCode(for: [1], key: [2])
        let code = Cryptography.authenticationCode(for: [], key: [])

        #expect(SHA256Digest(bytes: code)?.hexadecimal == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    }

    @Test("secrets are compared by content and length")
    func compares() {
        #expect(Cryptography.areEqual([1, 2], [1, 2]))
        #expect(!Cryptography.areEqual([1, 2], [1, 3]))
        #expect(!Cryptography.areEqual([1, 2], [1, 2, 3]))
        #expect(Cryptography.areEqual([], []))
    }

    @Test("random bytes differ from call to call")
    func randoms() {
        #expect(Cryptography.randomBytes(32).count == 32)
        #expect(Cryptography.randomBytes(32) != Cryptography.randomBytes(32))
        #expect(Cryptography.randomBytes(0) == [])
    }

    @Test(
        "base64url gives RFC 4648's examples, without padding",
        arguments: [
            ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"), ("foobar", "Zm9vYmFy"),
        ])
    func encodes(text: String, encoded: String) {
        #expect(Base64URL.encode(Array(text.utf8)) == encoded)
        #expect(Base64URL.decode(encoded) == Array(text.utf8))
    }

    @Test("base64url reads back whatever it wrote, in its own alphabet")
    func readsBack() {
        let all = (0...255).map { UInt8($0) }

        for count in 0..<all.count { #expect(Base64URL.decode(Base64URL.encode(all.prefix(count))) == Array(all.prefix(count))) }
        #expect(Base64URL.encode([0xfb, 0xff]) == "-_8")
    }

    @Test("base64url has one text for given bytes", arguments: ["Zg==", "Zh", "Z", "Zm9vA", "Zm 8", "+/8", "Zm8\n", "é"])
    func refuses(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }
}
