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
    private var isAnswering = false

    func handlerAdded(context: ChannelHandlerContext) { expectRequest(context) }

    func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        context.fireChannelInactive()
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
            deadline?.cancel()
        case .requestEnded:
            isAnswering = false
            expectRequest(context)
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
    private func expectRequest(_ context: ChannelHandlerContext) {
        deadline?.cancel()
        let patience = TimeAmount.nanoseconds(QueryLimits.headPatience.components.seconds * 1_000_000_000)
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: patience) { context.close(promise: nil) }
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
