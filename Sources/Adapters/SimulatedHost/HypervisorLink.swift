import FoundationEssentials
import NIOCore
import NIOPosix
import PoolModel

/// Why the host did not answer a request.
enum LinkFailure: Error, Hashable, Sendable {
    /// No connection came about: the host has not seen the request.
    case notSent(reason: String)
    /// The connection broke after the request may have been sent.
    case lost
    /// No answer in time; the request may have been sent.
    case timedOut
    /// The host wrote something that is no answer.
    case nonsense
    /// Whoever asked wants the answer no longer; the request may have been sent.
    case cancelled
}

/// The connection to a served host, with the requests that wait for it and for answers. Lives on one event loop.
final class HypervisorLink {
    private enum State {
        case idle
        case connecting
        case connected(any Channel)
        case closed
    }

    private static let connectPatience = TimeAmount.seconds(2)
    private static let retryDelay = TimeAmount.milliseconds(200)

    private let path: String
    private let eventLoop: any EventLoop
    private var state = State.idle
    private var nextRequest: UInt64 = 1
    private var pending: [UInt64: EventLoopPromise<HostReply>] = [:]
    /// Requests that wait for the connection.
    private var unsent: [HostRequest] = []
    private var watchers: [UInt64: AsyncStream<Void>.Continuation] = [:]

    init(path: String, eventLoop: any EventLoop) {
        self.path = path
        self.eventLoop = eventLoop
    }

    // MARK: Asking

    /// Sends a request as soon as there is a connection. The caller may fail the promise at any time and is then forgotten.
    func ask(_ call: HostCall, _ promise: EventLoopPromise<HostReply>) {
        if case .closed = state { return promise.fail(LinkFailure.notSent(reason: "this program has closed its connection")) }
        guard pending.count < SimulatedHostLimits.outstandingRequests - 1 else {
            return promise.fail(LinkFailure.notSent(reason: "\(pending.count) requests already wait for an answer"))
        }
        let id = nextRequest
        nextRequest += 1
        pending[id] = promise
        let link = NIOLoopBound(self, eventLoop: eventLoop)
        promise.futureResult.whenComplete { _ in link.value.pending[id] = nil }
        let request = HostRequest(id: id, call: call)
        if case .connected(let channel) = state {
            send(request, on: channel)
        } else {
            unsent.append(request)
            connect()
        }
    }

    /// From here on the watcher hears whenever domains may have changed.
    func watch(_ number: UInt64, _ continuation: AsyncStream<Void>.Continuation) {
        if case .closed = state { return continuation.finish() }
        watchers[number] = continuation
        connect()
    }

    func unwatch(_ number: UInt64) { watchers[number] = nil }

    func close() {
        let former = state
        state = .closed
        if case .connected(let channel) = former { channel.close(promise: nil) }
        failPending(with: .lost)
        for watcher in watchers.values { watcher.finish() }
        watchers = [:]
    }

    // MARK: The connection

    private func connect() {
        guard case .idle = state else { return }
        state = .connecting
        guard path.utf8.count <= SimulatedHostLimits.socketPathBytes else {
            return connectFailed(SimulatedHostError.socketPathTooLong(path: path))
        }
        let link = NIOLoopBound(self, eventLoop: eventLoop)
        ClientBootstrap(group: eventLoop)
            .connectTimeout(Self.connectPatience)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(HypervisorReader(link: link.value))
                }
            }
            .connect(unixDomainSocketPath: path)
            .whenComplete { result in
                switch result {
                case .success(let channel): link.value.connected(channel)
                case .failure(let error): link.value.connectFailed(error)
                }
            }
    }

    private func connected(_ channel: any Channel) {
        guard case .connecting = state else { return channel.close(promise: nil) }
        state = .connected(channel)
        let link = NIOLoopBound(self, eventLoop: eventLoop)
        channel.closeFuture.whenComplete { _ in link.value.disconnected() }
        // Its answer is of no interest; what matters is what is told from then on.
        send(HostRequest(id: 0, call: .subscribe), on: channel)
        let waiting = unsent
        unsent = []
        // What was given up meanwhile is not done after all.
        for request in waiting where pending[request.id] != nil { send(request, on: channel) }
        tellWatchers()
    }

    private func connectFailed(_ error: any Error) {
        guard case .connecting = state else { return }
        state = .idle
        unsent = []
        failPending(with: .notSent(reason: Self.text(of: error)))
        retryForWatchers()
    }

    private func disconnected() {
        guard case .connected = state else { return }
        state = .idle
        failPending(with: .lost)
        tellWatchers()
        retryForWatchers()
    }

    private func retryForWatchers() {
        guard !watchers.isEmpty else { return }
        let link = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.scheduleTask(in: Self.retryDelay) {
            if !link.value.watchers.isEmpty { link.value.connect() }
        }
    }

    private func failPending(with failure: LinkFailure) {
        let failed = pending
        pending = [:]
        for promise in failed.values { promise.fail(failure) }
    }

    private func send(_ request: HostRequest, on channel: any Channel) {
        let bytes = HostLine.encode(request)
        guard bytes.count <= SimulatedHostLimits.lineBytes else {
            pending[request.id]?.fail(LinkFailure.notSent(reason: "the request has \(bytes.count) bytes, more than the host takes"))
            return
        }
        channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
    }

    private static func text(of error: any Error) -> String {
        switch error {
        case let error as IOError: SystemText.error(error.errnoCode)
        case let error as SimulatedHostError: error.message
        default: "the connection did not come about"
        }
    }

    // MARK: Answers

    func received(_ answer: HostAnswer) {
        if let id = answer.id {
            // An answer that nobody waits for came too late.
            pending[id]?.succeed(answer.reply)
        } else if case .changed = answer.reply {
            tellWatchers()
        }
    }

    func receivedNonsense() { failPending(with: .nonsense) }

    private func tellWatchers() {
        for watcher in watchers.values { watcher.yield() }
    }
}

/// Reads the host's lines for a link.
final class HypervisorReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let link: HypervisorLink
    private var lines = LineCutter()

    init(link: HypervisorLink) { self.link = link }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lines.append(unwrapInboundIn(data))
        do throws(DocumentFault) {
            while let line = try lines.next() {
                guard let answer = HostLine.decode(HostAnswer.self, from: line) else { throw DocumentFault("it is no answer") }
                link.received(answer)
            }
        } catch {
            link.receivedNonsense()
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
