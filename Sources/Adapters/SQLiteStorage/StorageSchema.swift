internal import AgentPorts
import GRDB

/// The tables of the pool database, numbered; `user_version` holds the number.
enum StorageSchema {
    /// The newest schema that this agent reads and writes.
    static let version = migrations.count
    /// Marks the file as ours (`PRAGMA application_id`): "OVMP".
    private static let applicationID = 0x4F56_4D50

    /// `migrations[n]` turns schema n into schema n + 1. Released ones never change.
    private static let migrations: [String] = [
        """
        CREATE TABLE log (log_index INTEGER PRIMARY KEY, term INTEGER NOT NULL, bytes BLOB NOT NULL, checksum INTEGER NOT NULL);
        CREATE TABLE snapshot (log_index INTEGER PRIMARY KEY, term INTEGER NOT NULL, \
        configuration BLOB NOT NULL, data BLOB NOT NULL, checksum INTEGER NOT NULL);
        CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), term INTEGER NOT NULL, voted_for INTEGER, \
        snapshot_index INTEGER, last_index INTEGER NOT NULL, past_index INTEGER NOT NULL, checksum INTEGER NOT NULL);
        """
    ]

    /// Makes the tables of a new, empty database.
    static func create(in database: Database) throws {
        try database.execute(sql: "PRAGMA application_id = \(applicationID)")
        try migrate(database, from: 0)
    }

    /// Refuses what is not ours or too new; brings what is older up to date.
    static func bringUpToDate(_ database: Database, path: String) throws {
        let found = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        let mark = try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        guard mark == applicationID, found > 0 else { throw StorageError.damaged(path: path, row: "header") }
        guard found <= version else { throw StorageError.schemaTooNew(found: found, supported: version) }
        try migrate(database, from: found)
    }

    private static func migrate(_ database: Database, from found: Int) throws {
        for number in found..<version {
            // The number changes in the transaction that changes the tables: a crash between the two cannot happen.
            try database.inTransaction(.immediate) {
                try database.execute(sql: migrations[number])
                try database.execute(sql: "PRAGMA user_version = \(number + 1)")
                return .commit
            }
        }
    }
}
