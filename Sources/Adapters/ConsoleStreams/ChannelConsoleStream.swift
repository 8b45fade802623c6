package import AgentPorts
package import NIOCore

/// A channel of bytes as a console's stream.
package final class ChannelConsoleStream: ConsoleStream {
    private let eventLoop: any EventLoop
    private let handler: NIOLoopBound<ConsoleStreamHandler>

    /// Takes a channel over; to be called on its event loop. What has not been written when the stream is let go is lost.
    ///
    /// - Parameters:
    ///   - position: where in the pipeline the bytes of the console arrive; handlers above it see nothing of them.
    ///   - lostCause: the sentence for an end that nobody explained; nil where such an end is the usual one.
    package init(
        on channel: any Channel, position: ChannelPipeline.SynchronousOperations.Position = .last, lostCause: String?
    ) throws {
        let handler = ConsoleStreamHandler(lostCause: lostCause)
        try channel.pipeline.syncOperations.addHandler(handler, position: position)
        eventLoop = channel.eventLoop
        self.handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
    }

    deinit { close(nil) }

    package func read() async throws(ConsoleFailure) -> [UInt8]? {
        let promise = eventLoop.makePromise(of: [UInt8]?.self)
        let handler = handler
        eventLoop.execute { handler.value.take(promise) }
        return try await wait(for: promise.futureResult)
    }

    package func write(_ bytes: [UInt8]) async throws(ConsoleFailure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = ByteBuffer(bytes: rest.prefix(ConsoleLimits.pieceBytes))
            rest = rest.dropFirst(ConsoleLimits.pieceBytes)
            let promise = eventLoop.makePromise(of: Void.self)
            let handler = handler
            eventLoop.execute { handler.value.give(piece, promise) }
            try await wait(for: promise.futureResult)
        }
    }

    package func close(_ cause: ConsoleFailure?) {
        let handler = handler
        eventLoop.execute { handler.value.finish(cause) }
    }

    private func wait<Value: Sendable>(for future: EventLoopFuture<Value>) async throws(ConsoleFailure) -> Value {
        let (handler, eventLoop) = (handler, eventLoop)
        do {
            return try await withTaskCancellationHandler {
                try await future.get()
            } onCancel: {
                eventLoop.execute { handler.value.finish(.lost(cause: "Who carried the console has ended.")) }
            }
        } catch let failure as ConsoleFailure {
            throw failure
        } catch {
            throw .lost(cause: "The console was lost: \(error).")
        }
    }
}

/// What a handler below says of the end of a console, sent up the pipeline.
package struct ConsoleEnded: Sendable {
    /// Nil where it ended as consoles do.
    package let cause: ConsoleFailure?

    package init(_ cause: ConsoleFailure?) { self.cause = cause }
}

/// What the stream says of its end, sent down the pipeline before the channel closes: whoever frames the bytes tells the other end.
package struct ConsoleClosing: Sendable {
    package let cause: ConsoleFailure?
}
