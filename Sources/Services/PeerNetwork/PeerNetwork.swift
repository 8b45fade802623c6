package import AgentCore
package import AgentPorts
package import CoreMetrics
package import Logging
package import NIOCore
import NIOPosix
import OpenSSLTransport
package import PoolModel
import WireFormat

/// The network of agents: two connections to each other agent, one for what is small and urgent, one for bulk.
///
/// Each agent sends on the connections that it opened and listens on those that it accepted. All state lives on one event loop; nothing
/// on it waits, and a dead peer costs nothing but its own attempts to connect.
package actor PeerNetwork: PeerPort {
    let configuration: PeerNetworkConfiguration
    let eventLoop: any EventLoop
    let log: Logger
    let counters: PeerMetrics
    /// Called on the network's event loop; must not block. Nil until the network listens.
    private(set) var receiver: (any PeerEventReceiver)?
    /// Shows consoles to other members; nil where this agent shows none.
    private(set) var consoles: (any ConsoleCallReceiver)?

    var peers: [ServerID: PeerDescription] = [:]
    /// The least number of a server that may connect without being a peer; nil while nothing was said.
    var admittedFrom: ServerID?
    var outgoing: [PeerRoute: OutgoingLink] = [:]
    var connections: [PeerConnectionID: PeerConnection] = [:]
    /// The accepted connection that carried each peer's latest message.
    var latest: [ServerID: PeerConnectionID] = [:]
    /// Domains on their way from and to this server.
    var board = TransferBoard()
    var lines: LineBudget
    private(set) var isClosing = false
    /// Counts attempts to connect, and connections.
    private(set) var lastNumber: UInt64 = 0
    private var listener: (any Channel)?

    package nonisolated var unownedExecutor: UnownedSerialExecutor { eventLoop.executor.asUnownedSerialExecutor() }

    /// A network without peers that does not listen yet.
    ///
    /// - Parameters:
    ///   - eventLoop: carries all of the network's work; must outlive ``close()``.
    ///   - factory: knows ``countedMetrics``.
    package init(
        configuration: PeerNetworkConfiguration, eventLoop: any EventLoop, log: Logger,
        factory: any MetricsFactory = NOOPMetricsHandler.instance
    ) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.log = log
        counters = PeerMetrics(factory)
        lines = LineBudget(linesPerMinute: configuration.limits.logLinesPerMinute)
    }

    /// Begins to accept connections; what they bring goes to `receiver`, and calls for consoles to `consoles`; those for transfers wait for ``awaitTransfer(_:)``.
    ///
    /// - Returns: the port that is listened on.
    /// - Throws: the system's error when the port is taken.
    package func listen(receiver: any PeerEventReceiver, consoles: (any ConsoleCallReceiver)? = nil) async throws -> Int {
        self.receiver = receiver
        self.consoles = consoles
        let bootstrap = ServerBootstrap(group: eventLoop)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in self.initialize(channel, route: nil) }
        let channel = try await bootstrap.bind(host: configuration.host, port: configuration.port).get()
        if isClosing { channel.close(promise: nil) } else { listener = channel }
        return channel.localAddress?.port ?? configuration.port
    }

    /// Ends all connections and stops listening; what was sent before is sent first. Returns when all sockets are closed.
    package func close() async {
        isClosing = true
        for link in outgoing.values { link.cancelRetry() }
        outgoing = [:]
        endTransfers()
        let channels = connections.values.map(\.channel) + (listener.map { [$0] } ?? [])
        listener?.close(promise: nil)
        for id in connections.keys { end(id, .closing) }
        for channel in channels {
            // A channel that is closed already has nothing left to wait for.
            do { try await channel.closeFuture.get() } catch { continue }
        }
    }

    package nonisolated func setPeers(_ peers: [PeerDescription], admittingFrom first: ServerID) {
        onLoop { $0.setPeersNow(peers, admittingFrom: first) }
    }

    package nonisolated func send(_ message: PeerMessage, to server: ServerID) { onLoop { $0.sendNow(message, to: server) } }

    package nonisolated func goodbye() { onLoop { $0.sayGoodbye() } }

    /// A number that this network has not given before.
    func nextNumber() -> UInt64 {
        lastNumber += 1
        return lastNumber
    }

    private nonisolated func onLoop(_ body: @escaping @Sendable (isolated PeerNetwork) -> Void) {
        eventLoop.execute { self.assumeIsolated(body) }
    }
}
