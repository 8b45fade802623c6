package import AgentPorts
import CoreMetrics
import WireFormat

/// What the network of agents counts.
struct PeerMetrics: Sendable {
    private let framesIn: Counter
    private let bytesIn: Counter
    private let framesOut: Counter
    private let bytesOut: Counter
    private let strangers: Counter
    private let fullQueues: Counter
    private let missingConnections: Counter

    init(_ factory: any MetricsFactory) {
        framesIn = Counter(label: Self.frames.name, dimensions: [("direction", "in")], factory: factory)
        bytesIn = Counter(label: Self.bytes.name, dimensions: [("direction", "in")], factory: factory)
        framesOut = Counter(label: Self.frames.name, dimensions: [("direction", "out")], factory: factory)
        bytesOut = Counter(label: Self.bytes.name, dimensions: [("direction", "out")], factory: factory)
        strangers = Counter(label: Self.refused.name, factory: factory)
        fullQueues = Counter(label: Self.dropped.name, dimensions: [("cause", "queue-full")], factory: factory)
        missingConnections = Counter(label: Self.dropped.name, dimensions: [("cause", "not-connected")], factory: factory)
    }

    func received(frameOf count: Int) {
        framesIn.increment()
        bytesIn.increment(by: count)
    }

    func sent(frameOf count: Int) {
        framesOut.increment()
        bytesOut.increment(by: count)
    }

    func refusedStranger() { strangers.increment() }
    func droppedByFullQueue() { fullQueues.increment() }
    func droppedWithoutConnection() { missingConnections.increment() }

    // MARK: Names

    static let counted = [frames, bytes, refused, dropped]

    private static let frames = MetricFamily("ovm_peer_frames_total", .counter, "Frames from and to other agents")
    private static let bytes = MetricFamily("ovm_peer_bytes_total", .counter, "Bytes of these frames, before TLS")
    private static let refused = MetricFamily(
        "ovm_peer_strangers_refused_total", .counter, "Connections from outside that were ended before they had introduced themselves")
    private static let dropped = MetricFamily(
        "ovm_peer_messages_dropped_total", .counter, "Messages that were not sent, as nothing was connected or the queue was full")
    static let connections = MetricFamily(
        "ovm_peer_connections", .gauge, "Connections with other agents, and those that have not introduced themselves yet")
    static let queued = MetricFamily("ovm_peer_queued_bytes", .gauge, "Bytes that wait to be sent to other agents")
}

extension PeerNetwork: MetricsSource {
    /// What this network counts under; to be declared where its factory keeps it.
    package static var countedMetrics: [MetricFamily] { PeerMetrics.counted }

    package func metrics() async -> [MetricTable] {
        var table = MetricTable(PeerMetrics.connections)
        let all = connections.values
        table.add(all.count { $0.route != nil && $0.isIntroduced }, MetricLabel("kind", "opened"))
        table.add(all.count { $0.route == nil && $0.isIntroduced && $0.isForMessages }, MetricLabel("kind", "accepted"))
        table.add(all.count { $0.isConsole }, MetricLabel("kind", "console"))
        table.add(all.count { $0.transfer != nil } + board.sending, MetricLabel("kind", "transfer"))
        table.add(all.count { !$0.isIntroduced }, MetricLabel("kind", "not-introduced"))
        return [table, MetricTable(PeerMetrics.queued, all.reduce(0) { $0 + $1.queuedBytes })]
    }
}
