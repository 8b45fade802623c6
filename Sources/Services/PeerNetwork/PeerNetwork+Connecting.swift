import AgentCore
import AgentPorts
import Logging
import NIOCore
import NIOPosix
import OpenSSLTransport
import PoolModel
import WireFormat

/// The connections that this agent opens.
extension PeerNetwork {
    func setPeersNow(_ listed: [PeerDescription], admittingFrom first: ServerID) {
        guard !isClosing else { return }
        admittedFrom = first
        let former = peers
        let others = listed.filter { $0.server != configuration.server }
        peers = Dictionary(others.map { ($0.server, $0) }) { first, _ in first }
        for (route, link) in outgoing where peers[route.server] == nil {
            link.cancelRetry()
            outgoing[route] = nil
        }
        for (id, connection) in connections {
            guard let server = connection.server ?? connection.route?.server else { continue }
            guard connection.route == nil ? !isAdmitted(server) : peers[server] == nil else { continue }
            latest[server] = nil
            end(id, .notAMember(server))
        }
        for peer in others where former[peer.server] != peer {
            for channel in PeerChannel.allCases {
                let route = PeerRoute(server: peer.server, channel: channel)
                if outgoing[route] == nil { outgoing[route] = OutgoingLink(pause: configuration.limits.shortestPause) }
                retryAtOnce(route)
            }
        }
    }

    /// Ends the pause before the next attempt.
    func retryAtOnce(_ route: PeerRoute) {
        guard let link = outgoing[route] else { return }
        switch link.state {
        case .connecting, .introducing:
            // Should this attempt fail, the next one follows soon.
            outgoing[route]?.pause = configuration.limits.shortestPause
        case .idle, .waiting:
            link.cancelRetry()
            outgoing[route]?.pause = configuration.limits.shortestPause
            connect(route)
        case .connected: break
        }
    }

    private func connect(_ route: PeerRoute) {
        guard !isClosing, outgoing[route] != nil, let peer = peers[route.server] else { return }
        guard let (host, port) = Self.hostAndPort(peer.address) else {
            outgoing[route]?.state = .idle
            return logOnce(route, "its address \(peer.address) is not HOST:PORT")
        }
        let attempt = nextNumber()
        outgoing[route]?.state = .connecting(attempt: attempt)
        ClientBootstrap(group: eventLoop)
            .connectTimeout(.nanoseconds(configuration.limits.connecting.wholeNanoseconds))
            .channelInitializer { channel in self.initialize(channel, route: route) }
            .connect(host: host, port: port)
            .whenComplete { result in self.assumeIsolated { $0.connectEnded(route, attempt, result) } }
    }

    private func connectEnded(_ route: PeerRoute, _ attempt: UInt64, _ result: Result<any Channel, any Error>) {
        guard case .connecting(attempt) = outgoing[route]?.state else {
            // The peer was removed meanwhile, perhaps added anew: this attempt belongs to nobody.
            if case .success(let channel) = result { channel.close(promise: nil) }
            return
        }
        switch result {
        case .success(let channel):
            // It may have been closed again before this was called.
            guard let id = connections.first(where: { $0.value.channel === channel })?.key else {
                return attemptFailed(route, "it closed the connection at once")
            }
            outgoing[route]?.state = .introducing(id)
        case .failure(let error): attemptFailed(route, Self.describe(error))
        }
    }

    /// The other end let us in.
    func connected(_ route: PeerRoute, _ id: PeerConnectionID) {
        guard let link = outgoing[route], link.holds(id) else { return end(id, .replaced) }
        outgoing[route]?.state = .connected(id, since: .now())
        outgoing[route]?.lastCause = nil
        outgoing[route]?.hasDropped = false
        receiver?.connected(route.server)
    }

    /// A connection that we opened is closed.
    func lost(_ route: PeerRoute, _ id: PeerConnectionID, cause: String?) {
        guard let link = outgoing[route], link.holds(id) else { return }
        guard case .connected(_, let since) = link.state else {
            return attemptFailed(route, cause ?? "it closed the connection before it let us in")
        }
        // A connection that did not last says little: two agents with one certificate would otherwise oust each other in a tight loop.
        let lastingTime = TimeAmount.nanoseconds(configuration.limits.longestPause.wholeNanoseconds)
        if NIODeadline.now() - since >= lastingTime { outgoing[route]?.pause = configuration.limits.shortestPause }
        outgoing[route]?.isFull = false
        outgoing[route]?.hasDropped = false
        logOnce(route, cause ?? "it closed the connection")
        scheduleConnect(route)
        receiver?.unreachable(route.server)
    }

    private func attemptFailed(_ route: PeerRoute, _ cause: String) {
        logOnce(route, cause)
        scheduleConnect(route)
        guard outgoing[route]?.hasDropped == true else { return }
        outgoing[route]?.hasDropped = false
        receiver?.unreachable(route.server)
    }

    private func scheduleConnect(_ route: PeerRoute) {
        guard let link = outgoing[route] else { return }
        link.cancelRetry()
        outgoing[route]?.pause = min(link.pause * 2, configuration.limits.longestPause)
        let retry = eventLoop.scheduleTask(in: .nanoseconds(link.pause.wholeNanoseconds)) { self.assumeIsolated { $0.connect(route) } }
        outgoing[route]?.state = .waiting(retry)
    }

    private func logOnce(_ route: PeerRoute, _ cause: String) {
        guard outgoing[route]?.lastCause != cause else { return }
        outgoing[route]?.lastCause = cause
        log.info("no connection to server \(route.server): \(cause)", metadata: ["channel": "\(route.channel)"])
    }
}
