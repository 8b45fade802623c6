import PoolModel
import RaftCore
import Testing

@Suite("handing leadership over")
struct TransferTests {
    private func leading() -> Pool {
        var pool = Pool(voters(1, 2, 3))
        pool.elect(1)
        pool.elapse(100)
        return pool
    }

    @Test("a caught-up target leads after two round trips, no time having passed (dissertation §3.10)")
    func transfersAtOnce() {
        var pool = leading()

        pool.step(server(1), .transferLeadership(target: server(3)))
        pool.settle()

        #expect(pool.leader == server(3) && pool[3].isReadyMaster)
        #expect(pool.violations == [])
    }

    @Test("a target that is behind catches up first; proposals are refused meanwhile (hazard L8)")
    func catchesUpFirst() {
        var pool = leading()
        pool.cut(3)
        pool.propose("behind", at: 1)
        pool.settle()
        pool.heal()

        pool.step(server(1), .transferLeadership(target: server(3)))
        let refused = pool.propose("meanwhile", at: 1)
        let change = pool.change(to: voters(1, 2), at: 1)
        pool.elapse(200)

        #expect(pool.refusal(of: refused) == .transferringLeadership && pool.refusal(of: change) == .transferringLeadership)
        #expect(pool.leader == server(3))
    }

    @Test("when the target is dead the leader resumes after one election timeout (hazard L8)")
    func resumes() {
        var pool = leading()
        let term = pool[1].term
        pool.crash(server(3))
        pool.step(server(1), .transferLeadership(target: server(3)))

        pool.elapse(501)
        let accepted = pool.propose("again", at: 1)

        #expect(pool[1].role == .leader && pool[1].term == term)
        #expect(pool.refusal(of: accepted) == nil)
    }

    @Test("nobody but another voter can be a target (hazard L8)", arguments: [1, 9])
    func refusesOtherTargets(target: UInt64) {
        var pool = leading()

        pool.step(server(1), .transferLeadership(target: server(target)))
        let accepted = pool.propose("still", at: 1)

        #expect(pool.refusal(of: accepted) == nil)
    }

    @Test("a server on its way out, or removed, is no target: the leader leads on and takes proposals (hazard L8)")
    func targetRemoved() {
        var pool = leading()
        pool.change(to: voters(1, 2), at: 1)
        pool.cut(3)
        pool.step(server(1), .transferLeadership(target: server(3)))
        let meanwhile = pool.propose("meanwhile", at: 1)

        pool.settle()
        let accepted = pool.propose("after", at: 1)
        pool.step(server(1), .transferLeadership(target: server(3)))
        let again = pool.propose("removed", at: 1)
        pool.settle()

        #expect([meanwhile, accepted, again].allSatisfy { pool.refusal(of: $0) == nil })
        #expect(pool[1].role == .leader && pool[1].committedConfiguration == voters(1, 2))
        #expect(pool.violations == [])
    }

    @Test("a leader whose disk stalls hands over (hazard L4)")
    func stalledDiskHandsOver() {
        var pool = leading()
        pool.syncsAtOnce = false
        pool.propose("stuck", at: 1)
        // The disk of 1 does nothing any more; those of the others work.
        for _ in 0..<300 {
            pool.now = pool.now + .milliseconds(10)
            for server in pool.servers {
                pool.step(server, .timePassed)
                if server.number != 1 { pool.sync(server) }
            }
            pool.settle()
        }

        #expect(pool.leader == server(2) || pool.leader == server(3))
        #expect(pool[1].role == .follower)
        #expect(pool.violations == [])
    }

    @Test("told that its disk stalls, a leader that nobody can follow steps down (hazard L4)")
    func stalledDiskStepsDown() {
        var leader = node(1)
        _ = leader.lead(with: 2, 3)
        _ = leader.step(.propose(Letter("stuck"), size: 1, token: token(1)), at: instant(1_100))

        let told = leader.step(.storageStalled, at: instant(1_200))
        let refused = leader.step(.propose(Letter("more"), size: 1, token: token(2)), at: instant(1_300))
        _ = leader.hear(.heartbeatAnswer(round: 0), term: 2, from: 2, at: instant(1_600))
        let ended = leader.step(.timePassed, at: instant(1_701))

        #expect(!told.contains(.statusChanged(RaftStatus(role: .follower, term: Term(2), leader: nil))))
        #expect(refused == [.proposalRefused(token: token(2), .transferringLeadership)])
        #expect(ended.contains(.statusChanged(RaftStatus(role: .follower, term: Term(2), leader: nil))))
    }
}
