import AgentPorts
import ConsoleStreams
import NIOCore
import OpenSSLTransport
import WireFormat

/// Reads the frames of one connection, and hands them to the network. A frame that is too long or cannot be read ends the connection.
final class PeerConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let id: PeerConnectionID
    private let network: PeerNetwork
    private let limits: PeerLimits
    private var cutter = FrameCutter()
    /// Raised once the other end is known.
    private var frameLimit: Int
    private var isClosing = false
    /// Whether the connection carries a console or a domain's memory: handlers of its own, above this one, read it from then on.
    private var isHandedOn = false

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
        case ChannelEvent.inputClosed where !isHandedOn:
            // The other end said farewell: nothing can follow, and nobody reads what we would send.
            isClosing = true
            context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isHandedOn { return context.fireChannelRead(data) }
        cutter.append(unwrapInboundIn(data))
        while !isClosing, !isHandedOn, readFrame(context) {}
        if isHandedOn, let rest = cutter.takeRest() { return context.fireChannelRead(wrapInboundOut(rest)) }
        if isClosing { cutter.clear() } else { cutter.compact() }
    }

    /// - Returns: whether another frame may stand in the buffer.
    private func readFrame(_ context: ChannelHandlerContext) -> Bool {
        switch cutter.next(limit: frameLimit) {
        case .incomplete: return false
        case .tooLong(let length): return refuse(.frameTooLong(length, limit: frameLimit))
        case .frame(let bytes):
            network.counters.received(frameOf: 4 + bytes.count)
            do {
                let frame = try PeerFrameCoding.decode(bytes)
                if case .consoleCall(let call) = frame { return try becomeConsole(call, context) }
                if case .transferCall(let call) = frame { return try becomeTransfer(call, context) }
                isClosing = !tell { [id] in $0.received(id, frame) }
                frameLimit = limits.frameBytes
                return !isClosing
            } catch let error as WireError {
                return refuse(.unreadableFrame(error.message))
            } catch {
                return refuse(.unreadableFrame(PeerNetwork.describe(error)))
            }
        }
    }

    /// From here on the connection carries a console: what follows goes to handlers of its own, above this one.
    private func becomeConsole(_ call: PeerConsoleCall, _ context: ChannelHandlerContext) throws -> Bool {
        guard let receiver = tell({ [id] in $0.admit(call, on: id) }) else {
            isClosing = true
            return false
        }
        let framing = PeerConsoleFraming(asking: nil, frameBytes: limits.strangerFrameBytes)
        let pipeline = context.pipeline.syncOperations
        try PeerNetwork.setOptions(of: context.channel, limits)
        try pipeline.addHandler(framing, position: .after(self))
        let stream = try ChannelConsoleStream(
            on: context.channel, position: .after(framing), lostCause: "The member that carried the console went away.")
        isHandedOn = true
        let accepting = NIOLoopBound((framing, try pipeline.context(handler: framing)), eventLoop: context.eventLoop)
        receiver.received(
            PeerCall(request: call.request, caller: call.server, stream: stream, eventLoop: context.eventLoop) {
                accepting.value.0.accept(accepting.value.1)
            })
        return false
    }

    /// The same for a domain's memory.
    private func becomeTransfer(_ call: PeerTransferCall, _ context: ChannelHandlerContext) throws -> Bool {
        guard let other = tell({ [id] in $0.admit(call, on: id) }) else {
            isClosing = true
            return false
        }
        let handler = PeerTransferHandler(asking: nil, of: other, limits: limits)
        try PeerNetwork.setOptions(ofTransfer: context.channel, limits)
        try context.pipeline.syncOperations.addHandler(handler, position: .after(self))
        isHandedOn = true
        let stream = PeerTransferStream(handler, eventLoop: context.eventLoop)
        tell { [id] in $0.arrived(call, on: id, stream) }
        return false
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if isHandedOn { return context.fireErrorCaught(error) }
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
