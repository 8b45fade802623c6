import PoolModel
import RaftCore
import Testing

@Suite("replication")
struct ReplicationTests {
    @Test("a leader writes and replicates side by side, and commits with the followers' disks (dissertation §10.2.1)")
    func writesInParallel() {
        var leader = node(1)
        _ = leader.lead(with: 2, 3)
        _ = leader.sync(leader.hear(.appendAccepted(matchIndex: index(2)), term: 2, from: 2, at: instant(1_000)))
        _ = leader.hear(.appendAccepted(matchIndex: index(2)), term: 2, from: 3, at: instant(1_000))

        let proposed = leader.step(.propose(Letter("a"), size: 5, token: token(1)), at: instant(1_001))
        let one = leader.hear(.appendAccepted(matchIndex: index(3)), term: 2, from: 2, at: instant(1_002))
        let both = leader.hear(.appendAccepted(matchIndex: index(3)), term: 2, from: 3, at: instant(1_002))

        let added = Entry(index: index(3), term: Term(2), content: .command(Letter("a")), size: 5)
        let append = Body.append(previousIndex: index(2), previousTerm: Term(2), entries: [added], commit: index(2))
        #expect(proposed.first.map { if case .write(let write) = $0 { write.entries == [added] } else { false } } == true)
        #expect(proposed.bodies(to: 2) == [append] && proposed.bodies(to: 3) == [append])
        #expect(proposed.contains(.proposalAppended(token: token(1), index: index(3), term: Term(2))))
        #expect(one.appliedEntries == [], "the leader's own disk is not done")
        #expect(both.appliedEntries == [added])
    }

    @Test("a single voter commits after its own fsync only (hazard B14)")
    func singleVoterCommitsAfterFsync() {
        var alone = node(1, .founding(voters(1)))
        _ = alone.sync(alone.step(.timePassed, at: instant(1)))

        let proposed = alone.step(.propose(Letter("a"), size: 5, token: token(1)), at: instant(2))
        let sequence = proposed.writes.first?.sequence ?? 0
        let done = alone.step(.writeCompleted(sequence: sequence), at: instant(3))

        #expect(proposed.appliedEntries == [])
        #expect(done.appliedEntries.map(\.content) == [.command(Letter("a"))])
    }

    @Test("a follower acknowledges only what is durable, through the last of a burst (hazard B5)")
    func acknowledgesDurable() {
        var follower = node(1)
        let first = follower.hear(append(after: 1, term: 1, [entry(2, term: 2)]), term: 2, from: 2)
        let second = follower.hear(append(after: 2, term: 2, [entry(3, term: 2)]), term: 2, from: 2)
        let repeated = follower.hear(append(after: 2, term: 2, []), term: 2, from: 2)

        let done = follower.step(.writeCompleted(sequence: 2), at: .zero)

        #expect(first.sent.isEmpty && second.sent.isEmpty && repeated.sent.isEmpty)
        #expect(done == [3, 2].map { .send(message(2, .appendAccepted(matchIndex: index($0))), to: server(2)) })
    }

    @Test("a completed write does not acknowledge entries that were truncated meanwhile, even if the same came back (hazard B7)")
    func asynchronousAppendABA() {
        var follower = node(1, stored(voters(1, 2, 3), terms: [], term: 1))
        _ = follower.hear(append(after: 1, term: 1, [entry(2, term: 2)]), term: 2, from: 2)
        _ = follower.hear(append(after: 1, term: 1, [entry(2, term: 3)]), term: 3, from: 3)
        _ = follower.hear(append(after: 1, term: 1, [entry(2, term: 2), entry(3, term: 4)]), term: 4, from: 2)

        _ = follower.step(.writeCompleted(sequence: 1), at: .zero)
        let afterFirst = follower.durableIndex
        let second = follower.step(.writeCompleted(sequence: 2), at: .zero)
        let afterSecond = follower.durableIndex
        let third = follower.step(.writeCompleted(sequence: 3), at: .zero)

        // After the first two writes the disk has term 3's entry, and a crash would leave it there.
        #expect(afterFirst == index(1) && afterSecond == index(1) && second.sent.isEmpty)
        #expect(third == [.send(message(4, .appendAccepted(matchIndex: index(3))), to: server(2))])
    }

    @Test("an old, short append truncates nothing (hazard B8)")
    func reorderedAppendTruncatesNothing() {
        var follower = node(1, stored(voters(1, 2, 3), terms: [2, 2, 2], term: 2))

        let effects = follower.hear(append(after: 1, term: 1, [entry(2, term: 2, "t2")]), term: 2, from: 2)

        #expect(follower.lastIndex == index(4))
        #expect(effects.writes.isEmpty)
        #expect(effects.bodies(to: 2) == [.appendAccepted(matchIndex: index(2))])
    }

    @Test("committed entries are never truncated, whoever asks (hazard B8)")
    func committedIsNeverTruncated() {
        var follower = node(1, stored(voters(1, 2, 3), terms: [2, 2], term: 2))
        _ = follower.hear(append(after: 3, term: 2, [], commit: 3), term: 2, from: 2)

        let effects = follower.hear(append(after: 1, term: 1, [entry(2, term: 3)]), term: 3, from: 3)

        #expect(follower.lastIndex == index(3) && follower.term(at: index(2)) == Term(2))
        #expect(effects.notices.count == 1 && effects.bodies(to: 3).isEmpty)
    }

    @Test("a follower commits no more than it verified with this leader (Raft figure 2; hazard B10)")
    func commitsOnlyVerified() {
        var follower = node(1, stored(voters(1, 2, 3), terms: [2, 2, 2], term: 2))

        let early = follower.hear(.heartbeat(commit: index(4), round: 1), term: 3, from: 2)
        let short = follower.hear(append(after: 1, term: 1, [entry(2, term: 2, "t2")], commit: 4), term: 3, from: 2)
        let later = follower.hear(.heartbeat(commit: index(4), round: 2), term: 3, from: 2)

        #expect(early.appliedEntries.isEmpty)
        #expect(short.appliedEntries.map(\.index) == [index(1), index(2)])
        #expect(later.appliedEntries.isEmpty && follower.commitIndex == index(2))
    }

    @Test("a heartbeat's commit index is capped at what the follower is known to hold (hazard B10)")
    func heartbeatIsCapped() {
        var leader = node(1)
        _ = leader.lead(with: 2, 3)
        _ = leader.hear(.appendAccepted(matchIndex: index(2)), term: 2, from: 2, at: instant(1_000))

        let effects = leader.step(.timePassed, at: instant(1_060))

        #expect(effects.bodies(to: 2) == [.heartbeat(commit: index(2), round: 1)])
        #expect(effects.bodies(to: 3) == [.heartbeat(commit: .zero, round: 1)])
    }

    @Test("what is queued behind a full window leaves in one batch, and the window is respected")
    func batchesBehindTheWindow() {
        var settings = RaftSettings()
        settings.inflightMessages = 2
        var leader = node(1, .founding(voters(1, 2)), settings: settings)
        _ = leader.lead(with: 2)
        _ = leader.hear(.appendAccepted(matchIndex: index(2)), term: 2, from: 2, at: instant(1_000))

        var sent = 0
        for number in 1...10 as ClosedRange<UInt64> {
            let effects = leader.sync(leader.step(.propose(Letter("\(number)"), size: 5, token: token(number)), at: instant(1_000)))
            sent += effects.bodies(to: 2).count
        }
        let freed = leader.hear(.appendAccepted(matchIndex: index(3)), term: 2, from: 2, at: instant(1_000))

        #expect(sent == 2)
        let counts = freed.bodies(to: 2).compactMap { if case .append(_, _, let entries, _) = $0 { entries.count } else { nil } }
        #expect(counts.max() == 8)
    }

    @Test("a lost message is found by the next heartbeat's answer")
    func lostMessageIsFound() {
        var pool = Pool(voters(1, 2, 3))
        pool.elect(1)
        pool.propose("lost", at: 1)
        pool.network = []

        pool.elapse(300)

        #expect(pool[2].lastIndex == pool[1].lastIndex && pool[1].commitIndex == pool[1].lastIndex)
    }

    @Test("a full window that was lost, its predecessor compacted since, is found by the next heartbeat's answer too")
    func lostWindowIsFoundAfterCompaction() {
        var settings = RaftSettings()
        settings.inflightMessages = 2
        settings.trailingEntries = 0
        var pool = Pool(voters(1, 2, 3), settings: settings)
        pool.elect(1)
        for number in 1...10 {
            pool.propose("x\(number)", at: 1)
            while !pool.network.isEmpty {
                let packet = pool.network.removeFirst()
                if packet.receiver == server(3), case .append = packet.message.body { continue }
                pool.deliver(packet)
            }
        }
        let isLost = pool[3].lastIndex < pool[1].lastIndex

        pool.compact(1)
        pool.elapse(2_000)

        #expect(isLost && pool[3].appliedIndex == pool[1].lastIndex)
        #expect(pool.violations == [])
    }

    @Test("a hundred conflicting entries are backed up over in a few messages (Raft §5.3; hazard L7)")
    func backsUpFast() {
        let long = Array(repeating: 2, count: 100) as [UInt64]
        let other = Array(repeating: 3, count: 100) as [UInt64]
        var pool = Pool(stored: [
            1: stored(voters(1, 2, 3), terms: other, term: 3), 2: stored(voters(1, 2, 3), terms: long, term: 2),
            3: stored(voters(1, 2, 3), terms: other, term: 3),
        ])
        pool.elect(1)
        let refusals = pool.answers.filter {
            if case .send(let message, _) = $0.effect, case .appendRefused = message.body { true } else { false }
        }

        pool.elapse(100)

        #expect(refusals.count <= 3)
        #expect(pool[2].entry(at: index(101))?.term == Term(3) && pool.violations == [])
    }

    @Test("uncommitted bytes are bounded, but one large proposal is always taken")
    func boundsUncommittedBytes() {
        var settings = RaftSettings()
        settings.uncommittedBytes = 100
        var leader = node(1, settings: settings)
        _ = leader.lead(with: 2, 3)

        let large = leader.step(.propose(Letter("large"), size: 500, token: token(1)), at: instant(1_000))
        let next = leader.step(.propose(Letter("next"), size: 1, token: token(2)), at: instant(1_000))
        _ = leader.sync(large)
        _ = leader.hear(.appendAccepted(matchIndex: index(3)), term: 2, from: 2, at: instant(1_000))
        let later = leader.step(.propose(Letter("later"), size: 1, token: token(3)), at: instant(1_000))

        #expect(large.contains(.proposalAppended(token: token(1), index: index(3), term: Term(2))))
        #expect(next == [.proposalRefused(token: token(2), .tooManyUncommittedBytes)])
        #expect(later.contains(.proposalAppended(token: token(3), index: index(4), term: Term(2))))
    }

    private func append(after previous: UInt64, term: UInt64, _ entries: [Entry], commit: UInt64 = 0) -> Body {
        .append(previousIndex: index(previous), previousTerm: Term(term), entries: entries, commit: index(commit))
    }
}
