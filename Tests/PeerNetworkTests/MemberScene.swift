import AgentCore
import NIOCore
import OpenSSLTransport
import PeerNetwork
import PoolModel
import Synchronization
import Testing
import WireFormat

/// Server 1 is an agent; server 2 is a member of its pool, played by the test.
final class MemberScene: Sendable {
    let pool: LaboratoryPool
    let agent: TestAgent
    private let context: TLSContext
    private let ends = Mutex<[PeerChannel: FrameChannel]>([:])

    var received: Int { agent.events.messages(from: ServerID(2)).count }
    var hints: Int { agent.events.count(.connectionClosed(ServerID(2))) }

    private init(pool: LaboratoryPool, agent: TestAgent, context: TLSContext) {
        self.pool = pool
        self.agent = agent
        self.context = context
    }

    static func start(limits: PeerLimits = .patient) async throws -> MemberScene {
        let pool = try LaboratoryPool()
        let agent = try await TestAgent.start(1, of: pool, limits: limits)
        agent.network.setPeers([try unreachablePeer(2)], admittingFrom: ServerID(.max))
        return try MemberScene(pool: pool, agent: agent, context: pool.context(pool.server(2)))
    }

    /// Connects and shakes hands as server 2, and says nothing.
    func approach() async throws -> FrameChannel {
        let end = try await FrameChannel.connect(to: agent, context)
        try await eventually("no handshake") { end.isShaken }
        return end
    }

    /// Connects and is let in.
    func connect(_ kind: PeerChannel) async throws {
        let end = try await approach()
        try end.send(.hello(PeerHello(pool: pool.id, server: ServerID(2), channel: kind)))
        try await eventually("not let in") {
            end.frames == [.hello(PeerHello(pool: pool.id, server: ServerID(1), channel: kind))]
        }
        ends.withLock { $0[kind] = end }
    }

    func end(_ kind: PeerChannel) throws -> FrameChannel { try #require(ends.withLock { $0[kind] }) }

    func send(_ message: PeerMessage, on kind: PeerChannel) throws { try end(kind).send(.message(message)) }

    /// Shows that the agent goes on serving, whatever came before.
    func provesAgentServes() async throws {
        let before = received
        try await connect(.urgent)
        try send(urgent(77), on: .urgent)
        try await eventually("the agent serves no more: \(agent.log.text)") { received == before + 1 }
    }

    func close() async {
        for end in ends.withLock({ $0.values.map { $0 } }) { await end.close() }
        await agent.network.close()
    }
}
