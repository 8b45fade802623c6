import Testing

@testable import QueryModel

@Suite("Hostile join tokens") struct HostileTokenTests {
    @Test("what has a valid checksum and any content is refused, or is written again as it was read")
    func anyContent() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededRandom(state: seed)
        let address = try #require(NetworkAddress("alpha.example:4443"))
        let original = try #require(
            JoinTokenText(
                pool: Array(0..<16), authority: Array(16..<48), expiresAt: QueryTime(milliseconds: 1_309_421_109_120), tokenID: 7,
                secret: Array(100..<132), roles: .both, addresses: [address]))
        let content = try #require(Base64URL.decode(original.text.dropFirst(5))).dropLast(4)
        var refused = 0

        for round in 0..<6_000 {
            var bytes = Array(content)
            if round % 4 == 0 {
                bytes = (0..<Int.random(in: 0...400, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            }
            for _ in 0..<Int.random(in: 0...3, using: &random) where !bytes.isEmpty {
                let position = Int.random(in: bytes.indices, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes.remove(at: position)
                case 1: bytes.removeSubrange(position...)
                default: bytes[position] = UInt8.random(in: 0...255, using: &random)
                }
            }
            let text = "ovm1." + Base64URL.encode(bytes + Self.checksum(bytes))
            do {
                #expect(try JoinTokenText(text: text).text == text, "seed \(seed)")
            } catch { refused += 1 }
        }

        #expect((1_000..<6_000).contains(refused), "seed \(seed)")
        print("join tokens: 6000 with a valid checksum, \(refused) refused, seed \(seed)")
    }

    @Test("any text is refused or read, and never traps")
    func anyText() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededRandom(state: seed)
        var refused = 0

        for round in 0..<6_000 {
            let bytes = (0..<Int.random(in: 0...80, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            let text = (round % 2 == 0 ? "ovm1." : "") + String(decoding: bytes, as: UTF8.self)
            do { _ = try JoinTokenText(text: text) } catch { refused += 1 }
        }

        #expect(refused == 6_000, "seed \(seed)")
        print("join tokens: 6000 random texts refused, seed \(seed)")
    }

    /// CRC-32 (ISO-HDLC), most significant byte first, as the token's layout has it.
    private static func checksum(_ bytes: [UInt8]) -> [UInt8] {
        let crc = ~bytes.reduce(~UInt32(0)) { remainder, byte in
            (0..<8).reduce(remainder ^ UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
        return withUnsafeBytes(of: crc.bigEndian) { Array($0) }
    }
}

/// SplitMix64.
struct SeededRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
