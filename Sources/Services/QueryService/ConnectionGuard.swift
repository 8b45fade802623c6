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
    /// Whether a part of the next request's head has come.
    private var isWithinHead = false

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
        if !isAnswering, !isWithinHead {
            isWithinHead = true
            expect(within: QueryLimits.headPatience, context)
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
        if let completed = event as? TLSHandshakeCompleted { peer = completed.peer?.identity }
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
            deadline?.cancel()
        case .requestEnded:
            isAnswering = false
            expect(within: QueryLimits.idlePatience, context)
        }
        promise?.succeed(())
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let buffer = unwrapOutboundIn(data)
        // Answers outside a request are the HTTP library's bare refusals of what it could not parse; the client is to get a problem.
        let isBareRefusal = !isAnswering && buffer.readableBytesView.starts(with: Self.bareRefusal)
        context.write(wrapOutboundOut(isBareRefusal ? Self.refusal(context.channel.allocator) : buffer), promise: promise)
    }

    /// A trickle of bytes does not help: what counts is a whole head within the time.
    private func expect(within patience: Duration, _ context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = schedule(patience, context)
    }

    private func schedule(_ patience: Duration, _ context: ChannelHandlerContext) -> Scheduled<Void> {
        context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(patience)) { context.close(promise: nil) }
    }

    private func stopWaiting() {
        deadline?.cancel()
        readingDeadline?.cancel()
    }

    private static let bareRefusal = Array("HTTP/1.1 400 Bad Request\r\n".utf8)

    private static func refusal(_ allocator: ByteBufferAllocator) -> ByteBuffer {
        let refusal = QueryRefusal(
            .badRequest, cause: "The request is no HTTP/1.1, or its head has more than \(QueryLimits.headerBytes) bytes.",
            cure: "Send a correct request with fewer header fields.")
        guard case .bytes(let body) = QueryReply(refusal).content else { return ByteBuffer() }
        var buffer = allocator.buffer(capacity: body.count + 160)
        buffer.writeString("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: \(ProblemDocument.mediaType)\r\n")
        buffer.writeString("Content-Length: \(body.count)\r\n\r\n")
        buffer.writeBytes(body)
        return buffer
    }
}
