import NIOCore
import NIOHTTP1
import NIOTLS
import OpenSSLTransport

/// A request to be written, and where its answer's head goes.
struct Exchange: Sendable {
    let head: HTTPRequestHead
    let body: ByteBuffer?
    let answer: EventLoopPromise<HTTPResponseHead>
}

/// The end of a client connection's pipeline: one exchange at a time, the answer's body handed out piece by piece.
///
/// Lives on its channel's event loop.
final class ExchangeHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    /// Bytes of an answer's body that may wait for their reader before the connection is read no further.
    private static let waitingLimit = 1_048_576

    private var opened: EventLoopPromise<Void>?
    private var answer: EventLoopPromise<HTTPResponseHead>?
    private var pieces = CircularBuffer<ByteBuffer>()
    private var waitingBytes = 0
    private var reader: EventLoopPromise<ByteBuffer?>?
    private var isAnswering = false
    private var keepsAlive = true
    private var failure: AttemptFailure?
    private var context: ChannelHandlerContext?

    /// - Parameter opened: succeeds once the TLS handshake is over.
    init(opened: EventLoopPromise<Void>) { self.opened = opened }

    /// Whether another request may be sent on this connection.
    var isReusable: Bool { failure == nil && keepsAlive && !isAnswering && answer == nil && context?.channel.isActive == true }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        end("the connection was closed")
        self.context = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is TLSHandshakeCompleted { opened.take()?.succeed() }
        if case ChannelEvent.inputClosed = event {
            end("the server closed the connection")
            context.close(promise: nil)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(ConnectionFailureText.text(of: error))
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end("the connection was closed")
        context.fireChannelInactive()
    }

    /// Sends a request. Its answer's promise is kept here or failed at once, whatever has become of the channel.
    func begin(_ exchange: Exchange) {
        guard isReusable, let context else {
            let cause: String = if case .lost(let cause) = failure { cause } else { "the connection was not free" }
            exchange.answer.fail(AttemptFailure.notSent(cause: cause))
            return
        }
        answer = exchange.answer
        isAnswering = true
        context.write(wrapOutboundOut(.head(exchange.head)), promise: nil)
        if let body = exchange.body { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            // 100 Continue and its like come before the answer proper.
            guard head.status.code >= 200 else { return }
            keepsAlive = keepsAlive && head.isKeepAlive
            answer.take()?.succeed(head)
        case .body(let piece):
            deliver(piece, context)
        case .end:
            isAnswering = false
            reader.take()?.succeed(nil)
            if !keepsAlive { context.close(promise: nil) }
        }
    }

    /// The next piece of the answer's body; nil after the last.
    func nextPiece(_ promise: EventLoopPromise<ByteBuffer?>) {
        precondition(reader == nil, "an answer's body was read by two")
        if let piece = pieces.popFirst() {
            waitingBytes -= piece.readableBytes
            if waitingBytes <= Self.waitingLimit { setReading(true) }
            promise.succeed(piece)
        } else if !isAnswering {
            promise.succeed(nil)
        } else if let failure {
            promise.fail(failure)
        } else {
            reader = promise
        }
    }

    /// Gives the exchange up and closes the connection.
    func giveUp(_ cause: AttemptFailure) {
        fail(cause)
        context?.close(promise: nil)
    }

    private func deliver(_ piece: ByteBuffer, _ context: ChannelHandlerContext) {
        if let reader = reader.take() { return reader.succeed(piece) }
        pieces.append(piece)
        waitingBytes += piece.readableBytes
        if waitingBytes > Self.waitingLimit { setReading(false) }
    }

    private func setReading(_ isOn: Bool) {
        // A channel that is closing refuses the option; what it still holds is handed out all the same.
        context?.channel.setOption(.autoRead, value: isOn).whenFailure { _ in }
    }

    private func end(_ cause: String) { fail(.lost(cause: cause)) }

    /// Tells whoever waits. The first cause is the true one; later ones only follow from it.
    private func fail(_ cause: AttemptFailure) {
        let first = failure ?? cause
        failure = first
        opened.take()?.fail(first)
        answer.take()?.fail(first)
        reader.take()?.fail(first)
    }
}
