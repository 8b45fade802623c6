import NIOCore
import NIOEmbedded
import OpenSSLTransport
import Testing

/// A channel that reports a change of its writability from inside each write, as a real one does when a write crosses its water mark.
private final class NervousChannel: ChannelOutboundHandler, Sendable {
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        context.write(data, promise: promise)
        context.fireChannelWritabilityChanged()
    }
}

/// An application that answers its first change of writability by writing yet more.
private final class EagerWriter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let bytes: ByteBuffer
    var isArmed = false

    init(_ bytes: ByteBuffer) { self.bytes = bytes }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard isArmed else { return }
        isArmed = false
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }
}

@Suite("handlers that call back from inside a write")
struct ReentrancyTests {
    @Test("what is written from inside a write follows it and does not split it", arguments: [10, 70_000])
    func keepsOrder(nestedCount: Int) throws {
        let pair = try EmbeddedPair()
        try pair.exchange()
        let writer = EagerWriter(ByteBuffer(repeating: 2, count: nestedCount))
        try pair.connecting.pipeline.syncOperations.addHandler(NervousChannel(), position: .first)
        try pair.connecting.pipeline.syncOperations.addHandler(writer)

        writer.isArmed = true
        pair.connecting.writeAndFlush(ByteBuffer(repeating: 1, count: 300_000), promise: nil)
        try pair.exchange()

        // Compared outside the expectation, which would spend minutes on describing how such long arrays differ.
        let isInOrder =
            pair.acceptingSeen.seen.received == [UInt8](repeating: 1, count: 300_000) + [UInt8](repeating: 2, count: nestedCount)
        #expect(isInOrder)
        #expect(!writer.isArmed)
    }
}
