package import AgentPorts
package import CoreMetrics
import PoolModel

/// What watches the query port and this agent.
package struct QueryMonitoring: Sendable {
    let factory: any MetricsFactory
    let sources: [any MetricsSource]
    let usage: Usage?

    /// Asks this server's hypervisor what the domains of pools use.
    package typealias Usage = @Sendable () async throws(HypervisorError) -> [DomainUsage]

    /// - Parameters:
    ///   - factory: knows ``QueryService/countedMetrics``.
    ///   - sources: what `/metrics` shows beside the pool's state and the query port's own; the factory's store is one of them.
    ///   - usage: ends within a few seconds, whatever becomes of the hypervisor (`HypervisorPort.usage`); nil where nothing runs.
    /// - Precondition: no two sources have a metric of one name.
    package init(factory: any MetricsFactory, sources: [any MetricsSource], usage: Usage? = nil) {
        self.factory = factory
        self.sources = sources
        self.usage = usage
    }

    /// Nothing is counted, and `/metrics` shows the pool alone.
    package static let none = QueryMonitoring(factory: NOOPMetricsHandler.instance, sources: [])
}

/// What the query port counts of its requests. Labels are names of operations and classes of status, never a client's text.
struct QueryMetrics: Sendable {
    private let factory: any MetricsFactory
    private let inFlight: Meter
    private let throttled: Counter
    private let received: Counter
    private let sent: Counter

    init(_ factory: any MetricsFactory) {
        self.factory = factory
        inFlight = Meter(label: Self.running.name, factory: factory)
        throttled = Counter(label: Self.tooMany.name, factory: factory)
        received = Counter(label: Self.requestBytes.name, factory: factory)
        sent = Counter(label: Self.replyBytes.name, factory: factory)
    }

    func began() { inFlight.increment() }

    /// Counts a request that was answered, and what is still to be written of its answer.
    ///
    /// - Parameter operation: that of its route; nil where there was none.
    func ended(_ operation: String?, with reply: QueryReply, after time: Duration) -> QueryReply {
        inFlight.decrement()
        let name = ("operation", operation ?? "none")
        Timer(label: Self.durations.name, dimensions: [name], factory: factory).recordNanoseconds(time.wholeNanoseconds)
        Counter(label: Self.requests.name, dimensions: [name, ("status", "\(reply.status / 100)xx")], factory: factory).increment()
        if reply.status == 429 { throttled.increment() }
        return counting(reply)
    }

    func received(bodyOf count: Int) { received.increment(by: count) }

    private func counting(_ reply: QueryReply) -> QueryReply {
        switch reply.content {
        case .console: return reply
        case .bytes(let bytes):
            sent.increment(by: bytes.count)
            return reply
        case .stream(let write):
            var counted = reply
            counted.content = .stream { [sent] sink in
                var counting: any TextSink = CountingSink(base: sink, sent: sent)
                try await write(&counting)
            }
            return counted
        }
    }

    // MARK: Names

    static let counted = [requests, durations, running, tooMany, requestBytes, replyBytes]

    private static let requests = MetricFamily(
        "ovm_api_requests_total", .counter, "Requests that were answered, by operation and class of status")
    private static let durations = MetricFamily(
        "ovm_api_request_seconds", .histogram(bounds: MetricFamily.secondBounds),
        "How long a request took from its head to its answer; of a stream, to its beginning")
    private static let running = MetricFamily("ovm_api_requests_in_flight", .gauge, "Requests that are being answered")
    private static let tooMany = MetricFamily("ovm_api_throttled_total", .counter, "Requests that were refused with 429, as one too many")
    private static let requestBytes = MetricFamily("ovm_api_request_body_bytes_total", .counter, "Bytes of requests' bodies")
    private static let replyBytes = MetricFamily("ovm_api_response_body_bytes_total", .counter, "Bytes of answers' bodies, before TLS")
    static let connections = MetricFamily("ovm_api_connections", .gauge, "Connections of clients")
    static let refusedConnections = MetricFamily(
        "ovm_api_connections_refused_total", .counter, "Connections that were closed at once, as one too many")
    static let eventStreams = MetricFamily("ovm_api_event_streams", .gauge, "Streams of events that are being watched")
}

/// Counts the bytes that go on to another sink.
private struct CountingSink: TextSink {
    var base: any TextSink
    let sent: Counter

    mutating func write(_ text: String) async throws {
        sent.increment(by: text.utf8.count)
        try await base.write(text)
    }
}
