import AgentPorts
import NIOCore

/// The end of a console's pipeline. Lives on its channel's event loop.
final class ConsoleStreamHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How long what was written last may take to go, once the stream is closed.
    private static let farewell = TimeAmount.seconds(2)

    private let lostCause: String?
    private var context: ChannelHandlerContext?
    private var pieces = CircularBuffer<ByteBuffer>()
    private var keptBytes = 0
    private var reader: EventLoopPromise<[UInt8]?>?
    private var writers: [EventLoopPromise<Void>] = []
    /// How it ended; nil while it goes on.
    private var end: Result<Void, ConsoleFailure>?
    private var isClosing = false
    private var isReadHeld = false
    private var lastWrite: EventLoopFuture<Void>?

    init(lostCause: String?) { self.lostCause = lostCause }

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        conclude(unexplained)
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let piece = unwrapInboundIn(data)
        guard !isClosing, end == nil, piece.readableBytes > 0 else { return }
        pieces.append(piece)
        keptBytes += piece.readableBytes
        if let waiting = reader.take() { take(waiting) }
    }

    /// A reader that is behind stops the channel: its sender has to wait.
    func read(context: ChannelHandlerContext) {
        if keptBytes >= ConsoleLimits.bufferBytes, !isClosing { isReadHeld = true } else { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { releaseWriters() }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let ended as ConsoleEnded:
            conclude(ended.cause.map { .failure($0) } ?? .success(()))
        case ChannelEvent.inputClosed:
            conclude(unexplained)
            finish(nil)
        case is ChannelShouldQuiesceEvent:
            finish(.lost(cause: "The agent that carried the console is stopping."))
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        conclude(unexplained)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        conclude(unexplained)
        finish(nil)
    }

    // MARK: The stream

    func take(_ promise: EventLoopPromise<[UInt8]?>) {
        precondition(reader == nil, "a console was read by two")
        if var piece = pieces.popFirst() {
            let bytes = piece.readBytes(length: min(piece.readableBytes, ConsoleLimits.pieceBytes)) ?? []
            keptBytes -= bytes.count
            if piece.readableBytes > 0 { pieces.prepend(piece) }
            if isReadHeld, keptBytes < ConsoleLimits.bufferBytes {
                isReadHeld = false
                context?.read()
            }
            return promise.succeed(bytes)
        }
        switch end {
        case nil: reader = promise
        case .success: promise.succeed(nil)
        case .failure(let failure): promise.fail(failure)
        }
    }

    func give(_ piece: ByteBuffer, _ promise: EventLoopPromise<Void>) {
        guard end == nil, !isClosing, let context else {
            return promise.fail(failure ?? .lost(cause: "The console has ended."))
        }
        let written = context.eventLoop.makePromise(of: Void.self)
        lastWrite = written.futureResult
        context.writeAndFlush(wrapOutboundOut(piece), promise: written)
        if context.channel.isWritable { promise.succeed() } else { writers.append(promise) }
    }

    func finish(_ cause: ConsoleFailure?) {
        guard !isClosing else { return }
        isClosing = true
        conclude(cause.map { .failure($0) } ?? .success(()))
        guard let context else { return }
        context.triggerUserOutboundEvent(ConsoleClosing(cause: cause), promise: nil)
        let channel = context.channel
        // Nobody may keep a closed console by not reading what was written to him.
        let timer = context.eventLoop.scheduleTask(in: Self.farewell) { channel.close(promise: nil) }
        channel.closeFuture.whenComplete { _ in timer.cancel() }
        guard let lastWrite else { return channel.close(promise: nil) }
        lastWrite.whenComplete { _ in channel.close(promise: nil) }
    }

    // MARK: Within

    private var unexplained: Result<Void, ConsoleFailure> {
        lostCause.map { .failure(.lost(cause: $0)) } ?? .success(())
    }

    private var failure: ConsoleFailure? {
        if case .failure(let failure) = end { failure } else { nil }
    }

    /// The first end counts. What came before it is still read.
    private func conclude(_ result: Result<Void, ConsoleFailure>) {
        if end == nil { end = result }
        releaseWriters()
        if let waiting = reader.take() { take(waiting) }
        if isClosing {
            pieces.removeAll()
            keptBytes = 0
        }
    }

    private func releaseWriters() {
        let waiting = writers
        writers = []
        for writer in waiting {
            if end == nil { writer.succeed() } else { writer.fail(failure ?? .lost(cause: "The console has ended.")) }
        }
    }
}
