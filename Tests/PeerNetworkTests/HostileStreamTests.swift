import NIOCore
import OpenSSLTransport
import Testing
import WireFormat

@testable import PeerNetwork

/// Streams of bytes cut, broken and mixed at random.
@Suite("hostile streams") struct HostileStreamTests {
    private let seed = UInt64.random(in: 0...UInt64.max)

    @Test("frames come out as they went in, however the stream is cut")
    func anyCutting() {
        var random = SplitMix(state: seed)
        var count = 0

        for _ in 0..<2_000 {
            let frames = (0..<Int.random(in: 1...8, using: &random)).map { _ in
                (0..<Int.random(in: 0...300, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            }
            let read = Self.read(random.pieces(of: frames.flatMap(Self.framed)), limit: 300)
            count += frames.count
            #expect(read.frames == frames && read.end == .incomplete, "seed \(seed)")
        }

        print("frame decoder: \(count) frames in 2000 random cuttings, seed \(seed)")
    }

    @Test("what is no stream of frames ends it, keeps no more than one frame's bytes, and never traps")
    func anyBytes() {
        var random = SplitMix(state: seed)
        var tooLong = 0

        for _ in 0..<20_000 {
            var bytes = (0..<Int.random(in: 0...64, using: &random)).flatMap { _ in
                Self.framed((0..<Int.random(in: 0...20, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) })
            }
            for _ in 0..<Int.random(in: 0...3, using: &random) where !bytes.isEmpty {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let read = Self.read(random.pieces(of: bytes), limit: 1_000)
            if case .tooLong(let length) = read.end {
                tooLong += 1
                #expect(length > 1_000, "seed \(seed)")
            } else {
                #expect(read.kept < 4 + 1_000, "seed \(seed)")
            }
        }

        #expect(tooLong > 1_000, "seed \(seed)")
        print("frame decoder: 20000 hostile streams, \(tooLong) ended for a length, seed \(seed)")
    }

    @Test("after members that send broken frames, and strangers that break off their handshakes, the agent serves on")
    func manyConnections() async throws {
        let scene = try await MemberScene.start()
        var random = SplitMix(state: seed)
        let hello = try PeerFrameCoding.encode(.hello(PeerHello(pool: scene.pool.id, server: scene.agent.server, channel: .bulk)))
        var streams = 0

        for round in 0..<60 {
            let end = round % 2 == 0 ? try await scene.approach() : try await FrameChannel.connect(to: scene.agent, nil)
            var bytes = Self.framed(hello) + Self.framed((0..<Int.random(in: 0...200, using: &random)).map { _ in 0x0A })
            for _ in 0...Int.random(in: 0...4, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            for piece in random.pieces(of: bytes) { end.send(bytes: piece) }
            await end.close()
            streams += 1
        }

        #expect(scene.received == 0, "seed \(seed)")
        try await scene.provesAgentServes()
        await scene.close()
        print("peer port: \(streams) hostile connections, seed \(seed)")
    }

    private static func framed(_ bytes: [UInt8]) -> [UInt8] {
        withUnsafeBytes(of: UInt32(bytes.count).bigEndian) { Array($0) } + bytes
    }

    private static func read(_ pieces: [[UInt8]], limit: Int) -> (frames: [[UInt8]], end: FrameCutter.Cut, kept: Int) {
        var cutter = FrameCutter()
        var frames: [[UInt8]] = []
        for piece in pieces {
            cutter.append(ByteBuffer(bytes: piece))
            loop: while true {
                switch cutter.next(limit: limit) {
                case .frame(let bytes): frames.append(bytes)
                case .incomplete: break loop
                case .tooLong(let length): return (frames, .tooLong(length), cutter.keptBytes)
                }
            }
            cutter.compact()
        }
        return (frames, .incomplete, cutter.keptBytes)
    }
}

/// SplitMix64, so that a printed seed replays a test.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// The bytes in pieces of 1 to 40.
    mutating func pieces(of bytes: [UInt8]) -> [[UInt8]] {
        var rest = bytes[...]
        var pieces: [[UInt8]] = []
        while !rest.isEmpty {
            let count = Int.random(in: 1...40, using: &self)
            pieces.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return pieces
    }
}
