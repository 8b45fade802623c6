import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import NIOPosix
import OpenSSLTransport
import QueryModel

/// One connection to one server's query port, for one exchange at a time. It closes when it is let go.
final class HTTPConnection: Sendable {
    let address: NetworkAddress
    private let channel: any Channel
    private let handler: NIOLoopBound<ExchangeHandler>

    private init(address: NetworkAddress, channel: any Channel, handler: NIOLoopBound<ExchangeHandler>) {
        self.address = address
        self.channel = channel
        self.handler = handler
    }

    deinit { channel.close(promise: nil) }

    /// Connects and shakes hands.
    ///
    /// - Throws: `.notSent`, or `.cancelled`.
    static func open(
        _ address: NetworkAddress, tls: TLSContext, limits: ClientLimits, group: any EventLoopGroup
    ) async throws(AttemptFailure) -> HTTPConnection {
        var tlsLimits = TLSLimits()
        tlsLimits.handshakeTimeout = limits.connect
        let wanted = tlsLimits
        let bootstrap = ClientBootstrap(group: group)
            .connectTimeout(TimeAmount(limits.connect))
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
        do {
            let opening = try await bootstrap.connect(host: address.host, port: address.port) { channel in
                channel.eventLoop.makeCompletedFuture { try Opening(on: channel, tls: tls, limits: wanted) }
            }
            try await withTaskCancellationHandler {
                try await opening.opened.get()
            } onCancel: {
                opening.channel.close(promise: nil)
            }
            return HTTPConnection(address: address, channel: opening.channel, handler: opening.handler)
        } catch {
            if Task.isCancelled { throw .cancelled }
            throw .notSent(cause: ConnectionFailureText.text(of: error))
        }
    }

    /// Sends a request, and reads the whole answer.
    func exchange(_ head: HTTPRequestHead, body: Data?, limits: ClientLimits) async throws(AttemptFailure) -> (HTTPResponseHead, Data) {
        let timer = schedule(after: limits.attempt)
        defer { timer.cancel() }
        let answer = try await begin(head, body: body)
        return (answer, try await readAll(limit: limits.responseBytes))
    }

    /// Sends a request; the answer's body is then read with `nextPiece`.
    func begin(_ head: HTTPRequestHead, body: Data? = nil) async throws(AttemptFailure) -> HTTPResponseHead {
        let answer = channel.eventLoop.makePromise(of: HTTPResponseHead.self)
        let exchange = Exchange(head: head, body: body.map { ByteBuffer(data: $0) }, answer: answer)
        let handler = handler
        // Handed to the handler itself, not written into the pipeline: a pipeline whose channel has closed meanwhile is empty, and what is
        // written into it is heard by nobody, so that the answer would be waited for without end.
        channel.eventLoop.execute { handler.value.begin(exchange) }
        return try await wait(for: answer.futureResult)
    }

    /// What is left of the answer's body.
    func readAll(limit: Int) async throws(AttemptFailure) -> Data {
        var data = Data()
        while var piece = try await nextPiece() {
            guard data.count + piece.readableBytes <= limit else { throw .tooLarge(limit: limit) }
            data.append(piece.readData(length: piece.readableBytes) ?? Data())
        }
        return data
    }

    /// The next piece of the answer's body; nil after the last.
    ///
    /// - Parameter patience: how long to wait for it; nil for no bound of its own.
    func nextPiece(patience: Duration? = nil) async throws(AttemptFailure) -> ByteBuffer? {
        let timer = patience.map(schedule(after:))
        defer { timer?.cancel() }
        let promise = channel.eventLoop.makePromise(of: ByteBuffer?.self)
        let handler = handler
        channel.eventLoop.execute { handler.value.nextPiece(promise) }
        return try await wait(for: promise.futureResult)
    }

    /// Whether another request may be sent here.
    func isReusable() async -> Bool {
        let handler = handler
        do {
            return try await channel.eventLoop.submit { handler.value.isReusable }.get()
        } catch {
            // The event loop has been shut down.
            return false
        }
    }

    private func schedule(after time: Duration) -> Scheduled<Void> {
        let handler = handler
        return channel.eventLoop.scheduleTask(in: TimeAmount(time)) {
            handler.value.giveUp(.lost(cause: "no whole answer came within \(time)"))
        }
    }

    private func wait<Value: Sendable>(for future: EventLoopFuture<Value>) async throws(AttemptFailure) -> Value {
        let handler = handler
        let eventLoop = channel.eventLoop
        do {
            return try await withTaskCancellationHandler {
                try await future.get()
            } onCancel: {
                eventLoop.execute { handler.value.giveUp(.cancelled) }
            }
        } catch let failure as AttemptFailure {
            throw failure
        } catch {
            throw .lost(cause: ConnectionFailureText.text(of: error))
        }
    }
}

/// A channel whose handshake goes on.
private struct Opening: Sendable {
    let channel: any Channel
    let handler: NIOLoopBound<ExchangeHandler>
    let opened: EventLoopFuture<Void>

    init(on channel: any Channel, tls: TLSContext, limits: TLSLimits) throws {
        let opened = channel.eventLoop.makePromise(of: Void.self)
        let handler = ExchangeHandler(opened: opened)
        do {
            try channel.pipeline.syncOperations.addHandler(tls.makeHandler(.connecting, limits: limits))
            try channel.pipeline.syncOperations.addHTTPClientHandlers(leftOverBytesStrategy: .dropBytes)
            try channel.pipeline.syncOperations.addHandler(handler)
        } catch {
            opened.fail(error)
            throw error
        }
        self.channel = channel
        self.handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
        self.opened = opened.futureResult
    }
}
