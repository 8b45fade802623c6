import AgentCore
import PoolModel
import PoolStateMachine
import RaftCore
import Testing

@testable import SimulationKit

@Suite("The simulated disk") struct DiskTests {
    private static func entry(_ number: UInt64, term: UInt64) -> RaftEntry<PoolEntry> {
        RaftEntry(index: LogIndex(number), term: Term(term), content: .noOperation, size: 0)
    }

    /// A log of two entries of term 1, and a batch of three writes under way: a vote, a truncation with what replaces it, more.
    private static var writing: SimulatedDisk {
        var disk = SimulatedDisk(
            RaftStoredState(
                hardState: RaftHardState(term: Term(1), votedFor: nil), snapshot: nil, entries: [entry(1, term: 1), entry(2, term: 1)]))
        disk.ask(RaftWrite(sequence: 1, hardState: RaftHardState(term: Term(2), votedFor: ServerID(2))))
        disk.ask(RaftWrite(sequence: 2, truncateFrom: LogIndex(2), entries: [entry(2, term: 2), entry(3, term: 2)]))
        disk.ask(RaftWrite(sequence: 3, entries: [entry(4, term: 2)]))
        return disk
    }

    @Test(
        "a power cut amid a batch keeps a prefix of its writes, each whole: never a truncation without what replaces it",
        arguments: [(0, 1, [1, 1]), (1, 2, [1, 1]), (2, 2, [1, 2, 2]), (3, 2, [1, 2, 2, 2])] as [(Int, UInt64, [UInt64])])
    func keepsPrefix(survivors: Int, term: UInt64, terms: [UInt64]) {
        var disk = Self.writing

        disk.crash(survivors: survivors)

        #expect(disk.hardState.term == Term(term))
        #expect(disk.entries.map(\.term) == terms.map { Term($0) })
        #expect(disk.pending.isEmpty)
    }
}

@Suite("The checks of rules") struct RuleCheckTests {
    @Test("a start that comes again is answered as before, places nothing, and breaks no rule that was made since")
    func repeatedStart() throws {
        let scene = PoolSimulation.scene(servers: 3)
        let elsewhere = try #require(scene.servers[ServerID(2)])
        for name in ["a", "b"] {
            try scene.create(name, on: [1])
            let id = try scene.machine(name).id
            scene.submit(.startMachine(id), to: elsewhere)
            scene.expect { $0.state.machines[id]?.status == .running }
        }
        let start = try #require(
            scene.checks.committed.last { entry in
                guard case .command(let command) = entry.content, case .startMachine = command.command else { return false }
                return true
            })
        let rule = RuleDefinition(
            name: try #require(RuleName("apart")), kind: .antiAffinity, strength: .hard,
            machines: [try scene.machine("a").name, try scene.machine("b").name])
        scene.submit(.createRule(rule), to: try #require(scene.servers[ServerID(3)]))
        scene.expect { $0.state.rulesInOrder.count == 1 }

        let again = RaftEntry(index: scene.checks.lastIndex.next, term: start.term, content: start.content, size: start.size)
        let (sentence, isNew) = scene.checks.commit(again, by: elsewhere.id, in: start.term)

        #expect(sentence == nil && isNew)
    }
}

@Suite("Quorums") struct QuorumTests {
    private static func plain(_ numbers: UInt64...) -> RaftConfiguration { RaftConfiguration(voters: numbers.map { ServerID($0) }) }

    @Test(
        "quorums of two configurations meet or do not",
        arguments: [
            (plain(1, 2, 3), plain(1, 2, 3), true), (plain(1, 2, 3), plain(1, 2, 3, 4), true), (plain(1, 2, 3), plain(1, 2, 4), false),
            (plain(1, 2, 3), plain(1, 2, 3, 4, 5), false), (plain(1), plain(1, 2), true), (plain(1), plain(2), false),
        ])
    func meet(one: RaftConfiguration, other: RaftConfiguration, isSo: Bool) {
        #expect(one.sharesEveryQuorum(with: other) == isSo)
        #expect(other.sharesEveryQuorum(with: one) == isSo)
    }

    @Test("a joint configuration meets both of its halves, however different they are")
    func jointMeets() {
        let (old, new) = (Self.plain(1, 2, 3), Self.plain(4, 5, 6, 7, 8))
        let joint = RaftConfiguration(voters: new.voters, outgoingVoters: old.voters)

        #expect(!old.sharesEveryQuorum(with: new))
        #expect(joint.sharesEveryQuorum(with: old) && joint.sharesEveryQuorum(with: new))
    }
}
