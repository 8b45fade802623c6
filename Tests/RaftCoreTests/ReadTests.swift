import PoolModel
import RaftCore
import Testing

@Suite("linearizable reads")
struct ReadTests {
    @Test("a read waits for a round that began after it, echoed by a majority (dissertation §6.4)")
    func waitsForARound() {
        var leader = node(1)
        _ = leader.lead(with: 2, 3)
        _ = leader.hear(.appendAccepted(matchIndex: index(2)), term: 2, from: 2, at: instant(1_000))
        _ = leader.step(.timePassed, at: instant(1_060))

        let asked = leader.step(.readIndex(token: token(1)), at: instant(1_061))
        let old = leader.hear(.heartbeatAnswer(round: 1), term: 2, from: 2, at: instant(1_062))
        let new = leader.hear(.heartbeatAnswer(round: 2), term: 2, from: 2, at: instant(1_063))

        #expect(asked.bodies(to: 3) == [.heartbeat(commit: .zero, round: 2)])
        #expect(!old.contains(.readReady(token: token(1), index: index(2))))
        #expect(new.contains(.readReady(token: token(1), index: index(2))))
        #expect(leader.lastConfirmedRound == 2 && leader.confirmedRoundStart == instant(1_061))
    }

    @Test("reads that come while a round is under way share the next one")
    func sharesRounds() {
        var leader = node(1)
        _ = leader.lead(with: 2, 3)
        _ = leader.hear(.appendAccepted(matchIndex: index(2)), term: 2, from: 2, at: instant(1_000))
        _ = leader.step(.readIndex(token: token(1)), at: instant(1_000))

        let others = (2...9 as ClosedRange<UInt64>).flatMap { leader.step(.readIndex(token: token($0)), at: instant(1_000)) }
        let confirmed = leader.hear(.heartbeatAnswer(round: 1), term: 2, from: 2, at: instant(1_000))
        let last = leader.hear(.heartbeatAnswer(round: 2), term: 2, from: 3, at: instant(1_000))

        #expect(others.isEmpty)
        #expect(confirmed.contains(.readReady(token: token(1), index: index(2))))
        #expect(confirmed.bodies(to: 3) == [.heartbeat(commit: .zero, round: 2)])
        #expect(last.filter { if case .readReady = $0 { true } else { false } }.count == 8)
    }

    @Test("before a commit in its own term a leader serves no read (hazard B19)")
    func notBeforeOwnCommit() {
        var leader = node(1)
        _ = leader.lead(with: 2, 3)

        let own = leader.step(.readIndex(token: token(1)), at: instant(1_000))
        let forwarded = leader.hear(.readIndexRequest(context: 7), term: 2, from: 2, at: instant(1_000))

        #expect(own == [.readRefused(token: token(1), .notReadyToRead)])
        #expect(forwarded.bodies(to: 2) == [.readIndexRefused(context: 7)])
        #expect(!leader.isReadyMaster)
    }

    @Test("a leader that was cut off answers no read (hazard B19)")
    func cutOffLeaderAnswersNone() {
        var pool = Pool(voters(1, 2, 3))
        pool.elect(1)
        pool.elapse(100)
        pool.cut(1)

        let read = pool.read(at: 1)
        pool.elapse(1_000)

        #expect(pool.readIndex(of: read) == nil)
        #expect(pool.refusal(of: read) == .notLeader(leader: nil))
    }

    @Test("a follower asks its leader, and asks again when the answer is lost")
    func followerAsksAgain() {
        var pool = Pool(voters(1, 2, 3))
        pool.elect(1)
        pool.elapse(100)

        let read = pool.read(at: 2)
        pool.network = []
        let late = pool.read(at: 2)
        pool.elapse(300)

        #expect(pool.readIndex(of: read) != nil && pool.readIndex(of: late) != nil)
        #expect(pool.openReads.isEmpty && pool.violations == [])
    }

    @Test("a follower without a leader refuses, and refuses what it had handed on when the leader goes")
    func followerRefuses() {
        var pool = Pool(voters(1, 2, 3))
        let early = pool.read(at: 2)
        pool.elect(1)
        pool.elapse(100)
        pool.cut(2)
        let lost = pool.read(at: 2)

        pool.elapse(600)

        #expect(pool.refusal(of: early) == .notLeader(leader: nil))
        #expect(pool.refusal(of: lost) == .notLeader(leader: nil))
    }

    @Test("a single voter confirms its own rounds at once")
    func singleVoterReads() {
        var alone = node(1, .founding(voters(1)))
        _ = alone.sync(alone.step(.timePassed, at: instant(1)))

        #expect(alone.isReadyMaster)
        #expect(alone.step(.readIndex(token: token(1)), at: instant(2)) == [.readReady(token: token(1), index: index(2))])
    }
}
