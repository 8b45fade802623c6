import AgentPorts
import NIOCore
import OpenSSLTransport
import PoolModel
import WireFormat

/// Carries a domain's memory in the frames of a connection between agents, at either end. Lives on its channel's event loop.
///
/// The end that called sends, the other receives, and no byte goes the other way but the answer to the call and the word of the end.
final class PeerTransferHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What this agent asks the other for.
    struct Question {
        let call: PeerTransferCall
        /// Whom the other's certificate must name.
        let isExpected: (PeerIdentity?) -> Bool
        let opened: EventLoopPromise<Void>
    }

    /// How long what was written last may take to go, once the stream is closed.
    private static let farewell = TimeAmount.seconds(2)
    /// Bytes of a frame beside those of the memory: the field's number and length.
    static let frameOverhead = 16
    /// What a channel holds of what was written: enough that the next pieces are there when these have gone.
    static let writeMarks = ChannelOptions.Types.WriteBufferWaterMark(low: 256 * 1_024, high: 512 * 1_024)

    /// Where the other end is, as the subject of a sentence: `Server xen2`.
    let other: String
    private let limits: PeerLimits
    private let isSender: Bool
    private var question: Question?
    private var context: ChannelHandlerContext?
    private var cutter = FrameCutter()

    private var pieces = CircularBuffer<[UInt8]>()
    private var keptBytes = 0
    private var isReadHeld = false
    private var reader: EventLoopPromise<[UInt8]?>?
    private var writers: [EventLoopPromise<Void>] = []
    private var finisher: EventLoopPromise<Void>?
    /// How it ended: for who receives, well once all has come; for who sends, once the other end has said so. Nil while it goes on.
    private var end: Result<Void, TransferFailure>?
    private var isClosing = false
    private var hasSaidEnd = false
    private var lastWrite: EventLoopFuture<Void>?

    // What tells a transfer that stands still.
    private var timer: RepeatedTask?
    private var lastMove = NIODeadline.now()
    private var hasWritten = false

    /// - Parameter question: nil at the end that answers.
    init(asking question: Question?, of other: String, limits: PeerLimits) {
        self.question = question
        self.other = other
        self.limits = limits
        isSender = question != nil
    }

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let beat = TimeAmount.nanoseconds(limits.transferStandstill.wholeNanoseconds / 6)
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleRepeatedTask(initialDelay: beat, delay: beat) { _ in handler.value.beat() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        conclude(.failure(broken))
        timer?.cancel()
        self.context = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let handshake as TLSHandshakeCompleted:
            guard let question else { return }
            guard question.isExpected(handshake.peer) else { return fail("Another server answers where \(other) should be.") }
            send(.transferCall(question.call))
        case ChannelEvent.inputClosed:
            conclude(.failure(broken))
            shut(nil)
        case is ChannelShouldQuiesceEvent: close(TransferFailure("The agent at the other end is stopping."))
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        conclude(.failure(broken))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        conclude(.failure(TransferFailure("The connection with \(lower(other)) broke: \(PeerNetwork.describe(error)).")))
        shut(nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lastMove = .now()
        cutter.append(unwrapInboundIn(data))
        while !isClosing, readFrame() {}
        if isClosing { cutter.clear() } else { cutter.compact() }
    }

    /// A reader that is behind stops the channel: its sender has to wait.
    func read(context: ChannelHandlerContext) {
        if keptBytes >= TransferLimits.bufferBytes, !isClosing { isReadHeld = true } else { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { releaseWriters() }
        context.fireChannelWritabilityChanged()
    }

    /// - Returns: whether another frame may stand in the buffer.
    private func readFrame() -> Bool {
        switch cutter.next(limit: TransferLimits.pieceBytes + Self.frameOverhead) {
        case .incomplete: return false
        case .tooLong(let length): fail("\(other) sent a frame of \(length) bytes, which no transfer has.")
        case .frame(let bytes):
            do {
                take(try PeerFrameCoding.decode(bytes))
            } catch {
                fail("\(other) sent what is no frame.")
            }
        }
        return !isClosing
    }

    private func take(_ frame: PeerFrame) {
        switch frame {
        case .transferAccepted where question != nil:
            question?.opened.succeed()
            question = nil
        case .transferBytes(let bytes) where !isSender && end == nil:
            guard !bytes.isEmpty else { return }
            pieces.append(bytes)
            keptBytes += bytes.count
            if let waiting = reader.take() { take(waiting) }
        case .transferEnd(nil) where isSender ? finisher != nil : end == nil: conclude(.success(()))
        case .transferEnd(nil): fail("\(other) ended the transfer before all was sent.")
        case .transferEnd(let failure?):
            conclude(.failure(TransferFailure("\(other) ended the transfer: \(failure.cause)")))
            shut(nil)
        case .hello, .message, .goodbye, .consoleCall, .consoleAccepted, .consoleBytes, .consoleEnd, .transferCall, .transferAccepted,
            .transferBytes:
            fail("\(other) sent something else than a domain's memory.")
        }
    }

    // MARK: The stream

    func accept() {
        lastMove = .now()
        if !isClosing { send(.transferAccepted) }
    }

    func take(_ promise: EventLoopPromise<[UInt8]?>) {
        precondition(reader == nil, "a transfer was read by two")
        if let bytes = pieces.popFirst() {
            keptBytes -= bytes.count
            if isReadHeld, keptBytes < TransferLimits.bufferBytes {
                isReadHeld = false
                context?.read()
            }
            return promise.succeed(bytes)
        }
        switch end {
        case nil:
            lastMove = .now()
            reader = promise
        case .success:
            // Who sends may go now: everything was taken.
            sayEnd(nil)
            promise.succeed(nil)
        case .failure(let failure): promise.fail(failure)
        }
    }

    func give(_ bytes: [UInt8], _ promise: EventLoopPromise<Void>) {
        guard isSender, finisher == nil, end == nil, !isClosing, let context else { return promise.fail(failure ?? over) }
        var rest = bytes[...]
        while !rest.isEmpty {
            writeBytes(rest.prefix(TransferLimits.pieceBytes), context)
            rest = rest.dropFirst(TransferLimits.pieceBytes)
        }
        context.flush()
        if context.channel.isWritable {
            promise.succeed()
        } else {
            if writers.isEmpty { lastMove = .now() }
            writers.append(promise)
        }
    }

    func finish(_ promise: EventLoopPromise<Void>) {
        guard isSender, finisher == nil, end == nil, !isClosing else { return promise.fail(failure ?? over) }
        lastMove = .now()
        finisher = promise
        sayEnd(nil)
    }

    func close(_ failure: TransferFailure?) {
        guard !isClosing else { return }
        spoil(failure ?? over)
        shut(failure)
    }

    /// Closes the channel. What has come whole may still be read.
    private func shut(_ failure: TransferFailure?) {
        guard !isClosing else { return }
        isClosing = true
        guard let context else { return }
        sayEnd(failure ?? TransferFailure("The agent at the other end closed the transfer."))
        timer?.cancel()
        let channel = context.channel
        // Nobody may keep a closed connection by not reading what was written to him.
        let timer = context.eventLoop.scheduleTask(in: Self.farewell) { channel.close(promise: nil) }
        channel.closeFuture.whenComplete { _ in timer.cancel() }
        guard let lastWrite else { return channel.close(promise: nil) }
        lastWrite.whenComplete { _ in channel.close(promise: nil) }
    }

    // MARK: Within

    private var over: TransferFailure { TransferFailure("The transfer is over.") }
    private var broken: TransferFailure { TransferFailure("The connection with \(lower(other)) broke.") }

    private var failure: TransferFailure? {
        if case .failure(let failure) = end { failure } else { nil }
    }

    private func lower(_ subject: String) -> String { subject.prefix(1).lowercased() + subject.dropFirst() }

    private func fail(_ cause: String) {
        spoil(TransferFailure(cause))
        shut(TransferFailure(cause))
    }

    /// Ends badly also what had come whole, unless all of it has been taken: of a part nobody must think that it is the whole.
    private func spoil(_ failure: TransferFailure) {
        if case .success = end, !hasSaidEnd { end = .failure(failure) }
        conclude(.failure(failure))
    }

    /// The first end counts. What came before a good one is still read.
    private func conclude(_ result: Result<Void, TransferFailure>) {
        if end == nil { end = result }
        if let failure {
            question?.opened.fail(failure)
            pieces.removeAll()
            keptBytes = 0
        }
        question = nil
        releaseWriters()
        if let waiting = reader.take() { take(waiting) }
        if let waiting = finisher.take() { if let failure { waiting.fail(failure) } else { waiting.succeed() } }
        // Nobody waits for room any more; what comes is thrown away.
        if isReadHeld {
            isReadHeld = false
            context?.read()
        }
    }

    private func releaseWriters() {
        let waiting = writers
        writers = []
        for writer in waiting {
            if end == nil { writer.succeed() } else { writer.fail(failure ?? over) }
        }
    }

    /// Says that who sends is there; ends what stands still.
    private func beat() {
        guard end == nil, let context else { return }
        let isWaiting = reader != nil || !writers.isEmpty || finisher != nil
        if isWaiting, NIODeadline.now() - lastMove >= .nanoseconds(limits.transferStandstill.wholeNanoseconds) {
            let time = limits.transferStandstill.components.seconds
            return fail(
                isSender ? "\(other) has taken nothing for \(time) s." : "\(other) has sent nothing for \(time) s, nor said that it will.")
        }
        if isSender, question == nil, finisher == nil, writers.isEmpty, !hasWritten {
            writeBytes([], context)
            context.flush()
        }
        hasWritten = false
    }

    private func sayEnd(_ failure: TransferFailure?) {
        guard !hasSaidEnd else { return }
        hasSaidEnd = true
        send(.transferEnd(failure))
    }

    private func writeBytes(_ bytes: ArraySlice<UInt8>, _ context: ChannelHandlerContext) {
        hasWritten = true
        write(.transferBytes(Array(bytes)), context)
    }

    private func send(_ frame: PeerFrame) {
        guard let context else { return }
        write(frame, context)
        context.flush()
    }

    private func write(_ frame: PeerFrame, _ context: ChannelHandlerContext) {
        do {
            let bytes = try PeerFrameCoding.encode(frame)
            var buffer = context.channel.allocator.buffer(capacity: bytes.count + 4)
            buffer.writeInteger(UInt32(bytes.count))
            buffer.writeBytes(bytes)
            let written = context.eventLoop.makePromise(of: Void.self)
            lastWrite = written.futureResult
            let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
            written.futureResult.whenSuccess { handler.value.lastMove = .now() }
            context.write(wrapOutboundOut(buffer), promise: written)
        } catch {
            // Ours are encodable; a test of WireFormat's says so.
            conclude(.failure(TransferFailure("A frame could not be encoded: \(error.message)")))
        }
    }
}
