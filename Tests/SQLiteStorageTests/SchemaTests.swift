import Foundation
import GRDB
import PoolModel
import RaftCore
import SQLiteStorage
import Testing

/// The tables of every released schema, kept for ever: a later agent must go on reading them.
@Suite("Schemas")
struct SchemaTests {
    /// Schema 1 with a snapshot at 2 and the entries 3 and 4, checksums included.
    private static let first = """
        PRAGMA application_id = 1331055952;
        CREATE TABLE log (log_index INTEGER PRIMARY KEY, term INTEGER NOT NULL, bytes BLOB NOT NULL, checksum INTEGER NOT NULL);
        CREATE TABLE snapshot (log_index INTEGER PRIMARY KEY, term INTEGER NOT NULL, \
        configuration BLOB NOT NULL, data BLOB NOT NULL, checksum INTEGER NOT NULL);
        CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), term INTEGER NOT NULL, voted_for INTEGER, \
        snapshot_index INTEGER, last_index INTEGER NOT NULL, past_index INTEGER NOT NULL, checksum INTEGER NOT NULL);
        INSERT INTO log VALUES (3, 1, X'03000000000000000100000000000000000000000000000000', 1881286625);
        INSERT INTO log VALUES (4, 2, X'04000000000000000200000000000000000000000000000000', 3357458142);
        INSERT INTO snapshot VALUES (2, 1, X'0101000000000000000000', X'C0FFEE', 1893080602);
        INSERT INTO state VALUES (1, 2, 3, 2, 4, 2, 1050213857);
        PRAGMA user_version = 1;
        """

    private let content: StoredContent = {
        var content = StoredContent()
        content.hardState = RaftHardState(term: Term(2), votedFor: ServerID(3))
        content.snapshot = RaftSnapshot(
            index: LogIndex(2), term: Term(1), configuration: RaftConfiguration(voters: [ServerID(1)]), data: [0xC0, 0xFF, 0xEE])
        content.entries = [
            RaftEntry(index: LogIndex(3), term: Term(1), content: .noOperation, size: 0),
            RaftEntry(index: LogIndex(4), term: Term(2), content: .noOperation, size: 0),
        ]
        return content
    }()

    @Test("a database of schema 1 is read")
    func readsFirstSchema() throws {
        let folder = try TemporaryFolder()
        let database = try DatabaseQueue(path: folder.database)
        try database.writeWithoutTransaction { try $0.execute(sql: Self.first) }
        try database.close()
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder.database)

        #expect(try folder.reopened() == content)
    }

    @Test("a new database has the tables of schema 1, and is marked as a pool database")
    func createsFirstSchema() throws {
        let folder = try TemporaryFolder()
        try folder.create().close()

        let database = try DatabaseQueue(path: folder.database)
        let tables = try database.read { try String.fetchAll($0, sql: "SELECT sql FROM sqlite_master ORDER BY name") }
        let mark = try database.read { try Int.fetchOne($0, sql: "PRAGMA application_id") }
        let version = try database.read { try Int.fetchOne($0, sql: "PRAGMA user_version") }

        #expect(tables.count == 3)
        for table in tables { #expect(Self.first.contains(table + ";")) }
        #expect(mark == 1_331_055_952)
        #expect(version == 1)
    }
}
