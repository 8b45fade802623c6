import NIOCore

/// One connection to a served host. Lives on the host's event loop.
final class HostConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let desk: HostDesk
    private let channel: any Channel
    private var lines = LineCutter()
    /// Requests that have not been answered.
    private(set) var outstanding = 0
    var isSubscribed = false
    /// Takes what comes, once the connection is a console's.
    private var raw: ((ByteBuffer) -> Void)?

    init(desk: HostDesk, channel: any Channel) {
        self.desk = desk
        self.channel = channel
    }

    func channelActive(context: ChannelHandlerContext) {
        if !desk.admit(self) { context.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        desk.forget(self)
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if let raw { return raw(unwrapInboundIn(data)) }
        lines.append(unwrapInboundIn(data))
        do throws(DocumentFault) {
            while channel.isActive, let line = try lines.next() { try take(line) }
        } catch {
            // Whoever writes nonsense is not answered: what it meant by its other requests is unknown too.
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func take(_ line: ByteBuffer) throws(DocumentFault) {
        guard let request = HostLine.decode(HostRequest.self, from: line) else { throw DocumentFault("it is no request") }
        guard outstanding < SimulatedHostLimits.outstandingRequests else { throw DocumentFault("too many requests are outstanding") }
        // A client that asks on and on and reads nothing would fill the memory with answers.
        guard channel.isWritable else { throw DocumentFault("the answers are not read") }
        outstanding += 1
        try desk.receive(request, from: self)
    }

    func answer(_ id: UInt64, _ reply: HostReply) {
        outstanding -= 1
        write(HostAnswer(id: id, reply: reply))
    }

    /// Tells that domains may have changed; where earlier words have not been read, they will do.
    func tellChange() {
        if isSubscribed, channel.isWritable { write(HostAnswer(id: nil, reply: .changed)) }
    }

    // MARK: Consoles

    /// Whether there is room for more output.
    var isTaking: Bool { channel.isWritable }

    /// Hands everything that comes from here on to `take`.
    func becomeRaw(_ take: @escaping (ByteBuffer) -> Void) {
        raw = take
        channel.setOption(.writeBufferWaterMark, value: .init(low: 64 * 1_024, high: 128 * 1_024)).whenFailure { _ in }
    }

    func writeRaw(_ bytes: ByteBuffer) { channel.writeAndFlush(bytes, promise: nil) }

    /// Who does not read what a display sends back is not listened to meanwhile.
    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if raw != nil { channel.setOption(.autoRead, value: channel.isWritable).whenFailure { _ in } }
        context.fireChannelWritabilityChanged()
    }

    func close() { channel.close(promise: nil) }

    private func write(_ answer: HostAnswer) {
        channel.writeAndFlush(ByteBuffer(bytes: HostLine.encode(answer)), promise: nil)
    }
}
