import Testing

@testable import OpenSSLTransport

/// Certificates, signing requests and keys with bytes changed, lost, doubled and put in.
@Suite("hostile encodings") struct HostileEncodingTests {
    private static let rounds = 6_000

    @Test("a certificate that was altered is refused, verifies under nobody, or says what the true one says")
    func certificates() throws {
        let pool = try LaboratoryPool()
        let original = try pool.server(7).certificate
        var random = Alterations()
        var refused = 0
        var unverified = 0

        for _ in 0..<Self.rounds {
            do {
                let certificate = try Certificate(der: random.altered(original.der))
                do {
                    try certificate.verify(under: pool.authority.certificate, for: .client)
                    #expect(certificate.identity == original.identity, "seed \(random.seed)")
                } catch { unverified += 1 }
            } catch { refused += 1 }
            do { _ = try Certificate(pem: random.altered(original.pem)) } catch { refused += 1 }
        }

        #expect(refused > Self.rounds / 10 && unverified > Self.rounds / 50, "seed \(random.seed)")
        print("certificates: \(2 * Self.rounds) altered, \(refused) refused, \(unverified) without a valid signature, seed \(random.seed)")
    }

    @Test("a signing request that was altered is refused, or is for the key that signed it")
    func signingRequests() throws {
        let original = try SigningRequest(key: .generate())
        var random = Alterations()
        var refused = 0

        for _ in 0..<Self.rounds {
            do {
                let request = try SigningRequest(der: random.altered(original.der))
                #expect(request.publicKeyFingerprint == original.publicKeyFingerprint, "seed \(random.seed)")
            } catch { refused += 1 }
            do { _ = try SigningRequest(pem: random.altered(original.pem)) } catch { refused += 1 }
        }

        #expect(refused > Self.rounds, "seed \(random.seed)")
        print("signing requests: \(2 * Self.rounds) altered, \(refused) refused, seed \(random.seed)")
    }

    @Test("a key that was altered is refused or is a key, and never traps; the refusal holds nothing of it")
    func keys() throws {
        let original = try PrivateKey.generate().pem
        var random = Alterations()
        var refused = 0

        for _ in 0..<Self.rounds {
            let altered = random.altered(original)
            do {
                _ = try PrivateKey(pem: altered)
            } catch {
                refused += 1
                #expect(!"\(error) \(error.message)".contains("BEGIN"), "seed \(random.seed)")
            }
        }

        #expect(refused > Self.rounds / 10, "seed \(random.seed)")
        print("private keys: \(Self.rounds) altered, \(refused) refused, seed \(random.seed)")
    }

    @Test("the identity in a certificate's names is read strictly, whatever text stands there")
    func identities() throws {
        let original = Array("ovm://\(LaboratoryPool.firstPool)/server/7".utf8)
        var random = Alterations()
        var refused = 0

        for _ in 0..<20_000 {
            let text = String(decoding: random.altered(original), as: UTF8.self)
            if let identity = CertificateIdentity(uri: text) {
                #expect(identity.uri == text, "seed \(random.seed)")
            } else {
                refused += 1
            }
        }

        #expect(refused > 10_000, "seed \(random.seed)")
        print("identities: 20000 altered, \(refused) refused, seed \(random.seed)")
    }
}

/// Alters bytes at random, from a seed that replays a run.
private struct Alterations {
    let seed: UInt64
    private var random: SplitMix64

    init(seed: UInt64 = .random(in: .min ... .max)) {
        self.seed = seed
        random = SplitMix64(seed: seed)
    }

    mutating func altered(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0...Int.random(in: 0...2, using: &random) where !bytes.isEmpty {
            let position = Int.random(in: bytes.indices, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes.remove(at: position)
            case 1: bytes.insert(UInt8.random(in: 0...255, using: &random), at: position)
            case 2: bytes.removeSubrange(position...)
            case 3: bytes.insert(contentsOf: bytes[position...].prefix(Int.random(in: 1...32, using: &random)), at: position)
            case 4: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            default: bytes[position] = UInt8.random(in: 0...255, using: &random)
            }
        }
        return bytes
    }
}
