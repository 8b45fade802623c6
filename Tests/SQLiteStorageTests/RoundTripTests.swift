import AgentCore
import AgentPorts
import PoolModel
import RaftCore
import SQLiteStorage
import Testing

@Suite("What is written is read again")
struct RoundTripTests {
    private let members = RaftConfiguration(voters: [ServerID(1), ServerID(2)], outgoingVoters: [ServerID(3)], learners: [ServerID(4)])

    @Test("a new database holds what it was made with")
    func keepsInitialState() throws {
        let folder = try TemporaryFolder()
        let snapshot = RaftSnapshot(index: LogIndex(7), term: Term(3), configuration: members, data: [1, 2, 3])
        let initial = RaftStoredState<PoolEntry>(
            hardState: RaftHardState(term: Term(4), votedFor: ServerID(2)), snapshot: snapshot,
            entries: [
                RaftEntry(index: LogIndex(8), term: Term(3), content: .noOperation, size: 0),
                RaftEntry(index: LogIndex(9), term: Term(4), content: .configuration(members), size: 12),
            ])

        try folder.create(initial).close()

        #expect(try folder.reopened() == StoredContent(initial))
    }

    @Test("an empty database is empty when read")
    func keepsEmptyState() throws {
        let folder = try TemporaryFolder()
        let storage = try folder.create()
        defer { storage.close() }

        #expect(StoredContent(try storage.load()) == StoredContent())
    }

    @Test("hard state and entries survive a restart, the largest numbers included")
    func keepsEntries() throws {
        let folder = try TemporaryFolder()
        let storage = try folder.create()
        let hardState = RaftHardState(term: Term(.max), votedFor: ServerID(.max))

        let outcomes = storage.perform([
            RaftWrite(sequence: 1, hardState: RaftHardState(term: Term(1), votedFor: ServerID(1)), entries: [entry(1, term: 1)]),
            RaftWrite(sequence: 2, hardState: hardState), RaftWrite(sequence: 3, entries: [entry(2, term: 2), entry(3, term: .max)]),
        ])
        storage.close()

        #expect(outcomes.acknowledged == [1, 2, 3])
        let content = try folder.reopened()
        #expect(content.hardState == hardState)
        #expect(content.entries == [entry(1, term: 1), entry(2, term: 2), entry(3, term: .max)])
    }

    @Test("truncation removes the entries from there on, and others take their place in the same write")
    func truncates() throws {
        let folder = try TemporaryFolder()
        let storage = try folder.create()

        let outcomes = storage.perform([
            RaftWrite(sequence: 1, entries: (1...5).map { entry($0, term: 1) }),
            RaftWrite(sequence: 2, truncateFrom: LogIndex(3), entries: [entry(3, term: 2)]),
            RaftWrite(sequence: 3, truncateFrom: LogIndex(9)),
        ])
        storage.close()

        #expect(outcomes.acknowledged == [1, 2, 3])
        #expect(try folder.reopened().entries == [entry(1, term: 1), entry(2, term: 1), entry(3, term: 2)])
    }

    @Test("a snapshot of one's own takes the place of the entries up to its index")
    func compacts() throws {
        let folder = try TemporaryFolder()
        let storage = try folder.create()
        let snapshot = RaftSnapshot(index: LogIndex(3), term: Term(1), configuration: members, data: [UInt8](repeating: 7, count: 300_000))

        let outcomes = storage.perform([
            RaftWrite(sequence: 1, entries: (1...5).map { entry($0, term: 1) }), RaftWrite(sequence: 2, snapshot: snapshot),
            RaftWrite(sequence: 3, entries: [entry(6, term: 1)]),
        ])
        storage.close()

        #expect(outcomes.acknowledged == [1, 2, 3])
        let content = try folder.reopened()
        #expect(content.snapshot == snapshot)
        #expect(content.entries == [entry(4, term: 1), entry(5, term: 1), entry(6, term: 1)])
    }

    @Test("a leader's snapshot that the log does not continue replaces the whole log (hazard B12)", arguments: [3, 9])
    func installs(index: UInt64) throws {
        let folder = try TemporaryFolder()
        let storage = try folder.create()
        let snapshot = RaftSnapshot(index: LogIndex(index), term: Term(2), configuration: members, data: [])

        let outcomes = storage.perform([
            RaftWrite(sequence: 1, entries: (1...5).map { entry($0, term: 1) }),
            RaftWrite(sequence: 2, snapshot: snapshot, snapshotReplacesLog: true),
            RaftWrite(sequence: 3, entries: [entry(index + 1, term: 2)]),
        ])
        storage.close()

        #expect(outcomes.acknowledged == [1, 2, 3])
        let content = try folder.reopened()
        #expect(content.snapshot == snapshot)
        #expect(content.entries == [entry(index + 1, term: 2)])
    }

    @Test("writes that are queued at once are told of in their order")
    func keepsOrder() throws {
        let folder = try TemporaryFolder()
        let storage = try folder.create()
        let outcomes = Outcomes()

        for index in UInt64(1)...500 { outcomes.issue(RaftWrite(sequence: index, entries: [entry(index, term: 1)]), to: storage) }
        storage.close()

        #expect(outcomes.acknowledged == Array(1...500))
        #expect(try folder.reopened().entries.map(\.index.number) == Array(1...500))
    }

    @Test("a write after closing is refused")
    func refusesAfterClose() throws {
        let folder = try TemporaryFolder()
        let storage = try folder.create()
        storage.close()
        storage.close()

        let outcomes = storage.perform([RaftWrite(sequence: 1, entries: [entry(1, term: 1)])])

        #expect(outcomes.errors == [.cannotOpen(path: folder.database, reason: "it was closed")])
    }

    @Test("more writes than may wait end the storage, in order")
    func boundsTheQueue() throws {
        let folder = try TemporaryFolder()
        try folder.create().close()
        var limits = StorageLimits()
        limits.queuedWrites = 0
        let storage = try folder.open(limits: limits)

        let outcomes = storage.perform([RaftWrite(sequence: 1, entries: [entry(1, term: 1)])])
        storage.close()

        #expect(outcomes.errors == [.inputOutput(path: folder.database, code: 7)])
        #expect(try folder.reopened() == StoredContent())
    }
}
