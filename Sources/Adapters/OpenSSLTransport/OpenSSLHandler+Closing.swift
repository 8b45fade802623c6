package import NIOCore

extension OpenSSLHandler {
    package func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        switch mode {
        case .input:
            context.close(mode: .input, promise: promise)
        case .output:
            outputClosePromise.setOrCascade(to: promise)
            if state == .handshaking { isOutputCloseWaiting = true } else { closeOutput(context) }
        case .all:
            closePromise.setOrCascade(to: promise)
            closeAll(context)
        }
    }

    /// Says farewell and ends our direction only; the peer may go on sending.
    func closeOutput(_ context: ChannelHandlerContext) {
        isOutputCloseWaiting = false
        let promise = outputClosePromise
        outputClosePromise = nil
        guard state == .active && !isOutputClosed else {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        sayFarewell(context) { context.close(mode: .output, promise: promise) }
    }

    private func closeAll(_ context: ChannelHandlerContext) {
        switch state {
        case .idle, .handshaking, .closed:
            finishClose(context)
        case .active where isOutputClosed:
            finishClose(context)
        case .active:
            state = .closing
            scheduleClose(context)
            sayFarewell(context) { self.finishClose(context) }
        case .closing:
            // Underway already: the promise is kept, the rest follows by itself.
            break
        }
    }

    /// Sends `close_notify`, so that the peer can tell an end from a cut, and runs `next` when the channel has sent it.
    private func sayFarewell(_ context: ChannelHandlerContext, next: @escaping () -> Void) {
        isOutputClosed = true
        failPending(ChannelError.ioOnClosedChannel)
        session.finish()
        let farewell = session.takeUnsent(allocator: context.channel.allocator) ?? ByteBuffer()
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.assumeIsolated().whenComplete { _ in next() }
        context.writeAndFlush(wrapOutboundOut(farewell), promise: sent)
    }

    /// Closes the channel after a time, in case that the peer neither reads nor closes.
    func scheduleClose(_ context: ChannelHandlerContext) {
        timer?.cancel()
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limits.closeTimeout)) { self.finishClose(context) }
    }

    /// Closes the channel now.
    func finishClose(_ context: ChannelHandlerContext) {
        let promise = closePromise
        closePromise = nil
        timer?.cancel()
        state = .closed
        failPending(ChannelError.ioOnClosedChannel)
        context.close(mode: .all, promise: promise)
    }

    /// Lets go of everything that waits, when the channel is gone.
    func release(failingPendingWith error: any Error) {
        state = .closed
        timer?.cancel()
        timer = nil
        failPending(error)
        closePromise?.succeed(())
        closePromise = nil
        outputClosePromise?.fail(error)
        outputClosePromise = nil
    }
}

extension EventLoopPromise<Void>? {
    /// Makes `other` share this promise's fate, or takes its place where there was none.
    mutating func setOrCascade(to other: EventLoopPromise<Void>?) {
        guard let other else { return }
        if let promise = self { promise.futureResult.cascade(to: other) } else { self = other }
    }
}
