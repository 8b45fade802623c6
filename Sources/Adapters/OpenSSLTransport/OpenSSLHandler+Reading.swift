package import NIOCore

extension OpenSSLHandler {
    private static let readBufferMinimum = 2 * 1024
    private static let readBufferMaximum = 256 * 1024

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard state == .handshaking || state == .active else { return }
        guard session.receive(unwrapInboundIn(data)) else {
            fail(.tooMuchBuffered(limit: limits.bufferedBytes), context)
            return
        }
        // A handler above may cause another read from inside this one; the outer loop takes what that brings.
        guard !isReading else { return }
        isReading = true
        defer { isReading = false }
        if state == .handshaking { continueHandshake(context) }
        while state == .active, decryptOnce(context) {}
        // An unfinished record is 16 KiB at most, so that more than a few of them means that OpenSSL has stopped taking bytes.
        if session.unreadCount > limits.bufferedBytes { fail(.tooMuchBuffered(limit: limits.bufferedBytes), context) }
    }

    /// Decrypts up to one buffer and passes it on; false when nothing more lies ready.
    private func decryptOnce(_ context: ChannelHandlerContext) -> Bool {
        let capacity = max(Self.readBufferMinimum, min(Self.readBufferMaximum, session.unreadCount))
        var plaintext = context.channel.allocator.buffer(capacity: capacity)
        var outcome = TLSSession.Outcome.done(0)
        while case .done = outcome, plaintext.writableBytes > 0 {
            plaintext.writeWithUnsafeMutableBytes(minimumWritableBytes: 1) { target in
                outcome = session.decrypt(into: target)
                if case .done(let count) = outcome { return count }
                return 0
            }
        }
        sendControlBytes(context)
        if plaintext.readableBytes > 0 {
            hasDelivered = true
            context.fireChannelRead(wrapInboundOut(plaintext))
        }
        return handle(outcome, context)
    }

    private func handle(_ outcome: TLSSession.Outcome, _ context: ChannelHandlerContext) -> Bool {
        switch outcome {
        case .done:
            return true
        case .needsInput:
            return false
        case .peerFinished:
            if !isInputFinished {
                isInputFinished = true
                if state == .active { context.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
            }
            return false
        case .failed(let queue):
            fail(.connection(queue: queue), context)
            return false
        }
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        // Ciphertext came and no plaintext did: the read that somebody above asked for has not been answered yet.
        let isUnanswered = state == .handshaking || (state == .active && !hasDelivered && !isInputFinished)
        hasDelivered = false
        if isUnanswered || state == .closing { context.read() }
    }

    /// Sends what OpenSSL wants said on its own account: parts of the handshake, answers to a change of key.
    ///
    /// A peer that asks and never reads would make us keep the answers, so they are counted until the channel has sent them.
    func sendControlBytes(_ context: ChannelHandlerContext) {
        guard let bytes = session.takeUnsent(allocator: context.channel.allocator) else { return }
        let count = bytes.readableBytes
        controlBytesInFlight += count
        guard controlBytesInFlight <= limits.bufferedBytes else {
            fail(.tooMuchBuffered(limit: limits.bufferedBytes), context)
            return
        }
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.assumeIsolated().whenComplete { _ in self.controlBytesInFlight -= count }
        context.writeAndFlush(wrapOutboundOut(bytes), promise: sent)
    }
}
