internal import AgentPorts
import Foundation
import GRDB
internal import PoolModel
internal import RaftCore

/// The row of table `snapshot`.
enum StoredSnapshot {
    private static let row = "snapshot[1]"

    static func store(_ snapshot: RaftSnapshot, in database: Database, coding: any EntryCoding) throws {
        let configuration = coding.encode(snapshot.configuration)
        let checksum = checksum(index: snapshot.index, term: snapshot.term, configuration: configuration, data: snapshot.data)
        // Not cached: the statement would hold on to a copy of the whole state.
        try database.execute(
            sql: "INSERT OR REPLACE INTO snapshot (id, log_index, term, configuration, data, checksum) VALUES (1, ?, ?, ?, ?, ?)",
            arguments: [
                Int64(bitPattern: snapshot.index.number), Int64(bitPattern: snapshot.term.number), Data(configuration),
                Data(snapshot.data), checksum,
            ])
    }

    /// Reads the snapshot that `record` promises, or none if it promises none.
    static func fetch(from database: Database, record: StateRecord, coding: any EntryCoding, path: String) throws -> RaftSnapshot? {
        let stored = try Row.fetchOne(database, sql: "SELECT log_index, term, configuration, data, checksum FROM snapshot WHERE id = 1")
        if stored == nil && record.snapshotIndex == nil { return nil }
        guard let stored, let index = stored.number(0), let term = stored.number(1), let configuration = stored.blob(2),
            let data = stored.blob(3), let found = stored.number(4), record.snapshotIndex == LogIndex(index)
        else { throw StorageError.damaged(path: path, row: row) }
        let snapshotIndex = LogIndex(index)
        let expected = checksum(index: snapshotIndex, term: Term(term), configuration: configuration, data: data)
        guard expected == Int64(bitPattern: found), let decoded = coding.decodeConfiguration([UInt8](configuration)) else {
            throw StorageError.damaged(path: path, row: row)
        }
        return RaftSnapshot(index: snapshotIndex, term: Term(term), configuration: decoded, data: [UInt8](data))
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
