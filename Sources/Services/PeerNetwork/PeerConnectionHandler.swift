import NIOCore
import OpenSSLTransport
import WireFormat

/// Reads the frames of one connection, and hands them to the network. A frame that is too long or cannot be read ends the connection.
final class PeerConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let id: PeerConnectionID
    private let network: PeerNetwork
    private let limits: PeerLimits
    private var cutter = FrameCutter()
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
        cutter.append(unwrapInboundIn(data))
        while !isClosing, readFrame() {}
        if isClosing { cutter.clear() } else { cutter.compact() }
    }

    /// - Returns: whether another frame may stand in the buffer.
    private func readFrame() -> Bool {
        switch cutter.next(limit: frameLimit) {
        case .incomplete: return false
        case .tooLong(let length): return refuse(.frameTooLong(length, limit: frameLimit))
        case .frame(let bytes):
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
