import NIOCore
import NIOEmbedded
import OpenSSLTransport
import Synchronization
import Testing

@Suite("a connection that stands")
struct StreamTests {
    /// Bytes whose value tells their place.
    private func pattern(_ count: Int, salt: Int) -> ByteBuffer {
        ByteBuffer(bytes: (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8 &+ salt) })
    }

    @Test("bulk goes both ways at once, with the keys changed on the way", arguments: [Int.max, 300_000])
    func carriesBulk(bytesPerKey: Int) async throws {
        let pool = try LaboratoryPool()
        var limits = TLSLimits.patient
        limits.bytesPerKey = bytesPerKey
        let link = try await Loopback.open(accepting: pool.peer(pool.server(1)), connecting: pool.peer(pool.server(2)), limits: limits)
        let there = pattern(3_000_000, salt: 1)
        let back = pattern(3_000_000, salt: 2)

        async let sentThere: Void = link.connected.writeAndFlush(there)
        async let sentBack: Void = link.accepted.writeAndFlush(back)
        _ = try await (sentThere, sentBack)
        try await eventually("everything arrives") {
            link.acceptingSeen.seen.received.count >= there.readableBytes && link.connectingSeen.seen.received.count >= back.readableBytes
        }
        await link.close()

        // Compared outside the expectations, which would spend minutes on describing how such long arrays differ.
        let hasArrivedThere = link.acceptingSeen.seen.received == Array(there.readableBytesView)
        let hasArrivedBack = link.connectingSeen.seen.received == Array(back.readableBytesView)
        #expect(hasArrivedThere && hasArrivedBack)
        #expect(link.acceptingSeen.seen.errors.isEmpty && link.connectingSeen.seen.errors.isEmpty)
    }

    @Test("writes of any size, cut in any place, arrive in order")
    func carriesRandomPieces() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("random pieces: seed \(seed)")
        var random = SplitMix64(seed: seed)
        let pair = try EmbeddedPair()
        var expected: [UInt8] = []
        let done = Mutex(0)

        for index in 0..<200 {
            let count = Bool.random(using: &random) ? Int.random(in: 0...200, using: &random) : Int.random(in: 0...40_000, using: &random)
            let piece = pattern(count, salt: index)
            expected += Array(piece.readableBytesView)
            pair.connecting.write(piece).whenSuccess { done.withLock { $0 += 1 } }
            if Int.random(in: 0..<5, using: &random) == 0 {
                pair.connecting.flush()
                try pair.exchange { bytes in
                    var bytes = bytes
                    var pieces: [ByteBuffer] = []
                    while bytes.readableBytes > 0,
                        let cut = bytes.readSlice(length: Int.random(in: 1...bytes.readableBytes, using: &random))
                    {
                        pieces.append(cut)
                    }
                    return pieces
                }
            }
        }
        pair.connecting.flush()
        try pair.exchange()

        let hasArrived = pair.acceptingSeen.seen.received == expected
        #expect(hasArrived)
        #expect(done.withLock { $0 } == 200)
        #expect(pair.acceptingSeen.seen.errors.isEmpty)
    }

    @Test("small writes share a record")
    func coalescesSmallWrites() throws {
        let pair = try EmbeddedPair()
        try pair.exchange()

        for _ in 0..<10 { pair.connecting.write(ByteBuffer(string: "0123456789"), promise: nil) }
        pair.connecting.flush()

        let record = try #require(try pair.connecting.readOutbound(as: ByteBuffer.self))
        #expect(record.readableBytes == 100 + 22)
        #expect(try pair.connecting.readOutbound(as: ByteBuffer.self) == nil)
    }

    @Test("what was written before the handshake follows it")
    func sendsWhatWaited() throws {
        let pair = try EmbeddedPair()

        pair.connecting.writeAndFlush(ByteBuffer(string: "early"), promise: nil)
        try pair.exchange()

        #expect(pair.acceptingSeen.seen.received == Array("early".utf8))
        #expect(pair.acceptingSeen.seen.order == ["handshake", "read"])
    }

    @Test("large writes reach the channel before the flush, so that it can ask the application to pause")
    func showsUnflushedBytesToTheChannel() async throws {
        let pool = try LaboratoryPool()
        let link = try await Loopback.open(accepting: pool.peer(pool.server(1)), connecting: pool.peer(pool.server(2)))
        try await eventually("the handshake ends") { link.connectingSeen.seen.handshake != nil }

        link.connected.write(ByteBuffer(repeating: 1, count: 200_000), promise: nil)
        try await eventually("the channel is not writable") { !link.connected.isWritable }
        link.connected.flush()
        try await eventually("the channel is writable again") { link.connected.isWritable }
        await link.close()

        #expect(link.connectingSeen.seen.errors.isEmpty)
    }

    @Test("a handler that writes from the promise of its own write keeps the order")
    func survivesWritesFromPromises() throws {
        let pair = try EmbeddedPair()
        try pair.exchange()
        let channel = pair.connecting

        channel.write(pattern(150_000, salt: 0)).whenSuccess { channel.writeAndFlush(ByteBuffer(string: "after"), promise: nil) }
        channel.write(ByteBuffer(string: "second"), promise: nil)
        channel.flush()
        try pair.exchange()

        let received = pair.acceptingSeen.seen.received
        #expect(received.count == 150_000 + 5 + 6)
        #expect(Array(received.prefix(150_000)) == Array(pattern(150_000, salt: 0).readableBytesView))
    }

    @Test("a change of key by the peer is answered and nothing is lost")
    func followsChangesOfKey() throws {
        var limits = TLSLimits.patient
        limits.bytesPerKey = 100
        let pair = try EmbeddedPair(limits: limits)

        for _ in 0..<50 {
            pair.connecting.writeAndFlush(ByteBuffer(repeating: 3, count: 90), promise: nil)
            pair.accepting.writeAndFlush(ByteBuffer(repeating: 4, count: 90), promise: nil)
            try pair.exchange()
        }

        #expect(pair.acceptingSeen.seen.received == [UInt8](repeating: 3, count: 4500))
        #expect(pair.connectingSeen.seen.received == [UInt8](repeating: 4, count: 4500))
    }
}
