package import NIOCore

/// TLS for one connection, as a channel handler: ciphertext below, plaintext above.
///
/// Above it see: one ``TLSHandshakeCompleted`` event; `ByteBuffer`s; `ChannelEvent.inputClosed` when the peer has said farewell; at most one
/// ``TLSError``, after which the handler closes the channel by itself. Plaintext written before the handshake is over waits for it.
///
/// Lives on its channel's event loop; make one for each connection with ``TLSContext/makeHandler(_:limits:)``.
package final class OpenSSLHandler: ChannelDuplexHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = ByteBuffer
    package typealias OutboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    enum State {
        /// The channel is not active yet.
        case idle
        case handshaking
        case active
        /// Our last bytes are on their way; nothing is read or written any more.
        case closing
        case closed
    }

    /// Plaintext that was written and not encrypted yet.
    struct PendingWrite {
        var buffer: ByteBuffer
        var promise: EventLoopPromise<Void>?
    }

    let session: TLSSession
    let limits: TLSLimits
    var state = State.idle
    /// Ends the handshake, later the closing, when it takes too long.
    var timer: Scheduled<Void>?
    /// One error is all that the pipeline hears.
    var hasReportedError = false

    var isReading = false
    var hasDelivered = false
    /// The peer said farewell: no truncation can follow.
    var isInputFinished = false
    /// Bytes that we owe the protocol, not the application, and that the channel has not sent yet.
    var controlBytesInFlight = 0

    static let pendingWritesExpected = 16
    var pending = MarkedCircularBuffer<PendingWrite>(initialCapacity: pendingWritesExpected)
    var pendingByteCount = 0
    var isWriting = false
    var isOutputClosed = false
    var bytesUnderKey = 0

    /// Fulfilled when the channel is closed.
    var closePromise: EventLoopPromise<Void>?
    /// The application closed its output before the handshake was over.
    var isOutputCloseWaiting = false
    var outputClosePromise: EventLoopPromise<Void>?

    init(session: TLSSession, limits: TLSLimits) {
        self.session = session
        self.limits = limits
    }

    package func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { beginHandshake(context) }
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        release(failingPendingWith: ChannelError.ioOnClosedChannel)
    }

    package func channelActive(context: ChannelHandlerContext) {
        beginHandshake(context)
        context.fireChannelActive()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        let error = lossOnClose
        release(failingPendingWith: ChannelError.ioOnClosedChannel)
        if let error { report(error, context) }
        context.fireChannelInactive()
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .some(.inputClosed) = event as? ChannelEvent else {
            context.fireUserInboundEventTriggered(event)
            return
        }
        // The end of the TCP stream. The application learnt of the end of the input when the peer said farewell.
        if state == .closing {
            finishClose(context)
        } else if let error = lossOnClose {
            fail(error, context)
        }
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The channel's own error says more than the truncation that would follow from it.
        hasReportedError = true
        context.fireErrorCaught(error)
    }

    /// What is lost if the connection ends now.
    private var lossOnClose: TLSError? {
        switch state {
        case .handshaking: .closedDuringHandshake
        case .active where !isInputFinished: .truncated
        case .idle, .active, .closing, .closed: nil
        }
    }

    /// Tells the application, unless it has been told of an error before.
    private func report(_ error: TLSError, _ context: ChannelHandlerContext) {
        guard !hasReportedError else { return }
        hasReportedError = true
        context.fireErrorCaught(error)
    }

    /// Ends the connection because of `error`. An alert that OpenSSL has prepared is sent first.
    func fail(_ error: TLSError, _ context: ChannelHandlerContext) {
        guard state != .closing && state != .closed else { return }
        state = .closing
        timer?.cancel()
        let alert = session.takeUnsent(allocator: context.channel.allocator)
        if let alert { context.writeAndFlush(wrapOutboundOut(alert), promise: nil) }
        failPending(error)
        report(error, context)
        guard state == .closing else { return }
        guard alert != nil else {
            finishClose(context)
            return
        }
        // Closing at once would reset the connection if the peer has sent more than we read, and the alert would be lost with it.
        // So only our direction ends here; the rest follows when the peer closes, or after a time.
        scheduleClose(context)
        context.close(mode: .output, promise: nil)
    }
}
