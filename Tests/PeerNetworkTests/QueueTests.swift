import AgentCore
import NIOCore
import OpenSSLTransport
import PoolModel
import PrometheusMetrics
import Testing
import WireFormat

@testable import PeerNetwork

@Suite("queues") struct QueueTests {
    /// Lets an agent in as server 2, and reads nothing after the introduction.
    private func unreading(_ pool: LaboratoryPool) async throws -> StandIn {
        try await StandIn.start(pool.context(pool.server(2))) { end, frame in
            guard case .hello(let hello) = frame else { return }
            try? end.send(.hello(PeerHello(pool: hello.pool, server: ServerID(2), channel: hello.channel)))
            try? end.channel.syncOptions?.setOption(.autoRead, value: false)
        }
    }

    @Test("a peer that does not read costs no more than the bound, is reported once, and is served again when it reads")
    func neverReads() async throws {
        let pool = try LaboratoryPool()
        let second = try await unreading(pool)
        var limits = PeerLimits.patient
        limits.bulkQueueBytes = 256 * 1024
        let store = MetricStore(PeerNetwork.countedMetrics)
        let agent = try await TestAgent.start(1, of: pool, limits: limits, store: store)
        agent.network.setPeers([try second.description(as: 2)], admittingFrom: ServerID(.max))
        try await eventually("not connected") { agent.events.count(.connected(ServerID(2))) == 2 }

        // The kernel's buffers on both sides take some megabytes and grow for a while: until a round brings no more reports.
        var reports = -1
        var rounds = 0
        while await agent.network.mostQueued < 256 * 1024 || agent.events.count(.unreachable(ServerID(2))) != reports {
            reports = agent.events.count(.unreachable(ServerID(2)))
            for number in 0..<100 { agent.network.send(large(number, bytes: 32 * 1024), to: ServerID(2)) }
            rounds += 1
            try #require(rounds < 1_000, "the queue never settles")
        }
        for number in 0..<1_000 { agent.network.send(large(number, bytes: 32 * 1024), to: ServerID(2)) }

        let queued = await agent.network.mostQueued
        #expect((256 * 1024...300 * 1024).contains(queued), "\(queued) bytes wait")
        // At least those of the last thousand, of which none found room.
        #expect(await MetricsTests.value(store, "ovm_peer_messages_dropped_total", "queue-full") ?? 0 >= 1_000)
        #expect(await MetricsTests.value(agent.network, "ovm_peer_queued_bytes") ?? 0 >= 256 * 1024)
        #expect(reports >= 1 && agent.events.count(.unreachable(ServerID(2))) == reports)
        agent.network.send(urgent(5), to: ServerID(2))
        for end in second.ends { try await end.channel.setOption(.autoRead, value: true).get() }
        try await eventually("the queue does not drain") { await agent.network.mostQueued == 0 }
        agent.network.send(bulk(99), to: ServerID(2))
        try await eventually("not served again") { second.ends.contains { $0.frames.contains(.message(bulk(99))) } }
        try await eventually("the urgent message is missing") { second.ends.contains { $0.frames.contains(.message(urgent(5))) } }
        await agent.network.close()
        await second.close()
    }

    @Test("a peer that acknowledges nothing for the time allowed is given up")
    func acknowledgesNothing() async throws {
        let pool = try LaboratoryPool()
        let second = try await unreading(pool)
        var limits = PeerLimits.patient
        limits.unacknowledged = .milliseconds(300)
        let agent = try await TestAgent.start(1, of: pool, limits: limits)
        agent.network.setPeers([try second.description(as: 2)], admittingFrom: ServerID(.max))
        try await eventually("not connected") { agent.events.count(.connected(ServerID(2))) == 2 }

        for number in 0..<400 { agent.network.send(large(number, bytes: 32 * 1024), to: ServerID(2)) }

        try await eventually("not given up: \(agent.log.text)") { agent.events.count(.connected(ServerID(2))) == 3 }
        #expect(agent.events.count(.unreachable(ServerID(2))) == 1)
        await agent.network.close()
        await second.close()
    }

    @Test("large messages arrive whole and in order, between small ones")
    func largeMessages() async throws {
        try await withAgents(1...2, of: LaboratoryPool()) { agents in
            let messages = (0..<40).map { $0 % 3 == 0 ? bulk(UInt64($0)) : large($0, bytes: 1_000_000 - $0 * 7_919) }

            for message in messages { agents[0].network.send(message, to: ServerID(2)) }

            try await eventually("messages are missing") { agents[1].events.messages(from: ServerID(1)).count == 40 }
            #expect(agents[1].events.messages(from: ServerID(1)) == messages)
        }
    }

    @Test("a message over the limit of a frame is not sent, and harms no connection")
    func tooLarge() async throws {
        try await withAgents(1...2, of: LaboratoryPool()) { agents in
            agents[0].network.send(large(1, bytes: 1024 * 1024), to: ServerID(2))

            try await agents[0].reaches(agents[1])
            #expect(agents[0].log.text.contains("is over the limit of 1048576 and was not sent"))
            #expect(agents[1].events.messages(from: ServerID(1)).count == 2)
        }
    }

    @Test("the kernel watches every connection for a peer that vanished")
    func socketOptions() async throws {
        try await withAgents(1...2, of: LaboratoryPool()) { agents in
            let channels = await agents[0].network.channels

            #expect(channels.count == 4)
            for channel in channels {
                for (option, value) in LostPeerDetection.socketOptions(.patient) {
                    let set = try await channel.getOption(option).get()
                    #expect(set == value)
                }
            }
        }
    }
}

extension PeerNetwork {
    fileprivate var mostQueued: Int { connections.values.map(\.queuedBytes).max() ?? 0 }
    fileprivate var channels: [any Channel] { connections.values.map(\.channel) }
}
