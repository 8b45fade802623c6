internal import NIOCore

extension OpenSSLHandler {
    func beginHandshake(_ context: ChannelHandlerContext) {
        guard state == .idle else { return }
        state = .handshaking
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limits.handshakeTimeout)) {
            if self.state == .handshaking { self.fail(.handshakeTimedOut(after: self.limits.handshakeTimeout), context) }
        }
        continueHandshake(context)
        // Without automatic reading nobody else would ask for the peer's part of the handshake.
        if state == .handshaking { context.read() }
    }

    func continueHandshake(_ context: ChannelHandlerContext) {
        switch session.shakeHands() {
        case .done:
            completeHandshake(context)
        case .needsInput:
            sendControlBytes(context)
        case .peerFinished:
            fail(.closedDuringHandshake, context)
        case .failed(let queue):
            fail(.handshake(refusal: session.refusal, queue: queue), context)
        }
    }

    private func completeHandshake(_ context: ChannelHandlerContext) {
        state = .active
        timer?.cancel()
        sendControlBytes(context)
        context.fireUserInboundEventTriggered(TLSHandshakeCompleted(peer: session.peer, version: session.version))
        writePending(context)
        if isOutputCloseWaiting { closeOutput(context) }
    }
}
