import AgentPorts
import NIOCore

/// One end of the way of a domain's memory, on a connection between agents.
final class PeerTransferStream: TransferStream {
    private let eventLoop: any EventLoop
    private let handler: NIOLoopBound<PeerTransferHandler>

    /// To be called on the handler's event loop.
    init(_ handler: PeerTransferHandler, eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        self.handler = NIOLoopBound(handler, eventLoop: eventLoop)
    }

    deinit { close(TransferFailure("The agent at the other end let the transfer go.")) }

    /// Says that the call is answered, and that the other end may send.
    func accept() {
        let handler = handler
        eventLoop.execute { handler.value.accept() }
    }

    func read() async throws(TransferFailure) -> [UInt8]? {
        let promise = eventLoop.makePromise(of: [UInt8]?.self)
        let handler = handler
        eventLoop.execute { handler.value.take(promise) }
        return try await wait(for: promise.futureResult)
    }

    func write(_ bytes: [UInt8]) async throws(TransferFailure) {
        guard !bytes.isEmpty else { return }
        let promise = eventLoop.makePromise(of: Void.self)
        let handler = handler
        eventLoop.execute { handler.value.give(bytes, promise) }
        try await wait(for: promise.futureResult)
    }

    func finish() async throws(TransferFailure) {
        let promise = eventLoop.makePromise(of: Void.self)
        let handler = handler
        eventLoop.execute { handler.value.finish(promise) }
        try await wait(for: promise.futureResult)
    }

    func close(_ failure: TransferFailure?) {
        let handler = handler
        eventLoop.execute { handler.value.close(failure) }
    }

    private func wait<Value: Sendable>(for future: EventLoopFuture<Value>) async throws(TransferFailure) -> Value {
        do {
            return try await withTaskCancellationHandler {
                try await future.get()
            } onCancel: {
                close(TransferFailure("The agent at the other end is stopping."))
            }
        } catch let failure as TransferFailure {
            throw failure
        } catch {
            throw TransferFailure("The transfer was lost: \(PeerNetwork.describe(error)).")
        }
    }
}
