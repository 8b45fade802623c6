package import AgentPorts
import ConsoleStreams
import FoundationEssentials
import NIOCore
import NIOPosix
package import PoolModel

extension SimulatedHypervisor: ConsolePort {
    package func console(of domain: UInt32, _ kind: ConsoleKind) async throws(ConsoleFailure) -> any ConsoleStream {
        let call: HostCall
        switch kind {
        case .text: call = .attachText(domain: domain)
        case .display: call = .attachDisplay(domain: domain)
        case .log: throw .noConsole(cause: "A log is read by its domain's name.")
        }
        let answered = eventLoop.makePromise(of: String?.self)
        do {
            let (channel, stream) = try await ClientBootstrap(group: eventLoop)
                .connectTimeout(.seconds(2))
                .connect(unixDomainSocketPath: socketPath) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(ConsoleAttachment(call, answered))
                        return (channel, try ChannelConsoleStream(on: channel, lostCause: nil))
                    }
                }
            // A host that stands still answers nobody, and must not hold up an agent that ends.
            let timer = eventLoop.scheduleTask(in: .seconds(5)) { channel.close(promise: nil) }
            defer { timer.cancel() }
            let refusal = try await withTaskCancellationHandler {
                try await answered.futureResult.get()
            } onCancel: {
                channel.close(promise: nil)
            }
            guard let refusal else { return stream }
            throw ConsoleFailure.notRunning(cause: refusal)
        } catch let failure as ConsoleFailure {
            throw failure
        } catch {
            answered.fail(error)
            throw .lost(cause: "The simulated host opens no console: \(error).")
        }
    }

    package func consoleLog(ofDomainNamed name: String) async throws(ConsoleFailure) -> [UInt8] {
        let reply: HostReply
        do {
            reply = try await look(.consoleLog(name: name))
        } catch {
            throw .lost(cause: error.message)
        }
        guard case .consoleLog(let bytes) = reply else { throw .lost(cause: "The simulated host answers another question.") }
        guard let bytes else { throw .noLog(cause: "No domain named \(name) has printed anything on this server.") }
        return Array(bytes.suffix(ConsoleLimits.logBytes))
    }
}

/// Asks a served host to make this connection a console's; from its answer on, bytes pass through.
private final class ConsoleAttachment: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let call: HostCall
    private let answered: EventLoopPromise<String?>
    private var lines = LineCutter()
    private var isAttached = false

    init(_ call: HostCall, _ answered: EventLoopPromise<String?>) {
        self.call = call
        self.answered = answered
    }

    func channelActive(context: ChannelHandlerContext) {
        let line = HostLine.encode(HostRequest(id: 1, call: call))
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: line)), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isAttached { return context.fireChannelRead(data) }
        lines.append(unwrapInboundIn(data))
        do throws(DocumentFault) {
            guard let line = try lines.next() else { return }
            guard case .attached(let refusal)? = HostLine.decode(HostAnswer.self, from: line)?.reply else {
                throw DocumentFault("it is no answer")
            }
            isAttached = true
            answered.succeed(refusal)
            let rest = lines.takeRest()
            if rest.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(rest)) }
        } catch {
            answered.fail(LinkFailure.nonsense)
            context.close(promise: nil)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { answered.fail(LinkFailure.lost) }
}
