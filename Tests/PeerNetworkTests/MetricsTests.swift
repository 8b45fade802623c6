import AgentPorts
import PeerNetwork
import PoolModel
import PrometheusMetrics
import Testing

@Suite("What the network of agents counts", .timeLimit(.minutes(2)))
struct MetricsTests {
    /// The value of a metric under its one label.
    static func value(_ source: some MetricsSource, _ name: String, _ label: String? = nil) async -> Double? {
        for table in await source.metrics() where table.family.name == name {
            let row = table.rows.first { row in label.map { label in row.labels.contains { $0.value == label } } ?? true }
            guard case .number(let number)? = row?.value else { return nil }
            return number
        }
        return nil
    }

    @Test("frames and their bytes are counted, each way, and connections by who opened them")
    func countsFrames() async throws {
        let pool = try LaboratoryPool()
        let stores = [MetricStore(PeerNetwork.countedMetrics), MetricStore(PeerNetwork.countedMetrics)]
        let one = try await TestAgent.start(1, of: pool, store: stores[0])
        let two = try await TestAgent.start(2, of: pool, store: stores[1])
        for agent in [one, two] { try agent.knows([one, two]) }
        try await one.connects(to: two)
        try await two.connects(to: one)
        let frames = await Self.value(stores[0], "ovm_peer_frames_total", "out") ?? 0
        let bytes = await Self.value(stores[1], "ovm_peer_bytes_total", "in") ?? 0

        for number in 0..<10 as Range<UInt64> { one.network.send(urgent(number), to: two.server) }
        try await eventually("the messages did not arrive") { two.events.messages(from: one.server).count == 10 }

        #expect((await Self.value(stores[0], "ovm_peer_frames_total", "out") ?? 0) - frames == 10)
        #expect((await Self.value(stores[1], "ovm_peer_frames_total", "in") ?? 0) >= 10)
        #expect((await Self.value(stores[1], "ovm_peer_bytes_total", "in") ?? 0) > bytes)
        #expect(await Self.value(one.network, "ovm_peer_connections", "opened") == 2)
        #expect(await Self.value(one.network, "ovm_peer_connections", "accepted") == 2)
        for agent in [one, two] { await agent.network.close() }
    }

    @Test("a message to who is not connected counts as dropped")
    func countsDropped() async throws {
        let pool = try LaboratoryPool()
        let store = MetricStore(PeerNetwork.countedMetrics)
        let agent = try await TestAgent.start(1, of: pool, store: store)
        agent.network.setPeers([try unreachablePeer(2)], admittingFrom: ServerID(.max))

        agent.network.send(urgent(1), to: ServerID(2))
        try await eventually("the message is not counted") {
            await Self.value(store, "ovm_peer_messages_dropped_total", "not-connected") == 1
        }

        #expect(await Self.value(store, "ovm_peer_messages_dropped_total", "queue-full") == 0)
        await agent.network.close()
    }

    @Test("a stranger that is ended before it has introduced itself is counted")
    func countsStrangers() async throws {
        let pool = try LaboratoryPool()
        let store = MetricStore(PeerNetwork.countedMetrics)
        let agent = try await TestAgent.start(1, of: pool, store: store)

        let stranger = try await FrameChannel.connect(to: agent, nil)
        stranger.send(bytes: Array("GET / HTTP/1.1\r\n\r\n".utf8))
        try await eventually("the stranger is not counted") { await Self.value(store, "ovm_peer_strangers_refused_total") == 1 }

        await stranger.close()
        await agent.network.close()
    }
}
