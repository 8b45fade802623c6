package import AgentCore
package import AgentPorts
import Logging
import NIOCore
import NIOPosix
import OpenSSLTransport
import PoolModel
import WireFormat

/// One attempt to move a machine, as both ends name it.
struct TransferAttempt: Hashable {
    let machine: VirtualMachineID
    let epoch: PlacementEpoch
}

/// The transfers of this agent.
struct TransferBoard {
    /// One that this server is to receive, and whose sender has not called.
    struct Awaited {
        let peer: ServerID
        let met: EventLoopPromise<PeerTransferStream>
    }

    /// A call that nobody awaits yet.
    struct Call {
        let attempt: TransferAttempt
        let server: ServerID
        let stream: PeerTransferStream
        /// Refuses it.
        let timer: Scheduled<Void>
    }

    var awaited: [TransferAttempt: Awaited] = [:]
    var calls: [PeerConnectionID: Call] = [:]
    /// Connections that this server has opened, or is opening.
    var sending = 0
}

/// Domains that move between servers. Each has a connection of its own, which the server that sends opens, on an event loop that carries no
/// other agent's messages.
extension PeerNetwork: TransferPort {
    package func openTransfer(_ transfer: DomainTransfer) async throws(TransferFailure) -> any TransferStream {
        guard !isClosing, let peer = peers[transfer.peer] else {
            throw TransferFailure("This agent knows no address of server \(transfer.peer), which is to receive the domain.")
        }
        guard let (host, port) = Self.hostAndPort(peer.address) else {
            throw TransferFailure("The address \(peer.address) of server \(peer.name) is not HOST:PORT.")
        }
        guard board.sending < configuration.limits.transfers else {
            throw TransferFailure("This server sends \(configuration.limits.transfers) domains already.")
        }
        board.sending += 1
        let loop = configuration.consoleLoops.next()
        let opened = loop.makePromise(of: Void.self)
        do {
            let (channel, stream) = try await ClientBootstrap(group: loop)
                .connectTimeout(.nanoseconds(configuration.limits.connecting.wholeNanoseconds))
                .connect(host: host, port: port) { channel in
                    channel.eventLoop.makeCompletedFuture { (channel, try self.prepare(channel, transfer, to: peer, opened)) }
                }
            channel.closeFuture.whenComplete { _ in self.eventLoop.execute { self.assumeIsolated { $0.board.sending -= 1 } } }
            try await awaitAnswer(opened, on: channel, stream, from: peer)
            return stream
        } catch let failure as TransferFailure {
            throw failure
        } catch {
            // It never came to a channel that could say that it is closed.
            board.sending -= 1
            opened.fail(error)
            throw TransferFailure("Server \(peer.name), which is to receive the domain, cannot be reached: \(Self.describe(error)).")
        }
    }

    private func awaitAnswer(
        _ opened: EventLoopPromise<Void>, on channel: any Channel, _ stream: PeerTransferStream, from peer: PeerDescription
    ) async throws(TransferFailure) {
        let limits = configuration.limits
        // The other end gives up first, and says why.
        let patience = TimeAmount.nanoseconds((limits.transferMeeting + limits.introduction).wholeNanoseconds)
        let timer = channel.eventLoop.scheduleTask(in: patience) {
            stream.close(TransferFailure("Server \(peer.name), which is to receive the domain, did not answer in time."))
        }
        defer { timer.cancel() }
        do {
            try await withTaskCancellationHandler {
                try await opened.futureResult.get()
            } onCancel: {
                stream.close(TransferFailure("The transfer was given up before it began."))
            }
        } catch let failure as TransferFailure {
            throw failure
        } catch {
            throw TransferFailure("Server \(peer.name), which is to receive the domain, cannot be reached: \(Self.describe(error)).")
        }
    }

    private nonisolated func prepare(
        _ channel: any Channel, _ transfer: DomainTransfer, to peer: PeerDescription, _ opened: EventLoopPromise<Void>
    ) throws -> PeerTransferStream {
        let (pool, server) = (configuration.pool.description, peer.server.number)
        try Self.setOptions(ofTransfer: channel, configuration.limits)
        var tlsLimits = TLSLimits()
        tlsLimits.handshakeTimeout = configuration.limits.introduction
        let question = PeerTransferHandler.Question(
            call: PeerTransferCall(
                pool: configuration.pool, server: configuration.server, machine: transfer.machine, epoch: transfer.epoch),
            isExpected: { $0?.identity == .server(pool: pool, id: server) }, opened: opened)
        let handler = PeerTransferHandler(asking: question, of: "Server \(peer.name)", limits: configuration.limits)
        try channel.pipeline.syncOperations.addHandlers([
            try configuration.tls.context.makeHandler(.connecting, limits: tlsLimits), handler,
        ])
        return PeerTransferStream(handler, eventLoop: channel.eventLoop)
    }

    // MARK: Receiving

    package func awaitTransfer(_ transfer: DomainTransfer) async throws(TransferFailure) -> any TransferStream {
        let attempt = TransferAttempt(machine: transfer.machine, epoch: transfer.epoch)
        guard !isClosing else { throw TransferFailure("This agent is stopping.") }
        guard board.awaited[attempt] == nil else { throw TransferFailure("This server awaits the same domain already.") }
        let name = peers[transfer.peer].map { "Server \($0.name)" } ?? "Server \(transfer.peer)"
        if let stream = takeCall(for: attempt, from: transfer.peer) { return stream }
        let met = eventLoop.makePromise(of: PeerTransferStream.self)
        board.awaited[attempt] = TransferBoard.Awaited(peer: transfer.peer, met: met)
        let patience = configuration.limits.transferMeeting
        let timer = eventLoop.scheduleTask(in: .nanoseconds(patience.wholeNanoseconds)) {
            met.fail(
                TransferFailure("\(name), which is to send the domain, did not begin to within \(patience.components.seconds) s."))
        }
        defer {
            timer.cancel()
            board.awaited[attempt] = nil
        }
        do {
            return try await withTaskCancellationHandler {
                try await met.futureResult.get()
            } onCancel: {
                met.fail(TransferFailure("The transfer was given up before it began."))
            }
        } catch {
            throw error as? TransferFailure ?? TransferFailure("The transfer was lost: \(Self.describe(error)).")
        }
    }

    /// The call of the right server that waits for this, if one does; others about the same attempt are refused.
    private func takeCall(for attempt: TransferAttempt, from peer: ServerID) -> PeerTransferStream? {
        var found: PeerTransferStream?
        for (id, call) in board.calls.sorted(by: { $0.key < $1.key }) where call.attempt == attempt {
            guard let call = takeCall(id) else { continue }
            if call.server == peer { found = call.stream } else { refuse(id, call.stream, Self.notThePeer) }
        }
        found?.accept()
        return found
    }

    private func takeCall(_ id: PeerConnectionID) -> TransferBoard.Call? {
        guard let call = board.calls.removeValue(forKey: id) else { return nil }
        call.timer.cancel()
        return call
    }

    /// Whether a call is let in: from a member, as the first frame of its connection. What else may be wrong with it is said in words.
    func admit(_ call: PeerTransferCall, on id: PeerConnectionID) -> String? {
        guard let connection = connections[id], connection.refusal == nil, let server = connection.server else { return nil }
        guard connection.route == nil, !connection.isIntroduced, call.server == server, call.pool == configuration.pool,
            let peer = peers[server]
        else {
            end(id, .introducedWrongly)
            return nil
        }
        guard call.wireVersion >= WireVersion.oldestFrames else {
            end(id, .tooOld(call.wireVersion, oldest: WireVersion.oldestFrames))
            return nil
        }
        connections[id]?.isIntroduced = true
        connection.introductionTimer.cancel()
        return "Server \(peer.name)"
    }

    /// Brings an admitted call together with whoever awaits it, now or within the bound.
    func arrived(_ call: PeerTransferCall, on id: PeerConnectionID, _ stream: PeerTransferStream) {
        guard let server = connections[id]?.server else { return }
        let attempt = TransferAttempt(machine: call.machine, epoch: call.epoch)
        let others = connections.values.filter { $0.transfer != nil }
        connections[id]?.transfer = attempt
        guard others.count < configuration.limits.transfers else {
            return refuse(id, stream, "It receives \(configuration.limits.transfers) domains already.")
        }
        guard !others.contains(where: { $0.transfer == attempt && $0.server == server }) else {
            return refuse(id, stream, "It has a connection for this domain already.")
        }
        if let awaited = board.awaited[attempt] {
            guard awaited.peer == server else { return refuse(id, stream, Self.notThePeer) }
            board.awaited[attempt] = nil
            awaited.met.succeed(stream)
            return stream.accept()
        }
        let patience = configuration.limits.transferMeeting
        let timer = eventLoop.scheduleTask(in: .nanoseconds(patience.wholeNanoseconds)) {
            self.assumeIsolated { network in
                guard network.takeCall(id) != nil else { return }
                network.refuse(id, stream, "It was not told to receive this domain within \(patience.components.seconds) s.")
            }
        }
        board.calls[id] = TransferBoard.Call(attempt: attempt, server: server, stream: stream, timer: timer)
    }

    private static let notThePeer = "It is to receive this domain from another server."

    private func refuse(_ id: PeerConnectionID, _ stream: PeerTransferStream, _ cause: String) {
        // Its place is free from here on, not when its connection has gone.
        connections[id]?.transfer = nil
        connections[id]?.isRefusedTransfer = true
        let name = connections[id]?.server.map { "\($0)" } ?? "unknown"
        log.warning("a transfer was refused: \(cause)", metadata: ["server": "\(name)"])
        stream.close(TransferFailure(cause))
    }

    /// The connection is gone, or goes.
    func forgetTransfer(_ id: PeerConnectionID) { _ = takeCall(id) }

    /// Nobody will call any more.
    func endTransfers() {
        for awaited in board.awaited.values { awaited.met.fail(TransferFailure("This agent is stopping.")) }
    }

    /// What nobody takes is given up after as long a time as a transfer may stand still.
    static func setOptions(ofTransfer channel: any Channel, _ limits: PeerLimits) throws {
        var patient = limits
        patient.unacknowledged = limits.transferStandstill
        try channel.syncOptions?.setOption(.writeBufferWaterMark, value: PeerTransferHandler.writeMarks)
        for (option, value) in LostPeerDetection.socketOptions(patient) { try channel.syncOptions?.setOption(option, value: value) }
    }
}
