import Glibc
import AgentCore
import PoolModel
import PoolStateMachine
import RaftCore
import Testing
import WireFormat

/// Frames, entries and snapshots with bytes changed, lost, doubled and put in: refused or decoded, and never a trap.
///
/// `OVM_HOSTILE_INPUTS` in the environment multiplies how many are tried.
@Suite("Hostile bytes") struct HostileBytesTests {
    @Test("every kind of frame survives being altered: what is decoded can be encoded again, and is then the same")
    func frames() throws {
        let command = try #require(
            try WireSamples.entries().compactMap { if case .command(let command) = $0.content { command } else { nil } }.first)
        let request = RequestIdentity(member: ServerID(1), session: SessionNumber(1), sequence: 1, firstOutstanding: 1)
        var frames: [PeerFrame] = try WireSamples.messages().map { .message(.raft($0)) }
        frames += [
            .hello(PeerHello(pool: WireSamples.uuid, server: ServerID(2), channel: .bulk)), .goodbye, .message(.forward(command)),
            .message(.forwardRefused(request, leader: ServerID(2))), .message(.stateDigest(index: LogIndex(1_000), digest: .max)),
            .message(.members([try WireSamples.member(2), try WireSamples.member(3)], index: LogIndex(7))),
            .message(.membersWanted(lastIndex: LogIndex(5), lastTerm: Term(2))), .message(.progressWanted),
            .message(.progress(session: SessionNumber(3), WireSamples.progress)), .message(.progressTold(WireSamples.progress)),
        ]
        frames += try WireSamples.consoleFrames() + WireSamples.transferFrames
        let encoded = try frames.map { try PeerFrameCoding.encode($0) }
        var random = Alterations()
        var refused = 0

        for round in 0..<(50_000 * Alterations.factor) {
            do {
                let frame = try PeerFrameCoding.decode(random.altered(encoded[round % encoded.count]))
                #expect(try PeerFrameCoding.decode(PeerFrameCoding.encode(frame)) == frame, "seed \(random.seed), round \(round)")
            } catch { refused += 1 }
        }

        #expect(refused > 1_000, "seed \(random.seed)")
        print("frames: \(50_000 * Alterations.factor) altered, \(refused) refused, seed \(random.seed)")
    }

    @Test("every kind of entry survives being altered")
    func entries() throws {
        let coding = WireEntryCoding()
        let encoded = try WireSamples.entries().map { coding.encode($0) }
        var random = Alterations()
        var refused = 0

        for round in 0..<(50_000 * Alterations.factor) {
            if let entry = decoded(random.altered(encoded[round % encoded.count]), coding) {
                #expect(decoded(coding.encode(entry), coding) == entry, "seed \(random.seed), round \(round)")
            } else {
                refused += 1
            }
        }

        #expect(refused > 1_000, "seed \(random.seed)")
        print("entries: \(50_000 * Alterations.factor) altered, \(refused) refused, seed \(random.seed)")
    }

    @Test("a snapshot that was altered is refused, or is the state that it was")
    func snapshots() throws {
        let state = try WireRoundTripTests.busyState()
        let bytes = WireSnapshotCoding().encode(state)
        var random = Alterations()
        var refused = 0

        for _ in 0..<(1_500 * Alterations.factor) {
            do {
                #expect(try WireSnapshotCoding().decode(random.altered(bytes)).digest == state.digest, "seed \(random.seed)")
            } catch { refused += 1 }
        }

        #expect(refused > 1_000, "seed \(random.seed)")
        print("snapshots: \(1_500 * Alterations.factor) altered, \(refused) refused, seed \(random.seed)")
    }

    private func decoded(_ bytes: [UInt8], _ coding: WireEntryCoding) -> RaftEntry<PoolEntry>? {
        do { return try coding.decode(bytes) } catch { return nil }
    }
}

/// Alters bytes at random, from a seed that replays a run.
struct Alterations {
    let seed: UInt64
    private var random: SplitMix64

    /// `OVM_HOSTILE_INPUTS`, 1 where it is not set.
    static var factor: Int { max(1, getenv("OVM_HOSTILE_INPUTS").flatMap { Int(String(cString: $0)) } ?? 1) }

    init(seed: UInt64 = .random(in: .min ... .max)) {
        self.seed = seed
        random = SplitMix64(seed: seed)
    }

    mutating func altered(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0...Int.random(in: 0...3, using: &random) where !bytes.isEmpty {
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

/// A small generator of random numbers that repeats a run from its seed.
private struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
