import AgentCore
import AgentPorts
import ConsoleStreams
import NIOCore
import QueryModel

/// One console that somebody looks at through this server.
package struct ConsoleSession: Sendable {
    let service: QueryService
    let request: QueryRequest
    let opening: WebSocketOpening
    let stream: any ConsoleStream
    let seat: EventStreamSeats.Ticket

    /// Carries the console until one end closes, the caller may look no longer, or the task is cancelled.
    func run(over socket: any ConsoleStream) async {
        guard await service.consoleSeats.take(seat) else {
            stream.close(nil)
            return socket.close(.tooMany(cause: "The console was opened too late."))
        }
        await withDiscardingTaskGroup { group in
            group.addTask { await watch(socket) }
            await ConsoleRelay.run(socket, stream)
            group.cancelAll()
        }
        await service.consoleSeats.leave(seat)
    }

    /// Ends the session once its caller's credential is withdrawn, or the agent is told to stop.
    private func watch(_ socket: any ConsoleStream) async {
        for await _ in service.gateway.appliedIndexes() {
            if let cause = await verdict {
                socket.close(cause)
                return stream.close(cause)
            }
            do {
                // Whatever is written meanwhile counts as one change.
                try await Task.sleep(for: QueryLimits.consoleReview)
            } catch {
                return
            }
        }
    }

    /// Why the session must end; nil where it may go on.
    private var verdict: ConsoleFailure? {
        get async {
            do {
                let isStopping = try await service.look(request, .stale) { _, context throws(QueryRefusal) in context.isStopping }.document
                return isStopping ? .lost(cause: "The agent that carried the console is stopping.") : nil
            } catch {
                // An agent that is ending answers nobody; that says nothing about the caller.
                guard error.problem.kind == .unauthenticated else { return nil }
                return .notAllowed(cause: "The credential that this console was opened with is no longer valid.")
            }
        }
    }
}

/// Makes a WebSocket of a connection that has carried HTTP.
enum WebSocketUpgrade {
    /// Answers the request that is being answered with 101, and carries the console to its end; the connection is closed then.
    static func run(_ session: ConsoleSession, on channel: any Channel) async {
        let socket = channel.eventLoop.submit { () -> ChannelConsoleStream in
            let pipeline = channel.pipeline.syncOperations
            // Below the HTTP library, whose handlers see nothing of what follows.
            let guardian = try pipeline.handler(type: ConnectionGuard.self)
            let framing = try WebSocketFraming.install(on: channel, .server, after: guardian)
            let stream = try ChannelConsoleStream(on: channel, position: .after(framing), lostCause: nil)
            let head = ByteBuffer(string: session.opening.head)
            try pipeline.context(handler: guardian).writeAndFlush(NIOAny(head), promise: nil)
            return stream
        }
        do {
            await session.run(over: try await socket.get())
            try await channel.closeFuture.get()
        } catch {
            // The client has gone before it was answered; what was opened for it closes when it is let go.
            return channel.close(promise: nil)
        }
    }
}
