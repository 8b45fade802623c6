package import AgentCore
package import AgentPorts
package import Logging
package import NIOCore
import NIOPosix
import OpenSSLTransport
package import PoolModel
import WireFormat

/// Counts the connections of this process.
struct PeerConnectionID: Hashable, Sendable {
    let number: UInt64
}

/// The network of agents: two connections to each other agent, one for what is small and urgent, one for bulk.
///
/// Each agent sends on the connections that it opened and listens on those that it accepted. All state lives on one event loop; nothing
/// on it waits, and a dead peer costs nothing but its own attempts to connect.
package actor PeerNetwork: PeerPort {
    private let configuration: PeerNetworkConfiguration
    private let eventLoop: any EventLoop
    private let log: Logger
    /// Called on the network's event loop; must not block. Nil until the network listens.
    private var receiver: (any PeerEventReceiver)?

    private var peers: [ServerID: PeerDescription] = [:]
    private var outgoing: [PeerRoute: OutgoingLink] = [:]
    private var connections: [PeerConnectionID: PeerConnection] = [:]
    /// The accepted connection that carried each peer's latest message.
    private var latest: [ServerID: PeerConnectionID] = [:]
    private var nextConnection: UInt64 = 1
    private var listener: (any Channel)?
    private var isClosing = false

    package nonisolated var unownedExecutor: UnownedSerialExecutor { eventLoop.executor.asUnownedSerialExecutor() }

    package init(configuration: PeerNetworkConfiguration, eventLoop: any EventLoop, log: Logger) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.log = log
    }

    // MARK: Listening

    /// Begins to accept connections; what they bring goes to `receiver`.
    ///
    /// - Returns: the port that is listened on.
    /// - Throws: the system's error when the port is taken.
    package func listen(receiver: any PeerEventReceiver) async throws -> Int {
        self.receiver = receiver
        let bootstrap = ServerBootstrap(group: eventLoop)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelInitializer { channel in self.initialize(channel, route: nil) }
        let channel = try await bootstrap.bind(host: configuration.host, port: configuration.port).get()
        listener = channel
        return channel.localAddress?.port ?? configuration.port
    }

    /// Ends all connections and stops listening.
    package func close() async {
        isClosing = true
        for id in outgoing.keys { outgoing[id]?.retry?.cancel() }
        outgoing = [:]
        let channels = connections.values.map(\.channel) + (listener.map { [$0] } ?? [])
        for channel in channels { channel.close(promise: nil) }
        for channel in channels {
            // A channel that is closed already has nothing left to wait for.
            do { try await channel.closeFuture.get() } catch { continue }
        }
    }

    private nonisolated func initialize(_ channel: any Channel, route: PeerRoute?) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            let id = try self.assumeIsolated { try $0.register(channel, route: route) }
            let tls = try self.configuration.tls.context.makeHandler(route == nil ? .accepting : .connecting)
            try channel.pipeline.syncOperations.addHandler(tls)
            try channel.pipeline.syncOperations.addHandler(
                PeerConnectionHandler(id: id, network: self, limits: self.configuration.limits))
        }
    }

    private func register(_ channel: any Channel, route: PeerRoute?) throws(PeerRefusal) -> PeerConnectionID {
        let strangers = connections.values.count { $0.server == nil && $0.route == nil }
        if route == nil, strangers >= configuration.limits.strangers { throw .tooManyStrangers }
        let id = PeerConnectionID(number: nextConnection)
        nextConnection += 1
        connections[id] = PeerConnection(channel: channel, route: route)
        let wait = TimeAmount.nanoseconds(configuration.limits.introduction.wholeNanoseconds)
        eventLoop.scheduleTask(in: wait) { self.assumeIsolated { $0.checkIntroduction(id) } }
        return id
    }

    private func checkIntroduction(_ id: PeerConnectionID) {
        guard let connection = connections[id], !connection.isIntroduced else { return }
        connections[id]?.refusal = PeerRefusal.notIntroducedInTime.message
        connection.channel.close(promise: nil)
    }

    // MARK: What a connection reports

    /// The other end's certificate was verified; is it whom it must be?
    func handshakeCompleted(_ id: PeerConnectionID, _ peer: PeerIdentity?) -> PeerRefusal? {
        guard let connection = connections[id] else { return .introducedWrongly }
        guard case .server(let pool, let number) = peer?.identity, number > 0 else { return .withoutIdentity }
        guard pool == configuration.pool.description else { return .anotherPool }
        let server = ServerID(number)
        if let route = connection.route, route.server != server { return .anotherServer(expected: route.server, found: server) }
        guard peers[server] != nil else { return .notAMember("server \(server)") }
        connections[id]?.server = server
        if let route = connection.route { introduce(id, on: route.channel) }
        return nil
    }

    private func introduce(_ id: PeerConnectionID, on channel: PeerChannel) {
        write(.hello(PeerHello(pool: configuration.pool, server: configuration.server, channel: channel)), on: id)
    }

    func received(_ id: PeerConnectionID, _ frame: PeerFrame) -> PeerRefusal? {
        guard let connection = connections[id], let server = connection.server else { return .introducedWrongly }
        switch frame {
        case .hello(let hello): return introduced(id, connection, hello, as: server)
        case .goodbye:
            connections[id]?.saidGoodbye = true
            return nil
        case .message(let message):
            guard connection.isIntroduced, connection.route == nil else { return .introducedWrongly }
            latest[server] = id
            receiver?.received(message, from: server)
            return nil
        }
    }

    private func introduced(
        _ id: PeerConnectionID, _ connection: PeerConnection, _ hello: PeerHello, as server: ServerID
    ) -> PeerRefusal? {
        guard !connection.isIntroduced, hello.server == server, hello.pool == configuration.pool else { return .introducedWrongly }
        connections[id]?.isIntroduced = true
        if let route = connection.route {
            // Only this answer shows that the other end let us in (TLS 1.3).
            outgoing[route]?.connection = id
            outgoing[route]?.pause = configuration.limits.shortestPause
            receiver?.connected(server)
            return nil
        }
        closeFormer(server, hello.channel, except: id)
        connections[id]?.channelKind = hello.channel
        introduce(id, on: hello.channel)
        // Who reaches us can be reached: the pause before the next attempt ends (hazard L9).
        for channel in PeerChannel.allCases { retryAtOnce(PeerRoute(server: server, channel: channel)) }
        return nil
    }

    /// A newer connection of the same kind takes the place of an older one, whose end may not have been noticed yet.
    private func closeFormer(_ server: ServerID, _ kind: PeerChannel, except id: PeerConnectionID) {
        for (former, connection) in connections where former != id && connection.server == server && connection.channelKind == kind {
            connections[former]?.saidGoodbye = true
            connection.channel.close(promise: nil)
        }
    }

    func closed(_ id: PeerConnectionID, reason: String?) {
        guard let connection = connections.removeValue(forKey: id) else { return }
        let cause = connection.refusal ?? reason
        if let route = connection.route {
            lost(route, id, cause: cause)
        } else {
            if let cause, !isClosing {
                log.warning(
                    "closed a connection of an agent: \(cause)",
                    metadata: [
                        "from": "\(connection.channel.remoteAddress?.description ?? "unknown")",
                        "server": "\(connection.server?.description ?? "unknown")",
                    ])
            }
            guard let server = connection.server, latest[server] == id else { return }
            latest[server] = nil
            if connection.isIntroduced, !connection.saidGoodbye, !isClosing { receiver?.connectionClosed(server) }
        }
    }

    private func lost(_ route: PeerRoute, _ id: PeerConnectionID, cause: String?) {
        guard let link = outgoing[route] else { return }
        if link.connection == id || link.attempt == id {
            let wasUp = link.connection == id
            outgoing[route]?.connection = nil
            outgoing[route]?.attempt = nil
            if wasUp { receiver?.unreachable(route.server) }
            if wasUp || link.lastCause != cause, let cause, !isClosing {
                outgoing[route]?.lastCause = cause
                log.info("no connection to server \(route.server): \(cause)")
            }
            scheduleConnect(route)
        }
    }

    // MARK: Sending

    package nonisolated func send(_ message: PeerMessage, to server: ServerID) {
        onLoop { $0.sendNow(message, to: server) }
    }

    private func sendNow(_ message: PeerMessage, to server: ServerID) {
        let route = PeerRoute(server: server, channel: message.isUrgent ? .urgent : .bulk)
        guard let id = outgoing[route]?.connection, connections[id] != nil else { return }
        let limit = message.isUrgent ? configuration.limits.urgentQueueBytes : configuration.limits.bulkQueueBytes
        guard (connections[id]?.queuedBytes ?? 0) < limit else { return reportUnreachable(server) }
        write(.message(message), on: id)
    }

    private func reportUnreachable(_ server: ServerID) { receiver?.unreachable(server) }

    private func write(_ frame: PeerFrame, on id: PeerConnectionID) {
        guard let channel = connections[id]?.channel else { return }
        let bytes: [UInt8]
        do {
            bytes = try PeerFrameCoding.encode(frame)
        } catch {
            log.error("a frame could not be encoded: \(error.message)")
            return
        }
        guard bytes.count <= configuration.limits.frameBytes else {
            log.error("a frame of \(bytes.count) bytes is over the limit of \(configuration.limits.frameBytes) and was not sent")
            return
        }
        var buffer = channel.allocator.buffer(capacity: bytes.count + 4)
        buffer.writeInteger(UInt32(bytes.count))
        buffer.writeBytes(bytes)
        let count = buffer.readableBytes
        connections[id]?.queuedBytes += count
        channel.writeAndFlush(buffer).whenComplete { _ in
            self.assumeIsolated { $0.connections[id]?.queuedBytes -= count }
        }
    }

    package nonisolated func goodbye() {
        onLoop { network in
            for link in network.outgoing.values {
                if let id = link.connection { network.write(.goodbye, on: id) }
            }
        }
    }

    // MARK: Whom to connect with

    package nonisolated func setPeers(_ peers: [PeerDescription]) {
        onLoop { $0.setPeersNow(peers) }
    }

    private func setPeersNow(_ listed: [PeerDescription]) {
        guard !isClosing else { return }
        let former = peers
        peers = Dictionary(listed.map { ($0.server, $0) }) { first, _ in first }
        for (id, connection) in connections {
            guard let server = connection.server, peers[server] == nil else { continue }
            connections[id]?.refusal = PeerRefusal.notAMember("server \(server)").message
            connection.channel.close(promise: nil)
        }
        for (route, link) in outgoing where peers[route.server] == nil {
            link.retry?.cancel()
            outgoing[route] = nil
        }
        for peer in listed where former[peer.server] != peer {
            for channel in PeerChannel.allCases {
                let route = PeerRoute(server: peer.server, channel: channel)
                if outgoing[route] == nil { outgoing[route] = OutgoingLink(pause: configuration.limits.shortestPause) }
                if outgoing[route]?.connection == nil, outgoing[route]?.attempt == nil { retryAtOnce(route) }
            }
        }
    }

    private func retryAtOnce(_ route: PeerRoute) {
        guard let link = outgoing[route], link.connection == nil, link.attempt == nil else { return }
        link.retry?.cancel()
        outgoing[route]?.retry = nil
        outgoing[route]?.pause = configuration.limits.shortestPause
        connect(route)
    }

    private func scheduleConnect(_ route: PeerRoute) {
        guard let link = outgoing[route], !isClosing else { return }
        link.retry?.cancel()
        outgoing[route]?.pause = min(link.pause * 2, configuration.limits.longestPause)
        outgoing[route]?.retry = eventLoop.scheduleTask(in: .nanoseconds(link.pause.wholeNanoseconds)) {
            self.assumeIsolated { network in
                network.outgoing[route]?.retry = nil
                network.connect(route)
            }
        }
    }

    private func connect(_ route: PeerRoute) {
        guard !isClosing, let peer = peers[route.server], let link = outgoing[route], link.connection == nil, !link.isConnecting else {
            return
        }
        guard let (host, port) = Self.hostAndPort(peer.address) else {
            log.error("server \(route.server) has the address \(peer.address), which is not HOST:PORT")
            return
        }
        outgoing[route]?.isConnecting = true
        ClientBootstrap(group: eventLoop)
            .connectTimeout(.nanoseconds(configuration.limits.connecting.wholeNanoseconds))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelInitializer { channel in self.initialize(channel, route: route) }
            .connect(host: host, port: port)
            .whenComplete { result in self.assumeIsolated { $0.connectEnded(route, result) } }
    }

    private func connectEnded(_ route: PeerRoute, _ result: Result<any Channel, any Error>) {
        outgoing[route]?.isConnecting = false
        switch result {
        case .success(let channel):
            guard outgoing[route] != nil else { return channel.close(promise: nil) }
            let id = connections.first { $0.value.channel === channel }?.key
            if outgoing[route]?.connection == nil { outgoing[route]?.attempt = id }
            // It may have been closed again before this was called.
            if id == nil { scheduleConnect(route) }
        case .failure(let error):
            for (id, connection) in connections where connection.route == route && !connection.channel.isActive { connections[id] = nil }
            if outgoing[route]?.lastCause != "\(error)" {
                outgoing[route]?.lastCause = "\(error)"
                log.info("server \(route.server) cannot be reached: \(error)")
            }
            scheduleConnect(route)
        }
    }

    private static func hostAndPort(_ address: String) -> (String, Int)? {
        guard let colon = address.lastIndex(of: ":"), let port = Int(address[address.index(after: colon)...]) else { return nil }
        var host = address[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty, (1...65_535).contains(port) else { return nil }
        return (String(host), port)
    }

    private nonisolated func onLoop(_ body: @escaping @Sendable (isolated PeerNetwork) -> Void) {
        eventLoop.execute { self.assumeIsolated(body) }
    }
}

/// One of the two ways to a peer.
struct PeerRoute: Hashable, Sendable {
    let server: ServerID
    let channel: PeerChannel
}

/// What this agent opens towards a peer.
private struct OutgoingLink {
    /// The connection that has been let in.
    var connection: PeerConnectionID?
    /// The connection that has not been let in yet.
    var attempt: PeerConnectionID?
    var isConnecting = false
    var pause: Duration
    var retry: Scheduled<Void>?
    /// What was logged last, so that a lasting cause is logged once.
    var lastCause: String?

    init(pause: Duration) { self.pause = pause }
}

/// One connection, opened or accepted.
private struct PeerConnection {
    let channel: any Channel
    /// Where it leads; nil for an accepted one.
    let route: PeerRoute?
    /// Who its certificate says it is, once that is a member.
    var server: ServerID?
    /// What an accepted one carries.
    var channelKind: PeerChannel?
    var isIntroduced = false
    var saidGoodbye = false
    var queuedBytes = 0
    var refusal: String?

    init(channel: any Channel, route: PeerRoute?) {
        self.channel = channel
        self.route = route
    }
}
