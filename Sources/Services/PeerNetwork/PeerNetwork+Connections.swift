import AgentPorts
import Logging
import NIOCore
import OpenSSLTransport
import PoolModel
import WireFormat

/// The life of one connection, whoever opened it.
extension PeerNetwork {
    /// Prepares a new channel; runs on the network's event loop.
    nonisolated func initialize(_ channel: any Channel, route: PeerRoute?) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            let limits = configuration.limits
            let id = try self.assumeIsolated { try $0.register(channel, route: route) }
            do {
                let options = channel.syncOptions
                try options?.setOption(.tcpOption(.tcp_nodelay), value: 1)
                for (option, value) in LostPeerDetection.socketOptions(limits) { try options?.setOption(option, value: value) }
                // One time bounds the handshake and the introduction that ends it.
                var tlsLimits = TLSLimits()
                tlsLimits.handshakeTimeout = limits.introduction
                let tls = try self.configuration.tls.context.makeHandler(route == nil ? .accepting : .connecting, limits: tlsLimits)
                try channel.pipeline.syncOperations.addHandler(tls)
                try channel.pipeline.syncOperations.addHandler(PeerConnectionHandler(id: id, network: self, limits: limits))
            } catch {
                let message = Self.describe(error)
                self.assumeIsolated { $0.failed(id, message) }
                throw error
            }
        }
    }

    private func register(_ channel: any Channel, route: PeerRoute?) throws(PeerRefusal) -> PeerConnectionID {
        guard !isClosing else { throw .closing }
        if route == nil { makeRoomForStranger() }
        let id = PeerConnectionID(number: nextNumber())
        let wait = TimeAmount.nanoseconds(configuration.limits.introduction.wholeNanoseconds)
        let timer = eventLoop.scheduleTask(in: wait) { self.assumeIsolated { $0.end(id, .notIntroducedInTime) } }
        connections[id] = PeerConnection(channel: channel, route: route, introductionTimer: timer)
        // The one event that comes for every channel, also for one whose initializer or connecting fails.
        channel.closeFuture.whenComplete { _ in self.assumeIsolated { $0.closed(id) } }
        return id
    }

    /// The oldest goes and not the newest: a member introduces itself in milliseconds, and must not be kept out by those who never do.
    private func makeRoomForStranger() {
        // One that was ended in this turn of the loop is gone only in the next, and must not be taken for the oldest again.
        let strangers = connections.filter { $0.value.isStranger && $0.value.refusal != .tooManyStrangers }.keys
        guard strangers.count >= configuration.limits.strangers, let oldest = strangers.min() else { return }
        guard let channel = connections[oldest]?.channel else { return }
        connections[oldest]?.refusal = .tooManyStrangers
        do {
            // Below TLS, so that its farewell to one who does not listen holds no place.
            try channel.pipeline.syncOperations.context(handlerType: OpenSSLHandler.self).close(promise: nil)
        } catch {
            channel.close(promise: nil)
        }
    }

    /// The other end's certificate was verified; is it whom it must be?
    func handshakeCompleted(_ id: PeerConnectionID, _ peer: PeerIdentity?) {
        guard let connection = connections[id] else { return }
        guard case .server(let pool, let number) = peer?.identity, number > 0 else { return end(id, .withoutIdentity) }
        guard pool == configuration.pool.description else { return end(id, .anotherPool) }
        let server = ServerID(number)
        if let route = connection.route, route.server != server {
            return end(id, .anotherServer(expected: route.server, found: server))
        }
        guard isAdmitted(server) else { return end(id, .notAMember(server)) }
        connections[id]?.server = server
        if let route = connection.route { introduce(id, on: route.channel) }
    }

    /// Whether a server of this pool may connect: a peer, or one whose number the core has not seen given yet. What an unknown one says is
    /// judged by the core.
    func isAdmitted(_ server: ServerID) -> Bool {
        if peers[server] != nil { return true }
        guard let admittedFrom else { return false }
        return server >= admittedFrom
    }

    private func introduce(_ id: PeerConnectionID, on channel: PeerChannel) {
        write(.hello(PeerHello(pool: configuration.pool, server: configuration.server, channel: channel)), on: id)
        flush(id)
    }

    /// - Returns: whether the connection goes on.
    func received(_ id: PeerConnectionID, _ frame: PeerFrame) -> Bool {
        guard let connection = connections[id], connection.refusal == nil, let server = connection.server else { return false }
        let isListenedTo = connection.isIntroduced && connection.route == nil
        switch frame {
        case .hello(let hello) where isRight(hello, connection):
            guard hello.wireVersion >= WireVersion.oldestFrames else {
                end(id, .tooOld(hello.wireVersion, oldest: WireVersion.oldestFrames))
                return false
            }
            introduced(id, connection, hello.channel, server)
        case .message(let message) where isListenedTo:
            latest[server] = id
            receiver?.received(message, from: server)
        case .goodbye where isListenedTo: connections[id]?.saidGoodbye = true
        case .hello, .message, .goodbye, .consoleCall, .consoleAccepted, .consoleBytes, .consoleEnd, .transferCall, .transferAccepted,
            .transferBytes, .transferEnd:
            end(id, .introducedWrongly)
            return false
        }
        return true
    }

    private func isRight(_ hello: PeerHello, _ connection: PeerConnection) -> Bool {
        guard !connection.isIntroduced, hello.server == connection.server, hello.pool == configuration.pool else { return false }
        guard let route = connection.route else { return true }
        return hello.channel == route.channel
    }

    private func introduced(_ id: PeerConnectionID, _ connection: PeerConnection, _ kind: PeerChannel, _ server: ServerID) {
        connections[id]?.isIntroduced = true
        connection.introductionTimer.cancel()
        // Only the answer to our own HELLO shows that the other end let us in (TLS 1.3).
        if let route = connection.route { return connected(route, id) }
        // A newer connection takes the place of an older one, whose end may not have been noticed yet.
        for (former, other) in connections where former != id && other.server == server && other.channelKind == kind {
            end(former, .replaced)
        }
        connections[id]?.channelKind = kind
        introduce(id, on: kind)
        // Who reaches us can be reached: the pause before the next attempt ends (hazard L9).
        for channel in PeerChannel.allCases { retryAtOnce(PeerRoute(server: server, channel: channel)) }
    }

    /// Something went wrong below, or with what was read.
    func failed(_ id: PeerConnectionID, _ message: String) {
        if connections[id]?.failure == nil { connections[id]?.failure = message }
    }

    /// Ends a connection, after what was written on it has been sent.
    func end(_ id: PeerConnectionID, _ refusal: PeerRefusal) {
        guard let connection = connections[id] else { return }
        if connection.refusal == nil { connections[id]?.refusal = refusal }
        connection.channel.flush()
        connection.channel.close(promise: nil)
    }

    private func closed(_ id: PeerConnectionID) {
        guard let connection = connections.removeValue(forKey: id) else { return }
        connection.introductionTimer.cancel()
        forgetTransfer(id)
        if let route = connection.route { return lost(route, id, cause: connection.cause) }
        if connection.isStranger, !isClosing { counters.refusedStranger() }
        logEnd(of: connection)
        guard let server = connection.server, latest[server] == id else { return }
        latest[server] = nil
        // What we ended ourselves says nothing about the peer's life.
        if connection.refusal == nil, !connection.saidGoodbye { receiver?.connectionClosed(server) }
    }

    private func logEnd(of connection: PeerConnection) {
        guard let cause = connection.cause, !isClosing else { return }
        let (isAdmitted, suppressed) = lines.admit(at: .now())
        guard isAdmitted else { return }
        var metadata: Logger.Metadata = ["from": "\(connection.channel.remoteAddress?.description ?? "unknown")"]
        if let server = connection.server { metadata["server"] = "\(server)" }
        if suppressed > 0 { metadata["unlogged"] = "\(suppressed)" }
        log.log(
            level: connection.isIntroduced && connection.refusal == nil ? .info : .warning, "a connection from outside ended: \(cause)",
            metadata: metadata)
    }
}
