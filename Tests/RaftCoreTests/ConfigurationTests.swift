import PoolModel
import RaftCore
import Testing

@Suite("changes of members")
struct ConfigurationTests {
    private func leading(_ configuration: RaftConfiguration = voters(1, 2, 3), extra: [UInt64] = []) -> Pool {
        var pool = Pool(configuration, extra: extra)
        pool.elect(1)
        pool.elapse(100)
        return pool
    }

    @Test("a change goes through the joint configuration to the new one (dissertation §4.3)")
    func changesThroughJoint() {
        var pool = leading(extra: [4])

        pool.change(to: voters(1, 2, 4), at: 1)
        pool.elapse(500)

        let seen = pool.answers.compactMap { item -> RaftConfiguration? in
            if item.server == server(1), case .configurationChanged(let configuration, false) = item.effect { configuration } else { nil }
        }
        let joint = RaftConfiguration(voters: [1, 2, 4].map(ServerID.init), outgoingVoters: [1, 2, 3].map(ServerID.init))
        #expect(seen == [joint, voters(1, 2, 4)])
        #expect(pool[4].committedConfiguration == voters(1, 2, 4) && pool[4].appliedIndex == pool[1].appliedIndex)
        #expect(pool[3].configuration == voters(1, 2, 4), "the removed server learned of it")
        #expect(pool.violations == [])
    }

    @Test("while joint, a majority of the new voters alone commits nothing (dissertation §4.3)")
    func jointNeedsBothToCommit() {
        var pool = leading(extra: [4, 5])
        pool.cut(2, 3)

        pool.change(to: voters(1, 4, 5), at: 1)
        let before = pool[1].commitIndex
        pool.settle()
        pool.elapse(200)

        #expect(pool[4].lastIndex == pool[1].lastIndex && pool[5].lastIndex == pool[1].lastIndex)
        #expect(pool[1].commitIndex == before && pool[1].configuration.isJoint)
    }

    @Test("no change begins before a commit in the leader's own term, nor during another (hazard B1)")
    func refusesEarlyAndOverlapping() {
        // The present configuration is committed: only the leader's term has nothing committed yet.
        let base = RaftSnapshot(index: index(1), term: Term(1), configuration: voters(1, 2, 3), data: [])
        var leader = node(1, Stored(hardState: RaftHardState(term: Term(1), votedFor: nil), snapshot: base, entries: []))
        _ = leader.lead(with: 2, 3)
        let change = RaftInput<Letter>.changeConfiguration(voters: [server(1), server(2)], learners: [], token: token(1))

        let early = leader.step(change, at: instant(1_000))
        _ = leader.hear(.appendAccepted(matchIndex: index(2)), term: 2, from: 2, at: instant(1_000))
        let first = leader.step(change, at: instant(1_000))
        let second = leader.step(.changeConfiguration(voters: [server(1)], learners: [], token: token(2)), at: instant(1_000))

        #expect(early == [.proposalRefused(token: token(1), .configurationChangeInProgress)])
        #expect(first.contains(.proposalAppended(token: token(1), index: index(3), term: Term(2))))
        #expect(second == [.proposalRefused(token: token(2), .configurationChangeInProgress)])
    }

    @Test("a change is refused that names no voter or changes nothing")
    func refusesEmptyAndEqual() {
        var pool = leading()

        let empty = pool.change(to: voters(), at: 1)
        let same = pool.change(to: voters(3, 2, 1), at: 1)
        let elsewhere = pool.change(to: voters(1, 2), at: 2)

        #expect(pool.refusal(of: empty) == .invalidConfiguration && pool.refusal(of: same) == .invalidConfiguration)
        #expect(pool.refusal(of: elsewhere) == .notLeader(leader: server(1)))
    }

    // The three histories in which the single-server change of the first dissertation lost commits: two leaders, each with an
    // uncommitted configuration of its own (hazard B1). In each, server 1's change reaches nobody, another leads and changes
    // members too, and server 1 comes back.
    @Test(
        "histories of the single-server bug lose nothing (hazard B1)",
        arguments: [
            ("add and remove", voters(1, 2, 3, 4, 5), voters(2, 3, 4)), ("two adds", voters(1, 2, 3, 4, 5), voters(1, 2, 3, 4, 6)),
            ("two removes", voters(1, 2, 3), voters(1, 2, 4)),
        ])
    func singleServerBug(name: String, first: RaftConfiguration, second: RaftConfiguration) {
        var pool = leading(voters(1, 2, 3, 4), extra: [5, 6])
        pool.cut(1)
        pool.change(to: first, at: 1)
        pool.settle()

        pool.elect(2)
        pool.elapse(100)
        pool.change(to: second, at: 2)
        pool.elapse(500)
        pool.propose("kept", at: pool.leader?.number ?? 2)
        pool.elapse(100)
        pool.crash(server(1))
        pool.start(server(1))
        pool.heal()
        pool.elapse(3_000)

        #expect(pool.violations == [], "\(name)")
        #expect(pool.committed.values.contains { $0.content == .command(Letter("kept")) })
        #expect(pool.leader.flatMap { pool.nodes[$0]?.committedConfiguration } == second)
    }

    @Test("a configuration counts when it is appended, not when it is applied (hazard B2)")
    func countsWhenAppended() {
        var candidate = node(1)
        let five = Entry(index: index(2), term: Term(2), content: .configuration(voters(1, 2, 3, 4, 5)), size: 0)
        _ = candidate.sync(
            candidate.hear(.append(previousIndex: index(1), previousTerm: Term(1), entries: [five], commit: .zero), term: 2, from: 2))

        _ = candidate.lead(with: 2)

        #expect(candidate.role == .preCandidate, "two of five are no majority")
    }

    @Test("a truncated configuration is not in force any more (hazards B2, B11)")
    func truncationRollsBack() {
        var follower = node(1)
        let five = Entry(index: index(2), term: Term(2), content: .configuration(voters(1, 2, 3, 4, 5)), size: 0)
        _ = follower.hear(.append(previousIndex: index(1), previousTerm: Term(1), entries: [five], commit: .zero), term: 2, from: 2)

        let effects = follower.hear(
            .append(previousIndex: index(1), previousTerm: Term(1), entries: [entry(2, term: 3)], commit: .zero), term: 3, from: 3)

        #expect(follower.configuration == voters(1, 2, 3))
        #expect(effects.contains(.configurationChanged(voters(1, 2, 3), isCommitted: false)))
        #expect(effects.writes.map(\.truncateFrom) == [index(2)])
    }

    @Test("a joint configuration is left by a later leader (hazard B3)")
    func laterLeaderLeavesJoint() {
        var pool = leading(extra: [4])
        pool.change(to: voters(2, 3, 4), at: 1)
        // The joint entry reaches 2 and 3; their answers, and so its commit, do not reach 1.
        for packet in pool.network { pool.deliver(packet) }
        pool.network = []
        pool.crash(server(1))

        pool.elapse(3_000)

        #expect(pool[2].committedConfiguration == voters(2, 3, 4))
        #expect(pool.violations == [])
    }

    @Test("a joint configuration is left once, however often its commit is heard of, and by a later leader not again (hazard B3)")
    func leavesJointOnce() {
        func configurations(of leader: Node) -> [RaftConfiguration] {
            (1...leader.lastIndex.number).compactMap { number in
                if case .configuration(let configuration)? = leader.entry(at: index(number))?.content { configuration } else { nil }
            }
        }
        var pool = leading(extra: [4])
        pool.change(to: voters(1, 2, 4), at: 1)
        var count = 0
        // Every message comes twice, the answers to the joint entry among them.
        while !pool.network.isEmpty, count < 1_000 {
            count += 1
            let packet = pool.network.removeFirst()
            pool.deliver(packet)
            pool.deliver(packet)
        }
        let atFirst = configurations(of: pool[1])
        pool.step(server(1), .transferLeadership(target: server(2)))
        pool.elapse(500)

        #expect(pool.leader == server(2))
        #expect(atFirst.map(\.isJoint) == [false, true, false] && configurations(of: pool[2]) == atFirst)
        #expect(pool.violations == [])
    }

    @Test("a leader that finds the way out of a joint configuration in its log, uncommitted, adds no second one (hazard B3)")
    func findsJointLeft() {
        let joint = RaftConfiguration(voters: voters(1, 2).voters, outgoingVoters: voters(1, 2, 3).voters)
        let old = stored(voters(1, 2, 3), terms: [], term: 2)
        let entries =
            old.entries + [
                Entry(index: index(2), term: Term(2), content: .configuration(joint), size: 0),
                Entry(index: index(3), term: Term(2), content: .configuration(voters(1, 2)), size: 0),
            ]
        var pool = Pool(stored: [
            1: Stored(hardState: old.hardState, snapshot: nil, entries: entries),
            2: Stored(hardState: old.hardState, snapshot: nil, entries: entries),
        ])

        pool.elect(1)
        pool.elapse(200)

        #expect(pool.leader == server(1) && pool[1].commitIndex == index(4) && pool[1].lastIndex == index(4))
        #expect(pool[1].committedConfiguration == voters(1, 2))
        #expect(pool.violations == [])
    }

    @Test("a leader that is not in the new configuration steps down once it is committed, and another leads (design, section 4)")
    func removedLeaderStepsDown() {
        var pool = leading()

        pool.change(to: voters(2, 3), at: 1)
        pool.settle()

        #expect(pool[1].role == .follower)
        #expect(pool.leader != nil && pool.leader != server(1))
        #expect(pool.violations == [])
    }

    @Test("a leaving server with the longest log stands until its removal is committed (dissertation §4.2.2)")
    func leavingServerStands() {
        let old = stored(voters(1, 2), terms: [2], term: 2)
        let joint = RaftConfiguration(voters: [server(2), server(3)], outgoingVoters: [server(1), server(2)])
        let two = old.entries + [Entry(index: index(3), term: Term(2), content: .configuration(joint), size: 0)]
        let three = two + [Entry(index: index(4), term: Term(2), content: .configuration(voters(2, 3)), size: 0)]
        var pool = Pool(stored: [
            1: Stored(hardState: old.hardState, snapshot: nil, entries: three),
            2: Stored(hardState: old.hardState, snapshot: nil, entries: two),
            3: Stored(hardState: old.hardState, snapshot: nil, entries: two),
        ])

        pool.elapse(3_000)

        #expect(pool.leader == server(2) || pool.leader == server(3))
        #expect(pool[2].committedConfiguration == voters(2, 3))
        #expect(pool.violations == [])
    }

    @Test("a learner follows without a vote and is caught up; promoting it is a change like any other")
    func learnerCatchesUp() {
        var pool = leading(extra: [4])
        pool.change(to: RaftConfiguration(voters: [1, 2, 3].map(ServerID.init), learners: [server(4)]), at: 1)
        let before = pool[1].isCaughtUp(server(4))

        pool.elapse(300)
        let after = pool[1].isCaughtUp(server(4))
        let wasJoint = pool[1].configuration.isJoint
        pool.change(to: voters(1, 2, 3, 4), at: 1)
        pool.elapse(300)

        #expect(!before && after && !wasJoint)
        #expect(pool[4].configuration == voters(1, 2, 3, 4))
        #expect(pool.violations == [])
    }
}
