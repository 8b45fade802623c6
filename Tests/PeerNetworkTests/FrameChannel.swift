import NIOCore
import NIOPosix
import OpenSSLTransport
import Synchronization
import WireFormat

/// The far end of a connection with an agent, driven by a test: a stranger, or a member that does not keep the rules.
final class FrameChannel: Sendable {
    private struct Seen {
        var frames: [PeerFrame] = []
        var isShaken = false
        var certificate: SHA256Digest?
        var isClosed = false
    }

    let channel: any Channel
    private let seen: Mutex<Seen>

    var frames: [PeerFrame] { seen.withLock { $0.frames } }
    var isShaken: Bool { seen.withLock { $0.isShaken } }
    /// The digest of the certificate that the agent showed.
    var certificate: SHA256Digest? { seen.withLock { $0.certificate } }
    var isClosed: Bool { seen.withLock { $0.isClosed } }

    init(_ channel: any Channel) {
        self.channel = channel
        seen = Mutex(Seen())
        channel.closeFuture.whenComplete { _ in self.seen.withLock { $0.isClosed = true } }
    }

    /// Connects to an agent; a nil context speaks no TLS.
    static func connect(to agent: TestAgent, _ context: TLSContext?) async throws -> FrameChannel {
        let ends = Mutex<FrameChannel?>(nil)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let end = FrameChannel(channel)
                    ends.withLock { $0 = end }
                    try end.prepare(context?.makeHandler(.connecting))
                }
            }
            .connect(host: "127.0.0.1", port: agent.port).get()
        return ends.withLock { $0 } ?? FrameChannel(channel)
    }

    func prepare(_ tls: OpenSSLHandler?, onFrame: (@Sendable (FrameChannel, PeerFrame) -> Void)? = nil) throws {
        if let tls { try channel.pipeline.syncOperations.addHandler(tls) }
        try channel.pipeline.syncOperations.addHandler(Reader(end: self, onFrame: onFrame))
    }

    /// Sends one frame as it must be.
    func send(_ frame: PeerFrame) throws {
        let bytes = try PeerFrameCoding.encode(frame)
        send(length: UInt32(bytes.count), bytes)
    }

    /// Sends a length and bytes that need not fit it.
    func send(length: UInt32, _ bytes: [UInt8]) {
        var buffer = ByteBuffer(integer: length)
        buffer.writeBytes(bytes)
        channel.writeAndFlush(buffer, promise: nil)
    }

    func send(bytes: [UInt8]) { channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }

    /// Ends the connection without any farewell, as the kernel does for a process that died.
    func cut() async throws {
        try await channel.eventLoop.submit { [channel] in
            try channel.pipeline.syncOperations.context(handlerType: OpenSSLHandler.self).close(promise: nil)
        }.get()
    }

    func close() async { try? await channel.close() }

    private func note(_ frame: PeerFrame) { seen.withLock { $0.frames.append(frame) } }
    private func noteShaken(_ peer: PeerIdentity?) {
        seen.withLock {
            $0.certificate = peer?.certificateFingerprint
            $0.isShaken = true
        }
    }

    private final class Reader: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let end: FrameChannel
        private let onFrame: (@Sendable (FrameChannel, PeerFrame) -> Void)?
        private var buffer = ByteBuffer()

        init(end: FrameChannel, onFrame: (@Sendable (FrameChannel, PeerFrame) -> Void)?) {
            self.end = end
            self.onFrame = onFrame
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if let handshake = event as? TLSHandshakeCompleted { end.noteShaken(handshake.peer) }
            context.fireUserInboundEventTriggered(event)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            buffer.writeImmutableBuffer(unwrapInboundIn(data))
            while let bytes = buffer.readLengthPrefixedSlice(as: UInt32.self) {
                guard let frame = try? PeerFrameCoding.decode(Array(bytes.readableBytesView)) else { continue }
                end.note(frame)
                onFrame?(end, frame)
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
