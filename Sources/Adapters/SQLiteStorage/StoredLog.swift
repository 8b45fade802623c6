internal import AgentPorts
import GRDB
internal import PoolModel
internal import RaftCore

/// The rows of table `log`.
enum StoredLog {
    /// What the row of an entry carries to show that index, term and bytes belong together and are whole.
    static func checksum(index: LogIndex, term: Term, bytes: some Collection<UInt8>) -> Int64 {
        var checksum = RecordChecksum()
        checksum.add(index.number)
        checksum.add(term.number)
        checksum.add(bytes)
        return checksum.value
    }

    /// Reads every entry after the snapshot, up to the last that `record` promises.
    ///
    /// - Throws: `.damaged`, naming the first row that is missing, out of place or not what was written (hazard B16).
    static func fetch(
        from database: Database, record: StateRecord, snapshotTerm: Term, coding: any EntryCoding, path: String
    ) throws -> [RaftEntry<PoolEntry>] {
        var entries: [RaftEntry<PoolEntry>] = []
        var next = (record.snapshotIndex ?? .zero).next
        var term = snapshotTerm
        do {
            let rows = try Row.fetchCursor(database, sql: "SELECT log_index, term, bytes, checksum FROM log ORDER BY log_index")
            while let row = try rows.next() {
                guard let entry = entry(in: row, coding: coding), entry.index == next, entry.term >= term,
                    entry.index <= record.lastIndex
                else { throw StorageError.damaged(path: path, row: "log[\(next)]") }
                entries.append(entry)
                term = entry.term
                next = next.next
            }
        } catch let error as DatabaseError {
            throw StorageError(error, path: path, row: "log[\(next)]")
        }
        guard next == record.lastIndex.next else { throw StorageError.damaged(path: path, row: "log[\(next)]") }
        return entries
    }

    /// Nil when the row is not, whole, what was written.
    private static func entry(in row: Row, coding: any EntryCoding) -> RaftEntry<PoolEntry>? {
        guard let index = row.number(0), let term = row.number(1), let bytes = row.blob(2), let found = row.number(3),
            checksum(index: LogIndex(index), term: Term(term), bytes: bytes) == Int64(bitPattern: found),
            let entry = coding.decode([UInt8](bytes)), entry.index == LogIndex(index), entry.term == Term(term)
        else { return nil }
        return entry
    }
}
