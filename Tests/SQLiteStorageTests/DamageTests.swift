import AgentPorts
import Foundation
import GRDB
import PoolModel
import RaftCore
import SQLiteStorage
import Testing

@Suite("Damage is refused with the row's name, never read as a shorter log (hazard B16)")
struct DamageTests {
    private let snapshot = RaftSnapshot(
        index: LogIndex(2), term: Term(1), configuration: RaftConfiguration(voters: [ServerID(1)]),
        data: [UInt8](repeating: 9, count: 5_000))

    /// A closed database: a snapshot at 2, entries 3 to 8, everything in the main file.
    private func closedDatabase() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try folder.create(
            RaftStoredState(
                hardState: RaftHardState(term: Term(1), votedFor: ServerID(1)), snapshot: snapshot,
                entries: (3...8).map { entry($0, term: 1, bytes: 700) })
        ).close()
        return folder
    }

    private func failure(of folder: TemporaryFolder) -> StorageError? {
        do {
            _ = try folder.reopened()
            return nil
        } catch {
            return error as? StorageError
        }
    }

    @Test("a flipped bit in the middle of a log row names the row")
    func namesDamagedRow() throws {
        let folder = try closedDatabase()
        var bytes = try Data(contentsOf: URL(fileURLWithPath: folder.database))
        // Entry 5 is filled with "f"; where a page was split, a copy of it may lie in unused space before or after it.
        let fillers = bytes.ranges(of: Data(repeating: UInt8(ascii: "f"), count: 700))
        try #require(!fillers.isEmpty)
        for filler in fillers { bytes[filler.lowerBound + 350] ^= 0x10 }
        try bytes.write(to: URL(fileURLWithPath: folder.database))

        #expect(failure(of: folder) == .damaged(path: folder.database, row: "log[5]"))
    }

    @Test(
        "whatever is changed in a row, its checksum or the log's reach tells",
        arguments: [
            ("UPDATE log SET term = 0 WHERE log_index = 4", "log[4]"), ("UPDATE log SET checksum = 1 WHERE log_index = 3", "log[3]"),
            ("UPDATE log SET bytes = 'text' WHERE log_index = 8", "log[8]"), ("DELETE FROM log WHERE log_index = 6", "log[6]"),
            ("DELETE FROM log WHERE log_index = 8", "log[8]"), ("DELETE FROM log WHERE log_index = 3", "log[3]"),
            ("DELETE FROM log", "log[3]"), ("UPDATE log SET log_index = 9 WHERE log_index = 8", "log[8]"),
            ("INSERT INTO log SELECT 9, term, bytes, checksum FROM log WHERE log_index = 8", "log[9]"),
            ("UPDATE snapshot SET data = zeroblob(5000)", "snapshot[2]"), ("UPDATE snapshot SET log_index = 1", "snapshot[2]"),
            ("DELETE FROM snapshot", "snapshot[2]"), ("UPDATE state SET voted_for = 2", "state[1]"),
            ("UPDATE state SET term = 9", "state[1]"), ("UPDATE state SET last_index = 7", "state[1]"),
            ("UPDATE state SET past_index = 1", "state[1]"), ("DELETE FROM state", "state[1]"),
            ("UPDATE state SET last_index = NULL", ""), ("PRAGMA application_id = 1", "header"), ("PRAGMA user_version = 0", "header"),
        ])
    func namesChangedRow(statement: String, row: String) throws {
        let folder = try closedDatabase()
        let database = try DatabaseQueue(path: folder.database)
        // What the schema itself refuses need not be found later.
        let isDone = (try? database.writeWithoutTransaction { try $0.execute(sql: statement) }) != nil
        try database.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        try database.close()

        #expect(isDone != row.isEmpty)
        #expect(failure(of: folder) == (isDone ? .damaged(path: folder.database, row: row) : nil))
    }

    @Test("a newer schema is refused with both numbers")
    func refusesNewerSchema() throws {
        let folder = try closedDatabase()
        let database = try DatabaseQueue(path: folder.database)
        try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA user_version = 7") }
        try database.close()

        #expect(failure(of: folder) == .schemaTooNew(found: 7, supported: 1))
    }

    @Test("a truncated file is refused", arguments: [0, 100, 4_096, 8_192, 12_288])
    func refusesTruncatedFile(size: Int) throws {
        let folder = try closedDatabase()
        let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.database))
        try #require(bytes.count > size)
        try bytes.prefix(size).write(to: URL(fileURLWithPath: folder.database))

        guard case .damaged(folder.database, _) = failure(of: folder) else {
            Issue.record("\(String(describing: failure(of: folder)))")
            return
        }
    }

    @Test("a file of garbage is refused")
    func refusesGarbage() throws {
        let folder = try closedDatabase()
        try Data((0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) }).write(to: URL(fileURLWithPath: folder.database))

        #expect(failure(of: folder) == .damaged(path: folder.database, row: "header"))
    }

    @Test("every byte of the database, flipped, is refused or does no harm")
    func survivesEveryFlip() throws {
        let folder = try closedDatabase()
        let sound = try folder.reopened()
        let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.database))
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededRandom(seed: seed)

        for _ in 0..<400 {
            let position = Int.random(in: 0..<bytes.count, using: &random)
            var damaged = bytes
            damaged[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            try damaged.write(to: URL(fileURLWithPath: folder.database))
            guard failure(of: folder) == nil else { continue }
            try damaged.write(to: URL(fileURLWithPath: folder.database))
            #expect(try folder.reopened() == sound, "seed \(seed), byte \(position)")
        }
    }
}
