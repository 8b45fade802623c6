import AgentCore
import AgentPorts
import NIOPosix
import OpenSSLTransport
@testable import PeerNetwork
import PoolModel
import PrometheusMetrics
import RaftCore
import Testing

/// One agent's network on a port of its own, with what it reported and logged.
struct TestAgent: Sendable {
    let server: ServerID
    let network: PeerNetwork
    let events: EventLog
    let log: CapturedLog
    let port: Int

    /// Listens, and knows no peers yet.
    static func start(
        _ number: UInt64, of pool: LaboratoryPool, credential: TLSCredential? = nil, port: Int = 0, limits: PeerLimits = .patient,
        store: MetricStore = MetricStore(PeerNetwork.countedMetrics), consoles: (any ConsoleCallReceiver)? = nil
    ) async throws -> TestAgent {
        let context = try pool.context(credential ?? pool.server(number))
        var configuration = PeerNetworkConfiguration(
            pool: pool.id, server: ServerID(number), host: "127.0.0.1", port: port, tls: CurrentTLSContext(context))
        configuration.limits = limits
        let log = CapturedLog()
        let events = EventLog()
        let network = PeerNetwork(
            configuration: configuration, eventLoop: MultiThreadedEventLoopGroup.singleton.next(), log: log.logger,
            factory: store)
        let bound = try await network.listen(receiver: events, consoles: consoles)
        return TestAgent(server: ServerID(number), network: network, events: events, log: log, port: bound)
    }

    func description() throws -> PeerDescription {
        try peer(server.number, at: "127.0.0.1:\(port)")
    }

    /// Shows that a message of each kind arrives.
    func reaches(_ other: TestAgent, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let before = other.events.messages(from: server).count
        network.send(urgent(77), to: other.server)
        network.send(bulk(77), to: other.server)
        try await eventually("server \(server) does not reach \(other.server): \(log.text)", sourceLocation: sourceLocation) {
            other.events.messages(from: server).count == before + 2
        }
    }

    /// How many connections it holds that others opened.
    var acceptedConnections: Int { get async { await network.acceptedConnections } }

    /// How many connections it holds, whoever opened them.
    var connectionCount: Int { get async { await network.connectionCount } }

    /// - Parameter first: the least number that is admitted without being known.
    func knows(_ others: [TestAgent], admittingFrom first: UInt64 = .max) throws {
        network.setPeers(try others.filter { $0.server != server }.map { try $0.description() }, admittingFrom: ServerID(first))
    }

    /// Waits until both connections to `other` stand.
    func connects(to other: TestAgent, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await eventually("server \(server) has no connection to \(other.server): \(log.text)", sourceLocation: sourceLocation) {
            events.count(.connected(other.server)) == 2
        }
    }
}

extension PeerLimits {
    /// Times that a loaded machine does not reach; a test shortens the one that it is about.
    static let patient: PeerLimits = {
        var limits = PeerLimits()
        limits.introduction = .seconds(3_600)
        limits.connecting = .seconds(60)
        limits.unacknowledged = .seconds(3_600)
        return limits
    }()
}

extension PeerNetwork {
    fileprivate var connectionCount: Int { connections.count }
    fileprivate var acceptedConnections: Int { connections.values.count { $0.route == nil } }
}

/// Starts agents that know each other, waits until all connections stand, and closes them after `body`.
func withAgents(
    _ numbers: ClosedRange<UInt64>, of pool: LaboratoryPool, limits: PeerLimits = .patient,
    _ body: ([TestAgent]) async throws -> Void
) async throws {
    var agents: [TestAgent] = []
    for number in numbers { agents.append(try await TestAgent.start(number, of: pool, limits: limits)) }
    for agent in agents { try agent.knows(agents) }
    for agent in agents {
        for other in agents where other.server != agent.server { try await agent.connects(to: other) }
    }
    try await body(agents)
    for agent in agents { await agent.network.close() }
}

/// A small message for the urgent connection; `number` tells it from others.
func urgent(_ number: UInt64) -> PeerMessage {
    .raft(RaftMessage(term: Term(1), body: .heartbeat(commit: LogIndex(0), round: number)))
}

/// A small message for the bulk connection.
func bulk(_ number: UInt64) -> PeerMessage {
    .stateDigest(index: LogIndex(number), digest: number)
}

/// A message of so many bytes, and a few more, for the bulk connection.
func large(_ number: Int, bytes: Int) -> PeerMessage {
    let data = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: bytes)[...]
    return .raft(
        RaftMessage(
            term: Term(1),
            body: .snapshotPart(
                index: LogIndex(1), term: Term(1), configuration: RaftConfiguration(voters: [ServerID(1)]), offset: number * bytes,
                totalSize: 1 << 40, data: data)))
}
