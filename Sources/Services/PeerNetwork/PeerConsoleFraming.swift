import AgentPorts
import ConsoleStreams
import NIOCore
import OpenSSLTransport
import WireFormat

/// Carries a console in the frames of a connection between agents, at either end. Lives on its channel's event loop.
final class PeerConsoleFraming: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What this agent asks the other for.
    struct Question {
        let call: PeerConsoleCall
        /// Whom the other's certificate must name.
        let isExpected: (PeerIdentity?) -> Bool
        let opened: EventLoopPromise<Void>
    }

    /// Nil at the end that answers.
    private var question: Question?
    private let frameBytes: Int
    private var cutter = FrameCutter()
    private var isEnding = false

    init(asking question: Question?, frameBytes: Int) {
        self.question = question
        self.frameBytes = frameBytes
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let question, let handshake = event as? TLSHandshakeCompleted else {
            return context.fireUserInboundEventTriggered(event)
        }
        guard question.isExpected(handshake.peer) else { return fail("Another server answers where it should be", context) }
        send(.consoleCall(question.call), context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        cutter.append(unwrapInboundIn(data))
        while !isEnding, readFrame(context) {}
        if isEnding { cutter.clear() } else { cutter.compact() }
    }

    /// - Returns: whether another frame may stand in the buffer.
    private func readFrame(_ context: ChannelHandlerContext) -> Bool {
        switch cutter.next(limit: frameBytes) {
        case .incomplete: return false
        case .tooLong(let length): fail("The other agent sent a frame of \(length) bytes", context)
        case .frame(let bytes):
            do {
                take(try PeerFrameCoding.decode(bytes), context)
            } catch {
                fail("The other agent sent what is no frame", context)
            }
        }
        return !isEnding
    }

    private func take(_ frame: PeerFrame, _ context: ChannelHandlerContext) {
        switch frame {
        case .consoleAccepted where question != nil:
            question?.opened.succeed()
            question = nil
        case .consoleBytes(let bytes) where question == nil:
            if !bytes.isEmpty { context.fireChannelRead(wrapInboundOut(ByteBuffer(bytes: bytes))) }
        case .consoleEnd(let failure): end(failure, context)
        case .hello, .message, .goodbye, .consoleCall, .consoleAccepted, .consoleBytes, .transferCall, .transferAccepted, .transferBytes,
            .transferEnd:
            fail("The other agent sent something else than a console", context)
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard let buffer = Self.buffer(of: .consoleBytes(Array(unwrapOutboundIn(data).readableBytesView)), context) else {
            promise?.fail(ChannelError.operationUnsupported)
            return
        }
        context.write(wrapOutboundOut(buffer), promise: promise)
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard let closing = event as? ConsoleClosing else { return context.triggerUserOutboundEvent(event, promise: promise) }
        if !isEnding { send(.consoleEnd(closing.cause), context) }
        isEnding = true
        promise?.succeed()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard question != nil else { return context.fireErrorCaught(error) }
        fail("The server that runs the virtual machine cannot be spoken with: \(PeerNetwork.describe(error))", context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        question?.opened.fail(ConsoleFailure.lost(cause: "The other agent closed the connection before it opened the console."))
        question = nil
    }

    /// Says that the console is open.
    func accept(_ context: ChannelHandlerContext) { send(.consoleAccepted, context) }

    private func fail(_ cause: String, _ context: ChannelHandlerContext) { end(.lost(cause: cause + "."), context) }

    private func end(_ cause: ConsoleFailure?, _ context: ChannelHandlerContext) {
        guard !isEnding else { return }
        isEnding = true
        question?.opened.fail(cause ?? ConsoleFailure.lost(cause: "The other agent ended the console before it was open."))
        question = nil
        context.fireUserInboundEventTriggered(ConsoleEnded(cause))
        context.close(promise: nil)
    }

    private func send(_ frame: PeerFrame, _ context: ChannelHandlerContext) {
        guard let buffer = Self.buffer(of: frame, context) else { return }
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }

    private static func buffer(of frame: PeerFrame, _ context: ChannelHandlerContext) -> ByteBuffer? {
        do {
            let bytes = try PeerFrameCoding.encode(frame)
            var buffer = context.channel.allocator.buffer(capacity: bytes.count + 4)
            buffer.writeInteger(UInt32(bytes.count))
            buffer.writeBytes(bytes)
            return buffer
        } catch {
            return nil
        }
    }
}
