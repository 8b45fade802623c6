package import AgentPorts
import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
package import OpenSSLTransport

/// Where the query port listens, and as whom.
package struct QueryServerConfiguration: Sendable {
    package let host: String
    /// 0 lets the system choose one.
    package let port: Int
    /// What new connections use; exchanged when the server's certificate was renewed.
    package let tls: CurrentTLSContext
    /// Makes members of joiners.
    package let authority: CertificateAuthority

    /// - Precondition: `tls` is made of a `TLSConfiguration.queryServer`, and `port` is 0 to 65535.
    package init(host: String, port: Int, tls: CurrentTLSContext, authority: CertificateAuthority) {
        precondition((0...65_535).contains(port), "the query port was \(port)")
        self.host = host
        self.port = port
        self.tls = tls
        self.authority = authority
    }
}

/// The master query port: HTTPS, answered by any member.
package struct QueryServer: Sendable {
    private let configuration: QueryServerConfiguration
    private let service: QueryService
    private let logger: Logger
    private let ports: AsyncStream<Int>
    private let portKnown: AsyncStream<Int>.Continuation

    package init(
        configuration: QueryServerConfiguration, gateway: any PoolGateway, archive: any PoolArchive, clock: any ClockPort, logger: Logger,
        monitoring: QueryMonitoring = .none, review: HypervisorReview = .none, consoles: (any ConsoleGateway)? = nil
    ) {
        self.configuration = configuration
        service = QueryService(
            gateway: gateway, archive: archive, authority: configuration.authority, clock: clock, monitoring: monitoring, review: review,
            consoles: consoles)
        self.logger = logger
        (ports, portKnown) = AsyncStream.makeStream(of: Int.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// The port that the server listens on, once it does; nil when it never will. To be asked by one caller.
    package func boundPort() async -> Int? {
        for await port in ports { return port }
        return nil
    }

    /// Serves until the task is cancelled.
    ///
    /// - Throws: when the address cannot be listened on.
    package func run() async throws {
        defer { portKnown.finish() }
        let portKnown = portKnown
        let application = Application(
            responder: QueryResponder(service: service), server: SecureHTTPChannel.builder(configuration.tls, service.gates),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port),
                // A second line only: the gates close what is too much, so that nobody has to wait behind it.
                availableConnectionsDelegate: MaximumAvailableConnections(2 * QueryLimits.connections, logger: logger)),
            onServerRunning: { channel in
                if let port = channel.localAddress?.port { portKnown.yield(port) }
            }, logger: logger)
        do {
            try await application.run()
        } catch is CancellationError {
            return
        }
    }
}
