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
    private let limits: PeerLimits
    private var buffer = ByteBuffer()
    /// Raised once the other end is known.
    private var frameLimit: Int
    private var isClosing = false

    init(id: PeerConnectionID, network: PeerNetwork, limits: PeerLimits) {
        self.id = id
        self.network = network
        self.limits = limits
        frameLimit = limits.strangerFrameBytes
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let handshake as TLSHandshakeCompleted:
            tell { [id] in $0.handshakeCompleted(id, handshake.peer) }
        case ChannelEvent.inputClosed:
            // The other end said farewell: nothing can follow, and nobody reads what we would send.
            isClosing = true
            context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if buffer.readableBytes == 0 {
            buffer = bytes
        } else {
            buffer.writeBuffer(&bytes)
        }
        while !isClosing, readFrame() {}
        // What has been read is given back, also when a part of the next frame is always there: the buffer would grow for ever.
        if isClosing || buffer.readableBytes == 0 { buffer = ByteBuffer() } else { buffer.discardReadBytes() }
    }

    /// - Returns: whether another frame may stand in the buffer.
    private func readFrame() -> Bool {
        guard let length: UInt32 = buffer.getInteger(at: buffer.readerIndex) else { return false }
        guard length <= frameLimit else { return refuse(.frameTooLong(Int(length), limit: frameLimit)) }
        guard buffer.readableBytes >= 4 + Int(length) else { return false }
        buffer.moveReaderIndex(forwardBy: 4)
        guard let bytes = buffer.readBytes(length: Int(length)) else { return false }
        network.counters.received(frameOf: 4 + bytes.count)
        do {
            let frame = try PeerFrameCoding.decode(bytes)
            isClosing = !tell { [id] in $0.received(id, frame) }
            frameLimit = limits.frameBytes
            return !isClosing
        } catch {
            return refuse(.unreadableFrame(error.message))
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let message = PeerNetwork.describe(error)
        tell { [id] in $0.failed(id, message) }
        isClosing = true
        context.close(promise: nil)
    }

    private func refuse(_ refusal: PeerRefusal) -> Bool {
        isClosing = true
        tell { [id] in $0.end(id, refusal) }
        return false
    }

    /// The handler and the network live on one event loop.
    private func tell<Answer: Sendable>(_ body: (isolated PeerNetwork) -> Answer) -> Answer { network.assumeIsolated(body) }
}
