import NIOCore
import NIOEmbedded
import OpenSSLTransport
import Testing

@Suite("the end of a connection")
struct ClosingTests {
    @Test("a close says farewell: the other end sees the end of the input and no error")
    func saysFarewell() async throws {
        let pool = try LaboratoryPool()
        let link = try await Loopback.open(accepting: pool.peer(pool.server(1)), connecting: pool.peer(pool.server(2)))
        try await eventually("the handshake ends") { link.acceptingSeen.seen.handshake != nil }

        try await link.connected.writeAndFlush(ByteBuffer(string: "last words"))
        try await link.connected.close()
        try await eventually("the farewell arrives") { link.acceptingSeen.seen.isInputClosed }
        await link.close()

        #expect(link.acceptingSeen.seen.received == Array("last words".utf8))
        #expect(link.acceptingSeen.seen.errors.isEmpty)
        #expect(link.connectingSeen.seen.errors.isEmpty)
    }

    @Test("an end without a farewell is a truncation")
    func reportsTruncation() throws {
        let pair = try EmbeddedPair()
        pair.connecting.writeAndFlush(ByteBuffer(string: "half a sen"), promise: nil)
        try pair.exchange()

        pair.accepting.pipeline.fireChannelInactive()

        #expect(pair.acceptingSeen.seen.tlsErrors == [.truncated])
        #expect(pair.acceptingSeen.seen.order == ["handshake", "read", "error", "inactive"])
    }

    @Test("an error of the channel itself is not followed by a truncation")
    func reportsOneError() throws {
        let pair = try EmbeddedPair()
        try pair.exchange()

        pair.accepting.pipeline.fireErrorCaught(ChannelError.connectTimeout(.seconds(1)))
        pair.accepting.pipeline.fireChannelInactive()

        #expect(pair.acceptingSeen.seen.order == ["handshake", "error", "inactive"])
        #expect(pair.acceptingSeen.seen.tlsErrors.isEmpty)
    }

    @Test("the end of the TCP stream without a farewell is a truncation, also where half an end is allowed")
    func reportsTruncationOnHalfClosure() throws {
        let pair = try EmbeddedPair()
        try pair.exchange()

        pair.accepting.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)

        #expect(pair.acceptingSeen.seen.tlsErrors == [.truncated])
        #expect(!pair.acceptingSeen.seen.isInputClosed)
        #expect(pair.acceptingSeen.seen.isInactive)
    }

    @Test("after the peer has ended its direction, ours still carries the answer")
    func answersAfterHalfClose() async throws {
        let pool = try LaboratoryPool()
        let link = try await Loopback.open(accepting: pool.queryServer(pool.server(1)), connecting: pool.queryClient(nil))

        try await link.connected.writeAndFlush(ByteBuffer(string: "question"))
        try await link.connected.close(mode: .output)
        try await eventually("the half end arrives") { link.acceptingSeen.seen.isInputClosed }
        try await link.accepted.writeAndFlush(ByteBuffer(string: "answer"))
        try await eventually("the answer arrives") { link.connectingSeen.seen.received == Array("answer".utf8) }
        await #expect(throws: ChannelError.outputClosed) { try await link.connected.writeAndFlush(ByteBuffer(string: "more")) }
        await link.close()

        #expect(link.acceptingSeen.seen.received == Array("question".utf8))
        #expect(link.acceptingSeen.seen.errors.isEmpty && link.connectingSeen.seen.errors.isEmpty)
    }

    @Test("a handler that closes from inside a read stops the reading")
    func survivesCloseInsideRead() throws {
        let closing = Recorder { channel, _ in channel.close(promise: nil) }
        let pair = try EmbeddedPair(acceptingRecorder: closing)
        try pair.exchange()

        pair.connecting.writeAndFlush(ByteBuffer(repeating: 1, count: 1_000_000), promise: nil)
        try pair.exchange()

        #expect(closing.seen.isInactive)
        #expect(closing.seen.errors.isEmpty)
        #expect(closing.seen.order.filter { $0 == "read" }.count == 1)
    }

    @Test("what was not flushed before a close fails, and what comes after it too")
    func failsWritesAroundClose() throws {
        let pair = try EmbeddedPair()
        try pair.exchange()
        let unflushed = pair.connecting.eventLoop.makePromise(of: Void.self)
        let late = pair.connecting.eventLoop.makePromise(of: Void.self)

        pair.connecting.write(ByteBuffer(string: "unflushed"), promise: unflushed)
        pair.connecting.close(promise: nil)
        pair.connecting.write(ByteBuffer(string: "late"), promise: late)

        #expect(throws: ChannelError.self) { try unflushed.futureResult.wait() }
        #expect(throws: ChannelError.self) { try late.futureResult.wait() }
    }

    @Test("a close before the handshake is over closes without an error")
    func closesDuringHandshake() throws {
        let pair = try EmbeddedPair()

        try pair.connecting.close().wait()

        #expect(pair.connectingSeen.seen.errors.isEmpty)
        #expect(pair.connectingSeen.seen.isInactive)
    }

    @Test("a peer that does not read cannot hold a close up for longer than its limit")
    func closesThoughPeerDoesNotRead() async throws {
        let pool = try LaboratoryPool()
        var limits = TLSLimits.patient
        limits.closeTimeout = .milliseconds(50)
        let link = try await Loopback.open(accepting: pool.peer(pool.server(1)), connecting: pool.peer(pool.server(2)), limits: limits)
        try await eventually("the handshake ends") { link.acceptingSeen.seen.handshake != nil }
        try await link.accepted.setOption(.autoRead, value: false).get()

        link.connected.writeAndFlush(ByteBuffer(repeating: 1, count: 50_000_000), promise: nil)
        try await link.connected.close()
        await link.close()

        #expect(link.connectingSeen.seen.isInactive)
    }
}
