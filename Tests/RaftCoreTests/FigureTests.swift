import PoolModel
import RaftCore
import Testing

@Suite("the figures of the Raft paper")
struct FigureTests {
    /// The leader's log of figure 7, behind the founding entry.
    private static let leaderTerms: [UInt64] = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6]

    @Test(
        "figure 7: whatever a follower lacks or has too much, the leader's log replaces it",
        arguments: [
            ("a", [1, 1, 1, 4, 4, 5, 5, 6, 6]), ("b", [1, 1, 1, 4]), ("c", [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6]),
            ("d", [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7]), ("e", [1, 1, 1, 4, 4, 4, 4]),
            ("f", [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3]),
        ] as [(String, [UInt64])])
    func figure7(name: String, terms: [UInt64]) {
        var pool = Pool(stored: [
            1: stored(voters(1, 2, 3), terms: Self.leaderTerms, term: 7), 2: stored(voters(1, 2, 3), terms: terms, term: 7),
            3: stored(voters(1, 2, 3), terms: Self.leaderTerms, term: 7),
        ])
        pool.elect(1)

        pool.elapse(300)

        #expect(pool.leader == server(1), "figure 7 (\(name))")
        #expect(pool[2].lastIndex == pool[1].lastIndex)
        for number in 1...pool[1].lastIndex.number { #expect(pool[2].entry(at: index(number)) == pool[1].entry(at: index(number))) }
        #expect(pool.violations == [])
    }

    @Test("figure 8: an entry of an earlier term is not committed by counting (hazard B4)")
    func figure8() {
        // (c): S1 leads again, in term 4; its entry of term 2 is on a majority, its entry of term 4 is not.
        var leader = node(1, stored(voters(1, 2, 3, 4, 5), terms: [2], term: 3))
        _ = leader.lead(with: 2, 3)

        let counted =
            leader.hear(.appendAccepted(matchIndex: index(2)), term: 4, from: 2, at: instant(1_000))
            + leader.hear(.appendAccepted(matchIndex: index(2)), term: 4, from: 3, at: instant(1_000))
        // (e): once an entry of term 4 is on a majority, both are committed.
        let own =
            leader.hear(.appendAccepted(matchIndex: index(3)), term: 4, from: 2, at: instant(1_000))
            + leader.hear(.appendAccepted(matchIndex: index(3)), term: 4, from: 3, at: instant(1_000))

        #expect(counted.appliedEntries == [])
        #expect(own.appliedEntries.map(\.term) == [Term(1), Term(2), Term(4)])
    }

    @Test("figure 8 (d): an entry of an earlier term on a majority may still be overwritten, and nothing was lost by it (hazard B4)")
    func figure8Overwritten() {
        // S1 had replicated its entry of term 2 to a majority in term 4 and died; S5 holds one of term 3 at the same index.
        var pool = Pool(stored: [
            1: stored(voters(1, 2, 3, 4, 5), terms: [2, 4], term: 4), 2: stored(voters(1, 2, 3, 4, 5), terms: [2], term: 4),
            3: stored(voters(1, 2, 3, 4, 5), terms: [2], term: 4), 4: stored(voters(1, 2, 3, 4, 5), terms: [], term: 4),
            5: stored(voters(1, 2, 3, 4, 5), terms: [3], term: 4),
        ])
        pool.crash(server(1))

        pool.elect(5)
        pool.elapse(200)
        let leader = pool.leader
        pool.start(server(1))
        pool.elapse(500)

        #expect(leader == server(5))
        for number in 1...5 as ClosedRange<UInt64> { #expect(pool[number].entry(at: index(2))?.term == Term(3), "server \(number)") }
        #expect(pool.committed[index(2)]?.term == Term(3))
        #expect(pool.violations == [])
    }

    @Test("figure 6: followers learn what is committed and apply the same, in order")
    func figure6() {
        var pool = Pool(voters(1, 2, 3, 4, 5))
        pool.elect(1)
        pool.cut(4, 5)
        for number in 1...5 { pool.propose("x\(number)", at: 1) }
        pool.settle()
        let behind = pool[4].commitIndex

        pool.heal()
        pool.elapse(500)

        #expect(behind < pool[1].commitIndex)
        #expect(pool.servers.allSatisfy { pool.nodes[$0]?.appliedIndex == index(7) })
        #expect(pool.violations == [])
    }

    @Test("figure 2: a message of a later term makes a leader a follower, one of an earlier term is refused")
    func figure2Terms() {
        var leader = node(1)
        _ = leader.lead(with: 2, 3)

        let earlier = leader.hear(.append(previousIndex: .zero, previousTerm: .zero, entries: [], commit: .zero), term: 1, from: 2)
        let later = leader.hear(.appendRefused(previousIndex: .zero, hintIndex: .zero, hintTerm: .zero), term: 5, from: 2)

        #expect(earlier.bodies(to: 2) == [.appendRefused(previousIndex: .zero, hintIndex: .zero, hintTerm: .zero)])
        #expect(earlier.sent.map(\.term) == [Term(2)])
        #expect(later.contains(.statusChanged(RaftStatus(role: .follower, term: Term(5), leader: nil))))
        #expect(later.writes.map(\.hardState) == [RaftHardState(term: Term(5), votedFor: nil)])
    }

    @Test("figure 2: a follower refuses entries that do not continue its log, and says where they could (Raft §5.3)")
    func figure2Consistency() {
        var follower = node(1, stored(voters(1, 2, 3), terms: [2, 2, 3, 3], term: 3))

        let gap = follower.hear(.append(previousIndex: index(9), previousTerm: Term(4), entries: [], commit: .zero), term: 4, from: 2)
        let conflict = follower.hear(
            .append(previousIndex: index(5), previousTerm: Term(2), entries: [], commit: .zero), term: 4, from: 2)

        #expect(gap.bodies(to: 2) == [.appendRefused(previousIndex: index(9), hintIndex: index(5), hintTerm: Term(3))])
        #expect(conflict.bodies(to: 2) == [.appendRefused(previousIndex: index(5), hintIndex: index(3), hintTerm: Term(2))])
    }
}
