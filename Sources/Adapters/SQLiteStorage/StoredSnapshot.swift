internal import AgentPorts
internal import Foundation
import GRDB
internal import PoolModel
internal import RaftCore

/// The rows of table `snapshot`: the one that the log goes on from, and the one that the past begins with.
enum StoredSnapshot {
    /// A row as it stands, to be checked and decoded where that holds up nobody.
    struct Raw: Sendable {
        let index: LogIndex
        let term: Term
        let configuration: Data
        let data: Data
        let checksum: Int64

        /// - Throws: `.damaged` when the row is not, whole, what was written.
        func snapshot(coding: any EntryCoding, path: String) throws(StorageError) -> RaftSnapshot {
            let expected = StoredSnapshot.checksum(index: index, term: term, configuration: configuration, data: data)
            guard expected == checksum, let decoded = coding.decodeConfiguration([UInt8](configuration)) else {
                throw .damaged(path: path, row: StoredSnapshot.row(index))
            }
            return RaftSnapshot(index: index, term: term, configuration: decoded, data: [UInt8](data))
        }
    }

    static func row(_ index: LogIndex) -> String { "snapshot[\(index)]" }

    static func store(_ snapshot: RaftSnapshot, in database: Database, coding: any EntryCoding) throws {
        let configuration = coding.encode(snapshot.configuration)
        let checksum = checksum(index: snapshot.index, term: snapshot.term, configuration: configuration, data: snapshot.data)
        // Not cached: the statement would hold on to a copy of the whole state.
        try database.execute(
            sql: "INSERT OR REPLACE INTO snapshot (log_index, term, configuration, data, checksum) VALUES (?, ?, ?, ?, ?)",
            arguments: [
                Int64(bitPattern: snapshot.index.number), Int64(bitPattern: snapshot.term.number), Data(configuration),
                Data(snapshot.data), checksum,
            ])
    }

    static func remove(before index: LogIndex, from database: Database) throws {
        try database.execute(sql: "DELETE FROM snapshot WHERE log_index < ?", arguments: [Int64(bitPattern: index.number)])
    }

    /// Reads the snapshot that `record` promises, or none if it promises none.
    static func fetch(from database: Database, record: StateRecord, coding: any EntryCoding, path: String) throws -> RaftSnapshot? {
        guard let index = record.snapshotIndex else { return nil }
        return try fetch(at: index, from: database, path: path).snapshot(coding: coding, path: path)
    }

    /// Reads the row of the snapshot at `index`, which must be there.
    static func fetch(at index: LogIndex, from database: Database, path: String) throws -> Raw {
        let select = "SELECT term, configuration, data, checksum FROM snapshot WHERE log_index = ?"
        guard let stored = try Row.fetchOne(database, sql: select, arguments: [Int64(bitPattern: index.number)]),
            let term = stored.number(0), let configuration = stored.blob(1), let data = stored.blob(2), let found = stored.number(3)
        else { throw StorageError.damaged(path: path, row: row(index)) }
        return Raw(index: index, term: Term(term), configuration: configuration, data: data, checksum: Int64(bitPattern: found))
    }

    private static func checksum(
        index: LogIndex, term: Term, configuration: some Collection<UInt8>, data: some Collection<UInt8>
    ) -> Int64 {
        var checksum = RecordChecksum()
        checksum.add(index.number)
        checksum.add(term.number)
        checksum.add(configuration)
        checksum.add(data)
        return checksum.value
    }
}
