import AgentPorts
import NIOCore
import NIOEmbedded
import Testing

@testable import ConsoleStreams

/// A stream's handler on a channel in memory.
private struct Scene {
    let channel = EmbeddedChannel()
    let handler: ConsoleStreamHandler
    let below = Below()

    /// Counts what the channel is asked to read.
    final class Below: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer
        var reads = 0

        func read(context: ChannelHandlerContext) {
            reads += 1
            context.read()
        }
    }

    init(lostCause: String? = "It has gone.") throws {
        handler = ConsoleStreamHandler(lostCause: lostCause)
        try channel.pipeline.syncOperations.addHandlers([below, handler])
        try channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    func receive(_ count: Int, _ byte: UInt8 = 0) throws {
        try channel.writeInbound(ByteBuffer(repeating: byte, count: count))
    }

    /// What is read at once; the outer nil means that nothing has come.
    func take() -> Result<[UInt8]?, any Error>? {
        let promise = channel.embeddedEventLoop.makePromise(of: [UInt8]?.self)
        var result: Result<[UInt8]?, any Error>?
        promise.futureResult.assumeIsolated().whenComplete { result = $0 }
        handler.take(promise)
        return result
    }

    func give(_ bytes: [UInt8]) -> () -> Result<Void, any Error>? {
        let promise = channel.embeddedEventLoop.makePromise(of: Void.self)
        let answer = Answer()
        promise.futureResult.assumeIsolated().whenComplete { answer.result = $0 }
        handler.give(ByteBuffer(bytes: bytes), promise)
        return { answer.result }
    }

    private final class Answer { var result: Result<Void, any Error>? }
}

@Suite("A channel as a console's stream")
struct ConsoleStreamTests {
    @Test("bytes are read in order, in pieces of 16 KiB at most, also after the other end has closed")
    func reads() throws {
        let scene = try Scene(lostCause: nil)

        try scene.receive(20 * 1_024, 1)
        try scene.receive(1, 2)
        scene.channel.pipeline.fireUserInboundEventTriggered(ConsoleEnded(nil))

        #expect(try scene.take()?.get()?.count == 16 * 1_024)
        #expect(try scene.take()?.get()?.count == 4 * 1_024)
        #expect(try scene.take()?.get() == [2])
        let last = try #require(scene.take())
        #expect(try last.get() == nil)
    }

    @Test("a reader who is behind by 256 KiB stops the channel, and what he takes lets it go on")
    func holdsTheSender() throws {
        let scene = try Scene()
        scene.channel.read()
        let before = scene.below.reads

        try scene.receive(ConsoleLimits.bufferBytes)
        scene.channel.read()
        scene.channel.read()
        let whileFull = scene.below.reads
        _ = scene.take()

        #expect(whileFull == before)
        #expect(scene.below.reads == before + 1)
    }

    @Test("a writer waits while the channel is full, and is told when it is closed meanwhile")
    func holdsTheWriter() throws {
        let scene = try Scene()

        let first = scene.give([1])
        scene.channel.isWritable = false
        let second = scene.give([2])
        let whileFull = second() == nil
        scene.channel.isWritable = true
        scene.channel.pipeline.fireChannelWritabilityChanged()
        scene.channel.isWritable = false
        let third = scene.give([3])
        scene.channel.pipeline.fireChannelInactive()

        #expect(first() != nil && whileFull && second() != nil)
        #expect(throws: ConsoleFailure.lost(cause: "It has gone.")) { try third()?.get() }
    }

    @Test("the first end counts: a cause that was told is not replaced by the connection's own end")
    func firstEnd() throws {
        let scene = try Scene()

        scene.channel.pipeline.fireUserInboundEventTriggered(ConsoleEnded(.notRunning(cause: "It was stopped.")))
        scene.channel.pipeline.fireErrorCaught(ChannelError.inputClosed)

        #expect(throws: ConsoleFailure.notRunning(cause: "It was stopped.")) { try scene.take()?.get() }
    }

    @Test("an end that nobody explains is the stream's usual one, or a loss")
    func unexplained() throws {
        let usual = try Scene(lostCause: nil)
        let lost = try Scene()

        usual.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        lost.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)

        let end = try #require(usual.take())
        #expect(try end.get() == nil)
        #expect(throws: ConsoleFailure.lost(cause: "It has gone.")) { try lost.take()?.get() }
        #expect(!usual.channel.isActive && !lost.channel.isActive)
    }
}

/// A stream that a test reads from and writes to.
private actor Pipe: ConsoleStream {
    private let incoming: AsyncStream<[UInt8]>
    nonisolated let feed: AsyncStream<[UInt8]>.Continuation
    private(set) var written: [[UInt8]] = []
    nonisolated let closings: AsyncStream<ConsoleFailure?>
    private nonisolated let closing: AsyncStream<ConsoleFailure?>.Continuation

    init() {
        (incoming, feed) = AsyncStream.makeStream(of: [UInt8].self)
        (closings, closing) = AsyncStream.makeStream(of: ConsoleFailure?.self)
    }

    func read() async throws(ConsoleFailure) -> [UInt8]? {
        for await bytes in incoming {
            if bytes == [0xFF] { throw .lost(cause: "The pipe broke.") }
            return bytes
        }
        return nil
    }

    func write(_ bytes: [UInt8]) async throws(ConsoleFailure) { written.append(bytes) }

    nonisolated func close(_ cause: ConsoleFailure?) {
        closing.yield(cause)
        feed.finish()
    }
}

@Suite("Two streams that are joined", .timeLimit(.minutes(1)))
struct ConsoleRelayTests {
    @Test("bytes go both ways, and the end of one is the end of both")
    func joins() async throws {
        let (left, right) = (Pipe(), Pipe())
        right.feed.yield([2])
        left.feed.yield([1])
        left.feed.finish()

        let cause = await ConsoleRelay.run(left, right)

        #expect(cause == nil)
        #expect(await right.written == [[1]])
        for await told in right.closings {
            #expect(told == nil)
            break
        }
    }

    @Test("why one has ended is told to the other")
    func tellsCause() async throws {
        let (left, right) = (Pipe(), Pipe())
        left.feed.yield([0xFF])

        let cause = await ConsoleRelay.run(left, right)

        #expect(cause == .lost(cause: "The pipe broke."))
        for await told in right.closings {
            #expect(told == cause)
            break
        }
    }
}
