import AgentPorts
package import NIOCore
package import NIOWebSocket

/// Carries a console in the messages of a WebSocket (RFC 6455). Lives on its channel's event loop.
package final class WebSocketFraming: ChannelDuplexHandler {
    package typealias InboundIn = WebSocketFrame
    package typealias InboundOut = ByteBuffer
    package typealias OutboundIn = ByteBuffer
    package typealias OutboundOut = WebSocketFrame

    /// Which end of the connection this is.
    package enum End: Hashable, Sendable {
        case client
        case server
    }

    /// The longest frame that is taken, in bytes.
    package static let frameBytes = 64 * 1_024
    /// How often a server asks whether the client is there.
    private static let pulse = TimeAmount.seconds(20)
    /// How many pulses the other end may be silent for.
    private static let silentPulses = 3
    /// The longest reason of a close frame, in bytes (§5.5).
    private static let reasonBytes = 123

    private let end: End
    private var isWithinMessage = false
    private var hasSaidFarewell = false
    private var isReadAsked = false
    private var silence = 0
    private var timer: RepeatedTask?

    /// Adds the framing to a channel that carries WebSocket frames from now on; to be called on its event loop.
    ///
    /// - Parameter handler: after which the frames arrive.
    /// - Returns: the handler after which the console's bytes arrive.
    package static func install(
        on channel: any Channel, _ end: End, after handler: any ChannelHandler
    ) throws -> WebSocketFraming {
        let decoder = ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: frameBytes))
        let pipeline = channel.pipeline.syncOperations
        let framing = WebSocketFraming(end)
        try pipeline.addHandlers([WebSocketFrameEncoder(), decoder, framing], position: .after(handler))
        return framing
    }

    private init(_ end: End) { self.end = end }

    package func handlerAdded(context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleRepeatedTask(initialDelay: Self.pulse, delay: Self.pulse) { _ in
            bound.value.0.beat(bound.value.1)
        }
    }

    package func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    package func read(context: ChannelHandlerContext) {
        isReadAsked = true
        context.read()
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        isReadAsked = false
        context.fireChannelReadComplete()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasSaidFarewell else { return }
        silence = 0
        let frame = unwrapInboundIn(data)
        guard (frame.maskKey != nil) == (end == .server) else {
            return refuse(.protocolError, "A frame of a client bears a mask, and of a server none.", context)
        }
        guard !frame.rsv1, !frame.rsv2, !frame.rsv3 else { return refuse(.protocolError, "A frame has reserved bits set.", context) }
        switch frame.opcode {
        case .binary, .text, .continuation: takeData(frame, context)
        case .ping:
            // Only as long as the answers are read: RFC 6455 wants the newest ping answered, not each.
            if context.channel.isWritable { send(.pong, frame.unmaskedData, context) }
        case .pong: break
        case .connectionClose: takeFarewell(frame, context)
        default: refuse(.protocolError, "A frame is of a kind that nobody knows.", context)
        }
    }

    private func takeData(_ frame: WebSocketFrame, _ context: ChannelHandlerContext) {
        guard (frame.opcode == .continuation) == isWithinMessage else {
            return refuse(.protocolError, "A message's parts do not follow one another.", context)
        }
        isWithinMessage = !frame.fin
        let bytes = frame.unmaskedData
        if bytes.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(bytes)) }
    }

    private func takeFarewell(_ frame: WebSocketFrame, _ context: ChannelHandlerContext) {
        var data = frame.unmaskedData
        let code = data.readWebSocketErrorCode() ?? .normalClosure
        let reason = data.readString(length: data.readableBytes) ?? ""
        let isUsual = code == .normalClosure || code == .goingAway
        let cause = isUsual ? nil : ConsoleFailure.lost(cause: reason.isEmpty ? "The other end closed the console." : reason)
        context.fireUserInboundEventTriggered(ConsoleEnded(cause))
        sayFarewell(code, "", context)
        context.close(promise: nil)
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? NIOWebSocketError else { return context.fireErrorCaught(error) }
        switch error {
        case .invalidFrameLength: refuse(.messageTooLarge, "A frame has more than \(Self.frameBytes) bytes.", context)
        case .fragmentedControlFrame, .multiByteControlFrameLength:
            refuse(.protocolError, "A control frame is long or in parts.", context)
        }
    }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !hasSaidFarewell else {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        context.write(wrapOutboundOut(frame(.binary, unwrapOutboundIn(data))), promise: promise)
    }

    package func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard let closing = event as? ConsoleClosing else { return context.triggerUserOutboundEvent(event, promise: promise) }
        sayFarewell(Self.code(of: closing.cause), closing.cause?.cause ?? "", context)
        promise?.succeed()
    }

    // MARK: Within

    private func beat(_ context: ChannelHandlerContext) {
        // Whom nobody listens to cannot be heard.
        if isReadAsked { silence += 1 }
        if silence >= Self.silentPulses {
            context.fireUserInboundEventTriggered(ConsoleEnded(.lost(cause: "Nothing was heard from the other end for a minute.")))
            return context.close(promise: nil)
        }
        if end == .server, context.channel.isWritable { send(.ping, ByteBuffer(), context) }
    }

    /// Ends the session for what the other end has done.
    private func refuse(_ code: WebSocketErrorCode, _ reason: String, _ context: ChannelHandlerContext) {
        context.fireUserInboundEventTriggered(ConsoleEnded(.lost(cause: reason)))
        sayFarewell(code, reason, context)
        context.close(promise: nil)
    }

    private func sayFarewell(_ code: WebSocketErrorCode, _ reason: String, _ context: ChannelHandlerContext) {
        guard !hasSaidFarewell else { return }
        hasSaidFarewell = true
        var data = ByteBuffer()
        data.write(webSocketErrorCode: code)
        data.writeString(Self.shortened(reason))
        context.writeAndFlush(wrapOutboundOut(frame(.connectionClose, data)), promise: nil)
    }

    private func send(_ opcode: WebSocketOpcode, _ data: ByteBuffer, _ context: ChannelHandlerContext) {
        guard !hasSaidFarewell else { return }
        context.writeAndFlush(wrapOutboundOut(frame(opcode, data)), promise: nil)
    }

    private func frame(_ opcode: WebSocketOpcode, _ data: ByteBuffer) -> WebSocketFrame {
        WebSocketFrame(fin: true, opcode: opcode, maskKey: end == .client ? .random() : nil, data: data)
    }

    private static func code(of cause: ConsoleFailure?) -> WebSocketErrorCode {
        switch cause {
        case nil: .normalClosure
        case .notAllowed: .policyViolation
        // 1013, try again later, of the registry that RFC 6455 founds.
        case .tooMany: .unknown(1_013)
        case .notRunning, .noConsole, .noLog, .lost: .unexpectedServerError
        }
    }

    private static func shortened(_ reason: String) -> String {
        var text = reason
        while text.utf8.count > reasonBytes { text.removeLast() }
        return text
    }
}
