import NIOCore
import OpenSSLTransport
import QueryModel

/// Watches one connection between TLS and HTTP: who is at its other end, and how long it may take to ask.
///
/// Lives on its channel's event loop.
final class ConnectionGuard: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What the responder says of its requests, sent down the pipeline as a user event.
    enum Phase: Hashable, Sendable {
        case requestBegan
        case requestEnded
    }

    /// Whose certificate the connection showed; nil for none.
    private(set) var peer: CertificateIdentity?
    private var deadline: Scheduled<Void>?
    private var readingDeadline: Scheduled<Void>?
    private var isAnswering = false
    /// Whether the next request's head is awaited against the clock, and whether a part of it has come.
    private var isWithinHead = false
    private var hasHeadBegun = false
    private var isSecure = false

    /// The first request is awaited like the rest of one that has begun: who connects has something to ask.
    func handlerAdded(context: ChannelHandlerContext) {
        isWithinHead = true
        expect(within: QueryLimits.headPatience, context)
    }

    func handlerRemoved(context: ChannelHandlerContext) { stopWaiting() }

    func channelInactive(context: ChannelHandlerContext) {
        stopWaiting()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if !isAnswering {
            hasHeadBegun = true
            if !isWithinHead {
                isWithinHead = true
                expect(within: QueryLimits.headPatience, context)
            }
        }
        context.fireChannelRead(data)
    }

    /// Answers that nobody reads fill the buffers: they are not kept for ever.
    func channelWritabilityChanged(context: ChannelHandlerContext) {
        readingDeadline?.cancel()
        readingDeadline = context.channel.isWritable ? nil : schedule(QueryLimits.readPatience, context)
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let completed = event as? TLSHandshakeCompleted {
            peer = completed.peer?.identity
            isSecure = true
        }
        context.fireUserInboundEventTriggered(event)
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard let phase = event as? Phase else {
            context.triggerUserOutboundEvent(event, promise: promise)
            return
        }
        switch phase {
        case .requestBegan:
            isAnswering = true
            isWithinHead = false
            hasHeadBegun = false
            deadline?.cancel()
        case .requestEnded:
            isAnswering = false
            expect(within: QueryLimits.idlePatience, context)
        }
        promise?.succeed(())
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let buffer = unwrapOutboundIn(data)
        // The HTTP library refuses what it could not parse with a bare line; the client is to get a problem. Ours has a body always.
        let isBareRefusal =
            buffer.readableBytesView.starts(with: Self.bareRefusal)
            && String(buffer: buffer).lowercased().contains("\r\ncontent-length: 0\r\n")
        context.write(wrapOutboundOut(isBareRefusal ? Self.badHead(context.channel.allocator) : buffer), promise: promise)
    }

    /// A trickle of bytes does not help: what counts is a whole head within the time.
    private func expect(within patience: Duration, _ context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = schedule(patience, context)
    }

    private func schedule(_ patience: Duration, _ context: ChannelHandlerContext) -> Scheduled<Void> {
        context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(patience)) { self.giveUp(context) }
    }

    /// Closes; who has begun to ask is told why. Somebody who has said nothing, or not yet agreed on a key, has nothing to be told.
    private func giveUp(_ context: ChannelHandlerContext) {
        guard isSecure, hasHeadBegun, !isAnswering else { return context.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(Self.slowHead(context.channel.allocator)), promise: nil)
        context.close(promise: nil)
    }

    private func stopWaiting() {
        deadline?.cancel()
        readingDeadline?.cancel()
    }

    private static let bareRefusal = Array("HTTP/1.1 400 Bad Request\r\n".utf8)

    private static func badHead(_ allocator: ByteBufferAllocator) -> ByteBuffer {
        let refusal = QueryRefusal(
            .badRequest, cause: "The request is no HTTP/1.1, or its head has more than \(QueryLimits.headerBytes) bytes.",
            cure: "Send a correct request with fewer header fields.")
        return text(of: refusal, "400 Bad Request", allocator)
    }

    private static func slowHead(_ allocator: ByteBufferAllocator) -> ByteBuffer {
        let refusal = QueryRefusal(
            .tooSlow, cause: "The request's head did not arrive within \(QueryLimits.headPatience).", cure: "Send it again, faster.")
        return text(of: refusal, "408 Request Timeout", allocator)
    }

    private static func text(of refusal: QueryRefusal, _ status: String, _ allocator: ByteBufferAllocator) -> ByteBuffer {
        guard case .bytes(let body) = QueryReply(refusal).content else { return ByteBuffer() }
        var buffer = allocator.buffer(capacity: body.count + 160)
        buffer.writeString("HTTP/1.1 \(status)\r\nConnection: close\r\nContent-Type: \(ProblemDocument.mediaType)\r\n")
        buffer.writeString("Content-Length: \(body.count)\r\n\r\n")
        buffer.writeBytes(body)
        return buffer
    }
}
