import PoolModel
import RaftCore
import Testing

@Suite("elections")
struct ElectionTests {
    @Test("of three servers one becomes leader, and all agree on it (Raft §5.2)")
    func electsOneLeader() {
        var pool = Pool(voters(1, 2, 3))

        pool.elapse(2_000)

        #expect(pool.leaders.count == 1)
        #expect(Set(pool.servers.map { pool.nodes[$0]?.status.leader }).count == 1)
        #expect(pool.violations == [])
    }

    @Test("a single voter leads once its own vote is on its disk, not before (hazard B14)")
    func singleVoterWaitsForItsVote() {
        var alone = node(1, .founding(voters(1)))

        let effects = alone.step(.timePassed, at: instant(1))

        #expect(effects.writes.map(\.hardState) == [RaftHardState(term: Term(2), votedFor: server(1))])
        #expect(alone.role == .candidate)
        _ = alone.step(.writeCompleted(sequence: 1), at: instant(1))
        #expect(alone.role == .leader)
    }

    @Test("a candidate's requests leave only after its term, its vote and its log are durable (hazards B5, B6)")
    func requestsWaitForTheDisk() {
        var candidate = node(1)
        let appended = candidate.hear(
            .append(previousIndex: index(1), previousTerm: Term(1), entries: [entry(2, term: 2)], commit: .zero), term: 2, from: 2)

        _ = candidate.step(.timePassed, at: instant(1_000))
        let effects = candidate.hear(.preVoteAnswer(isGranted: true, isLeaderAlive: false), term: 3, from: 3, at: instant(1_000))

        #expect(appended.sent.isEmpty)
        #expect(candidate.role == .follower, "its disk has been behind for a second")
        #expect(effects.sent.isEmpty)
    }

    @Test("with a disk that keeps up, the vote requests leave with the write's completion (hazard B5)")
    func requestsLeaveWithTheWrite() {
        var candidate = node(1)
        _ = candidate.step(.timePassed, at: instant(300))

        let asked = candidate.hear(.preVoteAnswer(isGranted: true, isLeaderAlive: false), term: 2, from: 3, at: instant(300))
        let done = candidate.step(.writeCompleted(sequence: 1), at: instant(301))

        #expect(asked.writes.count == 1 && asked.sent.isEmpty)
        let request = Body.voteRequest(lastIndex: index(1), lastTerm: Term(1), isTransfer: false)
        #expect(done == [.send(message(2, request), to: server(2)), .send(message(2, request), to: server(3))])
    }

    @Test("a vote is durable before it is given, and given once in a term (Raft §5.2; hazard B5)")
    func voteIsDurable() {
        var voter = node(1)
        let request = Body.voteRequest(lastIndex: index(1), lastTerm: Term(1), isTransfer: false)

        let first = voter.hear(request, term: 2, from: 2)
        let completed = voter.step(.writeCompleted(sequence: 1), at: .zero)
        let second = voter.hear(request, term: 2, from: 3)

        #expect(first.first == .write(RaftWrite(sequence: 1, hardState: RaftHardState(term: Term(2), votedFor: server(2)))))
        #expect(first.sent.isEmpty)
        #expect(completed == [.send(message(2, .voteAnswer(isGranted: true)), to: server(2))])
        #expect(second == [.send(message(2, .voteAnswer(isGranted: false)), to: server(3))])
    }

    @Test("a vote survives a crash (hazard B5)")
    func voteSurvivesACrash() {
        var voter = node(1, stored(voters(1, 2, 3), terms: [], term: 2, vote: 2))

        let effects = voter.hear(.voteRequest(lastIndex: index(9), lastTerm: Term(1), isTransfer: false), term: 2, from: 3)

        #expect(effects == [.send(message(2, .voteAnswer(isGranted: false)), to: server(3))])
    }

    @Test(
        "logs are compared by last term, then by length (Raft §5.4.1; hazard B9)",
        arguments: [
            (lastIndex: 9, lastTerm: 2, granted: false), (lastIndex: 2, lastTerm: 3, granted: false),
            (lastIndex: 3, lastTerm: 3, granted: true), (lastIndex: 4, lastTerm: 3, granted: true),
            (lastIndex: 1, lastTerm: 4, granted: true),
        ] as [(lastIndex: UInt64, lastTerm: UInt64, granted: Bool)])
    func comparesLogs(lastIndex: UInt64, lastTerm: UInt64, granted: Bool) {
        var voter = node(1, stored(voters(1, 2, 3), terms: [2, 3], term: 4))
        let last = (index(lastIndex), Term(lastTerm))

        let effects = voter.sync(voter.hear(.voteRequest(lastIndex: last.0, lastTerm: last.1, isTransfer: false), term: 5, from: 2))

        #expect(effects.bodies(to: 2) == [.voteAnswer(isGranted: granted)])
    }

    @Test("four voters need three votes, and learners have none (hazard B9)")
    func countsExactMajorities() {
        let configuration = RaftConfiguration(voters: [1, 2, 3, 4].map(ServerID.init), learners: [server(5)])
        var candidate = node(1, .founding(configuration))
        _ = candidate.sync(candidate.step(.timePassed, at: instant(300)))

        for other in [2, 5, 5, 2] as [UInt64] {
            _ = candidate.sync(candidate.hear(.preVoteAnswer(isGranted: true, isLeaderAlive: false), term: 2, from: other))
        }
        let before = candidate.role
        _ = candidate.sync(candidate.hear(.preVoteAnswer(isGranted: true, isLeaderAlive: false), term: 2, from: 3))

        #expect(before == .preCandidate)
        #expect(candidate.role == .candidate)
    }

    @Test("a joint configuration needs both majorities (dissertation §4.3)")
    func jointNeedsBoth() {
        let joint = RaftConfiguration(voters: [1, 4, 5].map(ServerID.init), outgoingVoters: [1, 2, 3].map(ServerID.init))
        var candidate = node(1, .founding(joint))
        _ = candidate.sync(candidate.step(.timePassed, at: instant(300)))

        _ = candidate.hear(.preVoteAnswer(isGranted: true, isLeaderAlive: false), term: 2, from: 2)
        _ = candidate.hear(.preVoteAnswer(isGranted: true, isLeaderAlive: false), term: 2, from: 3)
        let before = candidate.role
        _ = candidate.hear(.preVoteAnswer(isGranted: true, isLeaderAlive: false), term: 2, from: 4)

        #expect(before == .preCandidate)
        #expect(candidate.role == .candidate)
    }

    @Test("a candidate that hears the leader of its term follows it (Raft §5.2)")
    func candidateFollows() {
        var candidate = node(1)
        _ = candidate.sync(candidate.step(.timePassed, at: instant(300)))
        _ = candidate.sync(candidate.hear(.preVoteAnswer(isGranted: true, isLeaderAlive: false), term: 2, from: 3))

        let effects = candidate.hear(.heartbeat(commit: .zero, round: 1), term: 2, from: 3)

        #expect(
            effects == [
                .send(message(2, .heartbeatAnswer(round: 1)), to: server(3)),
                .statusChanged(RaftStatus(role: .follower, term: Term(2), leader: server(3))),
            ])
    }

    @Test("a node without a configuration never stands")
    func joinerNeverStands() {
        var joiner = node(4, .empty)

        #expect(joiner.nextDeadline == nil)
        #expect(joiner.step(.timePassed, at: instant(10_000)).isEmpty)
    }

    @Test("split votes end: many fair starts all find a leader within seconds (hazard L6)", arguments: 1...20 as ClosedRange<UInt64>)
    func splitVotesEnd(seed: UInt64) {
        var pool = Pool(voters(1, 2, 3, 4, 5), seed: seed)

        pool.elapse(3_000)

        #expect(pool.leader != nil, "seed \(seed)")
        #expect(pool.violations == [])
    }
}
