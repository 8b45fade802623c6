import PoolModel
import RaftCore
import Testing

@Suite("What a node counts of what happened to it")
struct CountTests {
    @Test("an election counts where it was stood for and won, and everywhere that a leader was learnt")
    func countsElections() {
        var pool = Pool(voters(1, 2, 3))

        pool.elect(1)
        pool.elapse(1_000)
        let first = pool.servers.map { pool[$0.number].counts }
        pool.cut(1)
        pool.elapse(5_000)
        pool.heal()
        pool.elapse(2_000)

        #expect(first.map(\.electionsBegun) == [1, 0, 0])
        #expect(first.map(\.electionsWon) == [1, 0, 0])
        #expect(first.map(\.leaderChanges) == [1, 1, 1])
        let counts = pool.servers.map { pool[$0.number].counts }
        // The one that was cut off asked before it stood, and nobody let it.
        #expect(counts[0].electionsBegun == 1)
        #expect(counts.map(\.electionsWon).reduce(0, +) >= 2)
        #expect(counts.allSatisfy { $0.leaderChanges >= 2 })
    }

    @Test("a proposal to who does not lead counts as refused there; one that is taken counts nowhere")
    func countsRefusals() {
        var pool = Pool(voters(1, 2, 3))
        pool.elect(1)

        pool.propose("taken", at: 1)
        pool.settle()
        let token = pool.propose("refused", at: 2)
        pool.settle()

        #expect(pool.refusal(of: token) != nil)
        #expect(pool.servers.map { pool[$0.number].counts.proposalsRefused } == [0, 1, 0])
    }

    @Test("a snapshot of its own that takes the place of entries counts, one that a leader sent does not")
    func countsCompactions() {
        var pool = Pool(voters(1, 2, 3))
        pool.elect(1)
        pool.cut(3)
        for number in 1...5 { pool.propose("\(number)", at: 1) }
        pool.settle()

        pool.compact(1)
        pool.compact(2)
        pool.heal()
        pool.elapse(2_000)

        #expect(pool.servers.map { pool[$0.number].counts.compactions } == [1, 1, 0])
        #expect(pool[3].appliedIndex == pool[1].appliedIndex)
    }
}
