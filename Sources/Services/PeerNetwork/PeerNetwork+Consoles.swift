import AgentCore
package import AgentPorts
import ConsoleStreams
import NIOCore
import NIOPosix
import OpenSSLTransport
package import PoolModel
import WireFormat

/// Consoles of machines that run elsewhere. Each has a connection of its own, on an event loop that carries no other agent's messages.
extension PeerNetwork: ConsoleGateway {
    package func open(_ request: ConsoleRequest, on server: ServerID) async throws(ConsoleFailure) -> any ConsoleStream {
        guard !isClosing, let peer = peers[server] else {
            throw .lost(cause: "This agent knows no address of server \(server), which runs the virtual machine.")
        }
        guard let (host, port) = Self.hostAndPort(peer.address) else {
            throw .lost(cause: "The address \(peer.address) of server \(peer.name) is not HOST:PORT.")
        }
        let loop = configuration.consoleLoops.next()
        let opened = loop.makePromise(of: Void.self)
        let call = PeerConsoleCall(pool: configuration.pool, server: configuration.server, request: request)
        do {
            let (channel, stream) = try await ClientBootstrap(group: loop)
                .connectTimeout(.nanoseconds(configuration.limits.connecting.wholeNanoseconds))
                .connect(host: host, port: port) { channel in
                    channel.eventLoop.makeCompletedFuture { (channel, try self.prepare(channel, call, to: peer, opened)) }
                }
            let patience = TimeAmount.nanoseconds(ConsoleLimits.opening.wholeNanoseconds)
            let timer = loop.scheduleTask(in: patience) { channel.close(promise: nil) }
            defer { timer.cancel() }
            try await withTaskCancellationHandler {
                try await opened.futureResult.get()
            } onCancel: {
                channel.close(promise: nil)
            }
            return stream
        } catch let failure as ConsoleFailure {
            throw failure
        } catch {
            // Nobody else will: the channel may never have had a pipeline.
            opened.fail(error)
            throw .lost(cause: "Server \(peer.name), which runs the virtual machine, cannot be reached: \(Self.describe(error)).")
        }
    }

    private nonisolated func prepare(
        _ channel: any Channel, _ call: PeerConsoleCall, to peer: PeerDescription, _ opened: EventLoopPromise<Void>
    ) throws -> ChannelConsoleStream {
        let limits = configuration.limits
        let (pool, server) = (configuration.pool.description, peer.server.number)
        try Self.setOptions(of: channel, limits)
        var tlsLimits = TLSLimits()
        tlsLimits.handshakeTimeout = limits.introduction
        let question = PeerConsoleFraming.Question(
            call: call, isExpected: { $0?.identity == .server(pool: pool, id: server) }, opened: opened)
        let framing = PeerConsoleFraming(asking: question, frameBytes: limits.strangerFrameBytes)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandlers([try configuration.tls.context.makeHandler(.connecting, limits: tlsLimits), framing])
        return try ChannelConsoleStream(
            on: channel, lostCause: "The agent of server \(peer.name), which runs the virtual machine, went away.")
    }

    // MARK: Answering

    /// Whether a call is let in: from a member, as the first frame of its connection.
    func admit(_ call: PeerConsoleCall, on id: PeerConnectionID) -> (any ConsoleCallReceiver)? {
        guard let connection = connections[id], connection.refusal == nil, let server = connection.server else { return nil }
        guard connection.route == nil, !connection.isIntroduced, call.server == server, call.pool == configuration.pool,
            peers[server] != nil, let consoles
        else {
            end(id, .introducedWrongly)
            return nil
        }
        guard call.wireVersion >= WireVersion.oldestFrames else {
            end(id, .tooOld(call.wireVersion, oldest: WireVersion.oldestFrames))
            return nil
        }
        connections[id]?.isIntroduced = true
        connections[id]?.isConsole = true
        connection.introductionTimer.cancel()
        guard connections.values.count(where: \.isConsole) <= configuration.limits.consoles else {
            write(
                .consoleEnd(
                    .tooMany(cause: "The server that runs the virtual machine shows \(configuration.limits.consoles) consoles already.")),
                on: id)
            end(id, .tooManyConsoles)
            return nil
        }
        return consoles
    }

    /// Someone who looks on may take his time, where a message of the pool may not.
    static func setOptions(of channel: any Channel, _ limits: PeerLimits) throws {
        var patient = limits
        patient.unacknowledged = limits.unreadConsole
        try channel.syncOptions?.setOption(.tcpOption(.tcp_nodelay), value: 1)
        for (option, value) in LostPeerDetection.socketOptions(patient) { try channel.syncOptions?.setOption(option, value: value) }
    }
}

/// A console that another member wants, before it is answered.
struct PeerCall: ConsoleCall {
    let request: ConsoleRequest
    let caller: ServerID
    let stream: ChannelConsoleStream
    let eventLoop: any EventLoop
    let sayAccepted: @Sendable () -> Void

    func accept() -> any ConsoleStream {
        eventLoop.execute(sayAccepted)
        return stream
    }

    func refuse(_ failure: ConsoleFailure) { stream.close(failure) }
}
