import AgentPorts
import Foundation
import GRDB
import PoolModel
import RaftCore
import SQLiteStorage
import Testing

@Suite("The past that storage keeps")
struct PastTests {
    private let members = RaftConfiguration(voters: [ServerID(1)])

    private func snapshot(_ index: UInt64, term: UInt64 = 1, bytes: Int = 3) -> RaftSnapshot {
        RaftSnapshot(
            index: LogIndex(index), term: Term(term), configuration: members, data: [UInt8](repeating: UInt8(index), count: bytes))
    }

    /// Entries 1 to 12, with snapshots at 4 and 8.
    private func compacted(_ folder: TemporaryFolder) throws -> SQLitePoolStorage {
        let storage = try folder.create()
        _ = storage.perform([
            RaftWrite(sequence: 1, entries: (1...6).map { entry($0, term: 1) }), RaftWrite(sequence: 2, snapshot: snapshot(4)),
            RaftWrite(sequence: 3, entries: (7...12).map { entry($0, term: 1) }), RaftWrite(sequence: 4, snapshot: snapshot(8)),
        ])
        return storage
    }

    private func damage(_ folder: TemporaryFolder) throws {
        let database = try DatabaseQueue(path: folder.database)
        try database.writeWithoutTransaction {
            try $0.execute(sql: "UPDATE log SET checksum = 1 WHERE log_index = 6; UPDATE snapshot SET term = 9 WHERE log_index = 4")
        }
        try database.close()
    }

    private func refusal(_ body: () async throws(PastError) -> Void) async -> PastError? {
        do throws(PastError) {
            try await body()
            return nil
        } catch {
            return error
        }
    }

    @Test("before the first snapshot it begins with the log")
    func beginsWithTheLog() async throws {
        let folder = try TemporaryFolder()
        let storage = try folder.create()
        defer { storage.close() }
        _ = storage.perform([RaftWrite(sequence: 1, entries: (1...3).map { entry($0, term: 1) })])

        #expect(try await storage.pastBeginning(before: LogIndex(2)) == PastBeginning(snapshot: nil, first: LogIndex(1)))
        #expect(try await storage.pastEntries(after: .zero, through: LogIndex(2)) == [entry(1, term: 1), entry(2, term: 1)])
    }

    @Test("after a snapshot it still reaches back to the log's beginning, and the log itself does not")
    func keepsWhatTheFirstSnapshotStandsFor() async throws {
        let folder = try TemporaryFolder()
        let storage = try folder.create()
        _ = storage.perform([
            RaftWrite(sequence: 1, entries: (1...5).map { entry($0, term: 1) }), RaftWrite(sequence: 2, snapshot: snapshot(4)),
        ])
        defer { storage.close() }

        #expect(try await storage.pastBeginning(before: LogIndex(3)) == PastBeginning(snapshot: nil, first: LogIndex(1)))
        #expect(try await storage.pastEntries(after: .zero, through: LogIndex(5)) == (1...5).map { entry($0, term: 1) })
        let loaded = StoredContent(try storage.load())
        #expect(loaded.snapshot == snapshot(4))
        #expect(loaded.entries == [entry(5, term: 1)])
    }

    @Test("with the next snapshot it begins with the former one, also after a restart")
    func beginsWithTheFormerSnapshot() async throws {
        let folder = try TemporaryFolder()
        try compacted(folder).close()
        let storage = try folder.open()
        defer { storage.close() }
        _ = try storage.load()

        #expect(try await storage.pastBeginning(before: LogIndex(7)) == PastBeginning(snapshot: snapshot(4), first: LogIndex(4)))
        #expect(try await storage.pastBeginning(before: LogIndex(4)).snapshot == snapshot(4))
        #expect(try await storage.pastBeginning(before: LogIndex(8)).snapshot == snapshot(8))
        #expect(try await storage.pastEntries(after: LogIndex(4), through: LogIndex(12)) == (5...12).map { entry($0, term: 1) })
    }

    @Test("what lies before it is refused with the first index that is kept, what lies after the log with its last")
    func namesItsBounds() async throws {
        let folder = try TemporaryFolder()
        let storage = try compacted(folder)
        defer { storage.close() }

        let early = await refusal { () throws(PastError) in _ = try await storage.pastBeginning(before: LogIndex(3)) }
        let never = await refusal { () throws(PastError) in _ = try await storage.pastBeginning(before: .zero) }
        let dropped = await refusal { () throws(PastError) in _ = try await storage.pastEntries(after: LogIndex(3), through: LogIndex(5)) }
        let late = await refusal { () throws(PastError) in _ = try await storage.pastEntries(after: LogIndex(8), through: LogIndex(13)) }

        #expect(early == .notKept(first: LogIndex(4)))
        #expect(never == .notKept(first: LogIndex(4)))
        #expect(dropped == .notKept(first: LogIndex(4)))
        #expect(late == .notStored(last: LogIndex(12)))
    }

    @Test("a leader's snapshot that the log does not lead to leaves no past behind", arguments: [(6, true), (20, true), (20, false)])
    func endsWithAForeignSnapshot(index: UInt64, replacesLog: Bool) async throws {
        let folder = try TemporaryFolder()
        let storage = try folder.create()
        defer { storage.close() }
        _ = storage.perform([
            RaftWrite(sequence: 1, entries: (1...6).map { entry($0, term: 1) }), RaftWrite(sequence: 2, snapshot: snapshot(4)),
            RaftWrite(sequence: 3, entries: (7...8).map { entry($0, term: 1) }),
            RaftWrite(sequence: 4, snapshot: snapshot(index, term: 2), snapshotReplacesLog: replacesLog),
            RaftWrite(sequence: 5, entries: [entry(index + 1, term: 2)]),
        ])

        let refused = await refusal { () throws(PastError) in _ = try await storage.pastBeginning(before: LogIndex(index - 1)) }

        #expect(refused == .notKept(first: LogIndex(index)))
        #expect(try await storage.pastBeginning(before: LogIndex(index + 1)).snapshot == snapshot(index, term: 2))
        #expect(try await storage.pastEntries(after: LogIndex(index), through: LogIndex(index + 1)) == [entry(index + 1, term: 2)])
    }

    @Test("what is dropped leaves no rows behind")
    func dropsWithTheNextSnapshot() throws {
        let folder = try TemporaryFolder()
        try compacted(folder).close()

        let database = try DatabaseQueue(path: folder.database)
        let snapshots = try database.read { try Int.fetchAll($0, sql: "SELECT log_index FROM snapshot ORDER BY log_index") }
        let entries = try database.read { try Int.fetchAll($0, sql: "SELECT log_index FROM log ORDER BY log_index") }

        #expect(snapshots == [4, 8])
        #expect(entries == Array(5...12))
    }

    @Test("a long past comes in pieces, of which each has an entry at least")
    func comesInPieces() async throws {
        let folder = try TemporaryFolder()
        let storage = try folder.create()
        defer { storage.close() }
        _ = storage.perform([
            RaftWrite(sequence: 1, entries: (1...1_100).map { entry($0, term: 1) }),
            RaftWrite(sequence: 2, entries: (1_101...1_103).map { entry($0, term: 1, bytes: 900_000) }),
        ])
        var pieces: [Int] = []
        var last = LogIndex.zero

        while last < LogIndex(1_103) {
            let piece = try await storage.pastEntries(after: last, through: LogIndex(1_103))
            pieces.append(piece.count)
            last = try #require(piece.last?.index)
        }

        #expect(pieces == [512, 512, 78, 1])
    }

    @Test("it can be read while writes wait, and the writes go on", .timeLimit(.minutes(1)))
    func isReadBetweenWrites() async throws {
        let folder = try TemporaryFolder()
        try folder.create().close()
        var limits = StorageLimits()
        limits.writesInTransaction = 1
        let storage = try folder.open(limits: limits)
        defer { storage.close() }
        let outcomes = Outcomes()
        for index in UInt64(1)...400 { outcomes.issue(RaftWrite(sequence: index, entries: [entry(index, term: 1)]), to: storage) }

        var isReached = false
        while !isReached {
            do throws(PastError) {
                isReached = try await !storage.pastEntries(after: .zero, through: LogIndex(1)).isEmpty
            } catch {
                #expect(error == .notStored(last: .zero))
            }
        }
        let acknowledgedMeanwhile = outcomes.acknowledged.count
        outcomes.wait()

        #expect(acknowledgedMeanwhile < 400)
        #expect(outcomes.acknowledged == Array(1...400))
    }

    @Test("a damaged row of the past is named, and neither keeps the agent from starting nor its storage from writing")
    func toleratesDamage() async throws {
        let folder = try TemporaryFolder()
        try compacted(folder).close()
        try damage(folder)
        let storage = try folder.open()
        defer { storage.close() }
        let loaded = StoredContent(try storage.load())
        #expect(loaded.entries.count == 4)

        let entries = await refusal { () throws(PastError) in _ = try await storage.pastEntries(after: LogIndex(4), through: LogIndex(8)) }
        let beginning = await refusal { () throws(PastError) in _ = try await storage.pastBeginning(before: LogIndex(6)) }

        #expect(entries == .failed(.damaged(path: folder.database, row: "log[6]")))
        #expect(beginning == .failed(.damaged(path: folder.database, row: "snapshot[4]")))
        let outcomes = storage.perform([RaftWrite(sequence: 1, entries: [entry(13, term: 1)])])
        #expect(outcomes.acknowledged == [1])
    }

    @Test("nothing is read after closing")
    func refusesAfterClose() async throws {
        let folder = try TemporaryFolder()
        let storage = try compacted(folder)
        storage.close()

        let refused = await refusal { () throws(PastError) in _ = try await storage.pastBeginning(before: LogIndex(8)) }

        #expect(refused == .failed(.cannotOpen(path: folder.database, reason: "it was closed")))
    }
}
