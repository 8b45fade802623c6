import NIOCore
import NIOEmbedded
import OpenSSLTransport
import Testing

@Suite("a peer that does not finish its handshake")
struct HostileHandshakeTests {
    @Test("what is not TLS is refused and the connection closed")
    func refusesGarbage() async throws {
        let pool = try LaboratoryPool()
        let link = try await Loopback.open(accepting: pool.queryServer(pool.server(1)), connecting: nil)

        try await link.connected.writeAndFlush(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"))
        try await eventually("both ends close") { link.acceptingSeen.seen.isInactive && link.connectingSeen.seen.isInactive }
        await link.close()

        #expect(link.acceptingSeen.seen.errors.count == 1)
        guard case .handshakeFailed = link.acceptingSeen.seen.tlsErrors.first else {
            Issue.record("accepted: \(link.acceptingSeen.seen.errors)")
            return
        }
    }

    @Test("half a greeting and then silence ends at the time limit")
    func endsSilence() throws {
        var limits = TLSLimits()
        limits.handshakeTimeout = .milliseconds(500)
        let pair = try EmbeddedPair(limits: limits)
        var greeting = try #require(try pair.connecting.readOutbound(as: ByteBuffer.self))
        let slice = greeting.readSlice(length: greeting.readableBytes / 2)
        let half = try #require(slice)

        try pair.accepting.writeInbound(half)
        pair.accepting.embeddedEventLoop.advanceTime(by: .milliseconds(499))
        let errorsBefore = pair.acceptingSeen.seen.errors.count
        pair.accepting.embeddedEventLoop.advanceTime(by: .milliseconds(1))

        #expect(errorsBefore == 0)
        #expect(pair.acceptingSeen.seen.tlsErrors == [.handshakeTimedOut(after: .milliseconds(500))])
        #expect(pair.acceptingSeen.seen.isInactive)
    }

    @Test("a connection closed in the middle of the handshake is reported once")
    func reportsCloseInTheMiddle() throws {
        let pair = try EmbeddedPair()
        let greeting = try #require(try pair.connecting.readOutbound(as: ByteBuffer.self))

        try pair.accepting.writeInbound(greeting)
        pair.accepting.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        pair.accepting.pipeline.fireChannelInactive()

        #expect(pair.acceptingSeen.seen.tlsErrors == [.closedDuringHandshake])
        #expect(pair.acceptingSeen.seen.errors.count == 1)
    }

    @Test("plaintext that waits for the handshake is bounded")
    func boundsPendingPlaintext() throws {
        var limits = TLSLimits()
        limits.pendingBytes = 1000
        let pair = try EmbeddedPair(limits: limits)
        let within = pair.connecting.eventLoop.makePromise(of: Void.self)
        let beyond = pair.connecting.eventLoop.makePromise(of: Void.self)

        pair.connecting.write(ByteBuffer(repeating: 1, count: 1000), promise: within)
        let errorsBefore = pair.connectingSeen.seen.errors.count
        pair.connecting.write(ByteBuffer(repeating: 1, count: 1), promise: beyond)

        #expect(errorsBefore == 0)
        #expect(pair.connectingSeen.seen.tlsErrors == [.tooMuchBuffered(limit: 1000)])
        #expect(throws: TLSError.tooMuchBuffered(limit: 1000)) { try within.futureResult.wait() }
        #expect(throws: TLSError.tooMuchBuffered(limit: 1000)) { try beyond.futureResult.wait() }
    }

    @Test("a stream altered anywhere never crashes, and ends with one error at most on each end")
    func survivesAlteredBytes() throws {
        let pool = try LaboratoryPool()
        let accepting = try pool.peer(pool.server(1))
        let connecting = try pool.peer(pool.server(2))
        let seed = UInt64.random(in: .min ... .max)
        print("altered bytes: seed \(seed)")
        var random = SplitMix64(seed: seed)

        for _ in 0..<150 {
            let pair = try EmbeddedPair(accepting: accepting, connecting: connecting)
            pair.connecting.writeAndFlush(ByteBuffer(repeating: 7, count: 3000), promise: nil)
            var countdown = Int.random(in: 0..<6000, using: &random)
            let change = UInt8.random(in: 1...255, using: &random)
            try pair.exchange { bytes in
                var bytes = bytes
                if countdown >= 0, countdown < bytes.readableBytes {
                    let index = bytes.readerIndex + countdown
                    let old = bytes.getInteger(at: index, as: UInt8.self) ?? 0
                    bytes.setInteger(old ^ change, at: index)
                }
                countdown -= bytes.readableBytes
                return [bytes]
            }
            #expect(pair.acceptingSeen.seen.errors.count <= 1 && pair.connectingSeen.seen.errors.count <= 1)
            let received = pair.acceptingSeen.seen.received
            #expect(received.allSatisfy { $0 == 7 } && received.count <= 3000)
        }
    }
}

/// A small generator of random numbers that repeats a run from its seed.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
