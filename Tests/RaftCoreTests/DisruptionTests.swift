import PoolModel
import RaftCore
import Testing

@Suite("a pool that is disturbed keeps or finds its leader")
struct DisruptionTests {
    private func settled() -> Pool {
        var pool = Pool(voters(1, 2, 3))
        pool.elect(1)
        pool.elapse(200)
        return pool
    }

    @Test("a server that returns from a partition does not depose the leader (hazard L1)")
    func returningServerIsHarmless() {
        var pool = settled()
        pool.cut(3)
        pool.elapse(5_000)
        let term = pool[1].term

        pool.heal()
        pool.elapse(1_000)

        #expect(pool[3].status == RaftStatus(role: .follower, term: term, leader: server(1)))
        #expect(pool[1].role == .leader && pool[1].term == term)
    }

    @Test("a vote request of a later term is not heard while the leader is (hazard L1)")
    func removedServerIsNotHeard() {
        var pool = settled()
        let request = Body.voteRequest(lastIndex: index(99), lastTerm: Term(99), isTransfer: false)

        pool.step(server(2), .received(message(99, request), from: server(3)))
        pool.step(server(1), .received(message(99, request), from: server(3)))

        #expect(pool[2].term == pool[1].term && pool[1].role == .leader)
    }

    @Test("a transfer's vote request is heard all the same (dissertation §3.10)")
    func transferIsHeard() {
        var pool = settled()
        let request = Body.voteRequest(lastIndex: index(99), lastTerm: Term(99), isTransfer: true)

        pool.step(server(2), .received(message(99, request), from: server(3)))
        pool.settle()

        #expect(pool[2].term >= Term(99))
    }

    @Test("a pre-candidate of an earlier term learns the later one and asks again (hazard L2)")
    func rejectionCarriesTheTerm() {
        var pool = Pool(stored: [
            1: stored(voters(1, 2, 3), terms: [2, 2, 2], term: 2), 2: stored(voters(1, 2, 3), terms: [2], term: 9),
            3: stored(voters(1, 2, 3), terms: [2], term: 9),
        ])

        // 2 and 3 have later terms and shorter logs: only 1 can win, and only in their next term.
        pool.elapse(3_000)

        #expect(pool.leader == server(1))
        #expect(pool[1].term > Term(9))
    }

    @Test("a follower of a later term frees itself: the leader steps down and a new term begins (hazard L2)")
    func stuckCandidateIsFreed() {
        var pool = Pool(stored: [
            1: stored(voters(1, 2, 3), terms: [2], term: 2), 2: stored(voters(1, 2, 3), terms: [2], term: 2),
            3: stored(voters(1, 2, 3), terms: [2], term: 7),
        ])
        pool.cut(3)
        pool.elect(1)

        pool.heal()
        pool.elapse(3_000)

        let terms = Set(pool.servers.compactMap { pool.nodes[$0]?.term })
        #expect(terms.count == 1 && (terms.first ?? .zero) > Term(7))
        #expect(pool.leader != nil)
    }

    @Test("a leader that hears no majority steps down and stops heartbeating (hazard L3)")
    func cutOffLeaderStops() {
        var pool = settled()
        pool.cut(1)

        pool.elapse(700)
        pool.network = []
        pool.step(server(1), .timePassed)

        #expect(pool[1].role != .leader)
        let heartbeats = pool.network.filter { if case .heartbeat = $0.message.body { true } else { false } }
        #expect(heartbeats.filter { $0.sender == server(1) }.isEmpty)
    }

    @Test("with one server that still reaches everybody, five find a leader (hazard L3, quorum loss)")
    func bridgeFindsALeader() {
        var pool = Pool(voters(1, 2, 3, 4, 5))
        pool.elect(1)
        pool.elapse(200)
        for one in 1...5 as ClosedRange<UInt64> {
            for other in 1...5 as ClosedRange<UInt64> where one != 3 && other != 3 { pool.cuts.insert([server(one), server(other)]) }
        }

        pool.elapse(5_000)
        pool.propose("after", at: pool.leader?.number ?? 3)
        pool.elapse(500)

        #expect(pool.leader == server(3))
        #expect(pool.committed[pool.lastCommitted]?.content == .command(Letter("after")))
        #expect(pool.violations == [])
    }

    @Test("after its connection closed the leader is asked about by rank, and a successor is found in 100 ms (design, section 4)")
    func closedConnection() {
        var pool = settled()
        let began = pool.now
        pool.crash(server(1))
        pool.disks[server(1)] = nil

        for number in [2, 3] as [UInt64] { pool.step(server(number), .leaderConnectionClosed(server(1))) }
        let deadlines = [2, 3].map { pool[$0].nextDeadline }
        pool.elapse(100)

        #expect(deadlines == [began + .milliseconds(4), began + .milliseconds(8)])
        #expect(pool.leader == server(2))
    }

    @Test("told that the leader is alive, the asker retries every 20 ms; a heartbeat restores the leader")
    func closedConnectionOfALivingLeader() {
        var pool = settled()
        let term = pool[2].term
        pool.network = []

        pool.step(server(2), .leaderConnectionClosed(server(1)))
        pool.now = pool.now + .milliseconds(4)
        pool.step(server(2), .timePassed)
        pool.settle()
        let retry = pool[2].nextDeadline
        let isForgotten = pool[2].status.leader == nil
        pool.elapse(60)

        #expect(isForgotten)
        #expect(retry.map { $0 - pool.now <= .milliseconds(20) } == true)
        #expect(pool[2].status == RaftStatus(role: .follower, term: term, leader: server(1)))
    }

    @Test("only the leader's own connection is a hint")
    func otherConnectionsAreNoHint() {
        var pool = settled()
        let before = pool[2].status

        pool.step(server(2), .leaderConnectionClosed(server(3)))

        #expect(pool[2].status == before)
    }

    @Test("a second leader of one term is not believed")
    func secondLeaderIsIgnored() {
        var pool = settled()

        pool.step(server(2), .received(message(pool[1].term.number, .heartbeat(commit: .zero, round: 1)), from: server(3)))

        #expect(pool[2].status.leader == server(1))
    }
}
