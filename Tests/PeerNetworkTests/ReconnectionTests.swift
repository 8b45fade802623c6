import AgentCore

import PoolModel
import Testing
import WireFormat

@testable import PeerNetwork

@Suite("connecting again") struct ReconnectionTests {
    @Test("an agent connects again when the other end was restarted")
    func restarted() async throws {
        let pool = try LaboratoryPool()
        let port = try HeldPort()
        let first = try await TestAgent.start(1, of: pool)
        let former = try await TestAgent.start(2, of: pool, port: port.number)
        for (agent, other) in [(first, former), (former, first)] { try agent.knows([other]) }
        try await first.connects(to: former)
        try await former.connects(to: first)
        await former.network.close()
        try await eventually("not unreachable") { first.events.count(.unreachable(ServerID(2))) == 2 }

        let second = try await TestAgent.start(2, of: pool, port: port.number)
        try second.knows([first])

        try await eventually("not connected: \(first.log.text)") { first.events.count(.connected(ServerID(2))) == 4 }
        try await second.connects(to: first)
        try await first.reaches(second)
        try await second.reaches(first)
        for agent in [first, second] { await agent.network.close() }
        withExtendedLifetime(port) {}
    }

    @Test("the pause before the next attempt ends when the other end contacts us (hazard L9)")
    func pauseEnds() async throws {
        let pool = try LaboratoryPool()
        let port = try HeldPort()
        var limits = PeerLimits.patient
        limits.shortestPause = .seconds(3_600)
        limits.longestPause = .seconds(3_600)
        let first = try await TestAgent.start(1, of: pool, limits: limits)
        first.network.setPeers([try peer(2, at: "127.0.0.1:\(port.number)")], admittingFrom: ServerID(.max))
        try await eventually("no attempt failed") { first.log.lines.count == 2 }

        let second = try await TestAgent.start(2, of: pool, port: port.number)
        try second.knows([first])

        try await first.connects(to: second)
        try await second.connects(to: first)
        for agent in [first, second] { await agent.network.close() }
        withExtendedLifetime(port) {}
    }

    @Test("while the other end is away an agent goes on trying, and logs it once for each channel")
    func goesOnTrying() async throws {
        let pool = try LaboratoryPool()
        let port = try HeldPort()
        var limits = PeerLimits.patient
        limits.shortestPause = .milliseconds(1)
        limits.longestPause = .milliseconds(4)
        let first = try await TestAgent.start(1, of: pool, limits: limits)
        first.network.setPeers([try peer(2, at: "127.0.0.1:\(port.number)")], admittingFrom: ServerID(.max))
        try await eventually("no attempts") { await first.network.lastNumber > 40 }
        #expect(first.log.lines.count == 2, "\(first.log.text)")
        #expect(await first.connectionCount <= 2)

        // It does not know server 1's address, so that only server 1 can connect.
        let second = try await TestAgent.start(2, of: pool, port: port.number)
        second.network.setPeers([try unreachablePeer(1)], admittingFrom: ServerID(.max))

        try await first.connects(to: second)
        try await first.reaches(second)
        for agent in [first, second] { await agent.network.close() }
        withExtendedLifetime(port) {}
    }

    @Test("a peer that accepts and never answers in the TLS handshake delays no message to another (hazard L5)")
    func silentPeer() async throws {
        let pool = try LaboratoryPool()
        // The system accepts for a socket that listens; nobody reads what comes there.
        let silent = try HeldPort()
        try silent.listen()
        let first = try await TestAgent.start(1, of: pool)
        let second = try await TestAgent.start(2, of: pool)
        try second.knows([first])
        first.network.setPeers([try peer(3, at: "127.0.0.1:\(silent.number)"), try second.description()], admittingFrom: ServerID(.max))
        try await eventually("no attempt hangs") { await first.connectionCount >= 4 }

        for number in 1...100 as ClosedRange<UInt64> { first.network.send(urgent(number), to: ServerID(3)) }
        try await first.connects(to: second)
        try await first.reaches(second)

        #expect(first.events.count(.connected(ServerID(3))) == 0)
        for agent in [first, second] { await agent.network.close() }
        withExtendedLifetime(silent) {}
    }

    @Test("a peer whose host died silently, so that nothing answers a SYN, delays no message to another (hazard L5)")
    func deadHost() async throws {
        let pool = try LaboratoryPool()
        let dead = try HeldPort()
        try dead.swallow()
        let first = try await TestAgent.start(1, of: pool)
        let second = try await TestAgent.start(2, of: pool)
        try second.knows([first])
        // Once it is connecting on both channels, and with much to send to the dead one.
        first.network.setPeers([try peer(3, at: "127.0.0.1:\(dead.number)")], admittingFrom: ServerID(.max))
        try await eventually("no attempt") { await first.network.isConnecting(to: ServerID(3)) }
        for number in 1...1_000 as ClosedRange<UInt64> { first.network.send(urgent(number), to: ServerID(3)) }

        first.network.setPeers([try peer(3, at: "127.0.0.1:\(dead.number)"), try second.description()], admittingFrom: ServerID(.max))

        try await first.connects(to: second)
        try await first.reaches(second)
        // The limit of connecting is a minute here: all this went on while the attempts were under way.
        #expect(await first.network.isConnecting(to: ServerID(3)))
        // The second may have been refused for a moment, until the first knew it.
        #expect(!first.log.text.contains("did not answer"), "\(first.log.text)")
        for agent in [first, second] { await agent.network.close() }
        withExtendedLifetime(dead) {}
    }

    @Test("connecting to a host that swallows every SYN is given up in time, and tried until the host is back (hazard L5)")
    func deadHostComesBack() async throws {
        let pool = try LaboratoryPool()
        var dead: HeldPort? = try HeldPort()
        try dead?.swallow()
        let port = try #require(dead?.number)
        var limits = PeerLimits.patient
        limits.connecting = .milliseconds(100)
        limits.shortestPause = .milliseconds(1)
        limits.longestPause = .milliseconds(4)
        let first = try await TestAgent.start(1, of: pool, limits: limits)
        first.network.setPeers([try peer(2, at: "127.0.0.1:\(port)")], admittingFrom: ServerID(.max))

        try await eventually("no attempts: \(first.log.text)") { await first.network.lastNumber > 40 }
        #expect(first.log.lines.count == 2 && first.log.text.contains("it did not answer in time"), "\(first.log.text)")
        #expect(await first.connectionCount <= 2)
        dead = nil
        // It does not know server 1's address, so that only server 1 can connect.
        let second = try await TestAgent.start(2, of: pool, port: port, limits: limits)
        second.network.setPeers([try unreachablePeer(1)], admittingFrom: ServerID(.max))

        try await first.connects(to: second)
        try await first.reaches(second)
        for agent in [first, second] { await agent.network.close() }
    }

    @Test("an address that is none is logged, and replaced by the next list of peers")
    func addressCorrected() async throws {
        let pool = try LaboratoryPool()
        let second = try await TestAgent.start(2, of: pool)
        second.network.setPeers([try unreachablePeer(1)], admittingFrom: ServerID(.max))
        let first = try await TestAgent.start(1, of: pool)
        first.network.setPeers([try unreachablePeer(2)], admittingFrom: ServerID(.max))
        try await eventually("nothing logged") { first.log.text.contains("its address nowhere is not HOST:PORT") }

        try first.knows([second])

        try await first.connects(to: second)
        for agent in [first, second] { await agent.network.close() }
    }

    @Test("a peer that is listed again while its address did not change keeps its connections")
    func listedAgain() async throws {
        try await withAgents(1...2, of: LaboratoryPool()) { agents in
            for _ in 1...20 { try agents[0].knows(agents) }

            try await agents[0].reaches(agents[1])
            #expect(agents[0].events.events == [.connected(ServerID(2)), .connected(ServerID(2))])
        }
    }

    @Test("peers that come and go in one turn leave one connection for each channel")
    func comeAndGo() async throws {
        let pool = try LaboratoryPool()
        let first = try await TestAgent.start(1, of: pool)
        let second = try await TestAgent.start(2, of: pool)
        second.network.setPeers([try unreachablePeer(1)], admittingFrom: ServerID(.max))

        for _ in 1...20 {
            first.network.setPeers([], admittingFrom: ServerID(.max))
            try first.knows([second])
        }

        try await eventually("not connected") { first.events.count(.connected(ServerID(2))) == 2 }
        try await eventually("connections are left over") { await first.connectionCount == 2 }
        try await eventually("connections are left over") { await second.acceptedConnections == 2 }
        try await first.reaches(second)
        for agent in [first, second] { await agent.network.close() }
    }

    @Test("an agent that is listed among its own peers does not connect to itself")
    func itself() async throws {
        let pool = try LaboratoryPool()
        try await withAgents(1...2, of: pool) { agents in
            agents[0].network.setPeers(try agents.map { try $0.description() }, admittingFrom: ServerID(.max))

            try await agents[0].reaches(agents[1])
            #expect(agents[0].events.count(.connected(ServerID(1))) == 0)
            #expect(agents[0].log.endings == [])
        }
    }
}

extension PeerNetwork {
    /// Whether it tries to connect on both ways to the peer, and neither attempt has ended.
    fileprivate func isConnecting(to server: ServerID) -> Bool {
        let links = outgoing.filter { $0.key.server == server }.values
        return links.count == 2 && links.allSatisfy { if case .connecting = $0.state { true } else { false } }
    }
}
