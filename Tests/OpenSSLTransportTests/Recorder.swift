import NIOCore
import OpenSSLTransport
import Synchronization

/// What the application above TLS has seen.
struct Observations: Sendable {
    var handshake: TLSHandshakeCompleted?
    var errors: [any Error] = []
    var received: [UInt8] = []
    var isInputClosed = false
    var isInactive = false
    /// Everything in the order in which it came, by name.
    var order: [String] = []

    var tlsErrors: [TLSError] { errors.compactMap { $0 as? TLSError } }
}

/// The application above TLS: writes down what it sees.
final class Recorder: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private let state = Mutex(Observations())
    /// Runs after plaintext has arrived, on the event loop.
    private let onRead: (@Sendable (any Channel, ByteBuffer) -> Void)?

    init(onRead: (@Sendable (any Channel, ByteBuffer) -> Void)? = nil) { self.onRead = onRead }

    var seen: Observations { state.withLock { $0 } }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        state.withLock {
            $0.received.append(contentsOf: buffer.readableBytesView)
            $0.order.append("read")
        }
        onRead?(context.channel, buffer)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        state.withLock { seen in
            if let handshake = event as? TLSHandshakeCompleted {
                seen.handshake = handshake
                seen.order.append("handshake")
            } else if case .some(.inputClosed) = event as? ChannelEvent {
                seen.isInputClosed = true
                seen.order.append("inputClosed")
            }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        state.withLock {
            $0.errors.append(error)
            $0.order.append("error")
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        state.withLock {
            $0.isInactive = true
            $0.order.append("inactive")
        }
        context.fireChannelInactive()
    }
}
