import NIOCore
import OpenSSLTransport
import WireFormat

/// Cuts the decrypted bytes of one connection into frames, and hands them to the network.
///
/// A frame is a length of four bytes, most significant first, and as many bytes. A length over the limit ends the connection before
/// anything is buffered for it.
final class PeerConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let id: PeerConnectionID
    private let network: PeerNetwork
    private var buffer = ByteBuffer()
    /// Raised once the other end is known.
    private var frameLimit: Int
    private let limits: PeerLimits
    private var reason: String?
    private var isClosing = false

    init(id: PeerConnectionID, network: PeerNetwork, limits: PeerLimits) {
        self.id = id
        self.network = network
        self.limits = limits
        frameLimit = limits.strangerFrameBytes
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let handshake = event as? TLSHandshakeCompleted else { return context.fireUserInboundEventTriggered(event) }
        let id = id
        let refusal = network.assumeIsolated { $0.handshakeCompleted(id, handshake.peer) }
        if let refusal { refuse(refusal, context) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if buffer.readableBytes == 0 {
            buffer = bytes
        } else {
            buffer.writeBuffer(&bytes)
        }
        while !isClosing, readFrame(context) {}
        // What has been read is given back, so that a long life does not mean a long buffer.
        if buffer.readableBytes == 0 { buffer = ByteBuffer() }
    }

    /// - Returns: whether another frame may stand in the buffer.
    private func readFrame(_ context: ChannelHandlerContext) -> Bool {
        guard let length: UInt32 = buffer.getInteger(at: buffer.readerIndex) else { return false }
        guard length <= frameLimit else {
            refuse(.frameTooLong(Int(length), limit: frameLimit), context)
            return false
        }
        guard buffer.readableBytes >= 4 + Int(length) else { return false }
        buffer.moveReaderIndex(forwardBy: 4)
        guard let bytes = buffer.readBytes(length: Int(length)) else { return false }
        do {
            let frame = try PeerFrameCoding.decode(bytes)
            let id = id
            let refusal = network.assumeIsolated { $0.received(id, frame) }
            if let refusal {
                refuse(refusal, context)
                return false
            }
            frameLimit = limits.frameBytes
            return true
        } catch {
            refuse(.unreadableFrame(error.message), context)
            return false
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if reason == nil { reason = (error as? TLSError)?.message ?? "\(error)" }
        isClosing = true
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        let id = id
        let reason = reason
        network.assumeIsolated { $0.closed(id, reason: reason) }
        context.fireChannelInactive()
    }

    private func refuse(_ refusal: PeerRefusal, _ context: ChannelHandlerContext) {
        reason = refusal.message
        isClosing = true
        context.close(promise: nil)
    }
}
