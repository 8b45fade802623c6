internal import AgentPorts
internal import Foundation
import GRDB
internal import PoolModel
internal import RaftCore

/// The rows of table `log`: the past, up to the snapshot, and the log, after it.
enum StoredLog {
    /// A row as it stands, to be checked and decoded where that holds up nobody.
    struct Raw: Sendable {
        let index: LogIndex
        let term: Term
        let bytes: Data
        let checksum: Int64

        /// Nil when a column is not of its type.
        init?(_ row: Row) {
            guard let index = row.number(0), let term = row.number(1), let bytes = row.blob(2), let checksum = row.number(3) else {
                return nil
            }
            self.index = LogIndex(index)
            self.term = Term(term)
            self.bytes = bytes
            self.checksum = Int64(bitPattern: checksum)
        }

        /// - Throws: `.damaged` when the row is not, whole, what was written; `.recordTooNew` when it is, and cannot be read here.
        func entry(coding: any EntryCoding, path: String) throws(StorageError) -> RaftEntry<PoolEntry> {
            let row = StoredLog.row(index)
            guard StoredLog.checksum(index: index, term: term, bytes: bytes) == checksum else { throw .damaged(path: path, row: row) }
            do throws(EntryCodingError) {
                let entry = try coding.decode([UInt8](bytes))
                if entry.index == index, entry.term == term { return entry }
            } catch {
                if case .newer(let cause) = error { throw .recordTooNew(path: path, row: row, cause: cause) }
            }
            throw .damaged(path: path, row: row)
        }
    }

    static func row(_ index: LogIndex) -> String { "log[\(index)]" }

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
    /// - Throws: `.damaged`, naming the first row that is missing, out of place or not what was written (hazard B16);
    ///   `.recordTooNew`, naming the first that a newer agent wrote.
    static func fetch(
        from database: Database, record: StateRecord, snapshotTerm: Term, coding: any EntryCoding, path: String
    ) throws -> [RaftEntry<PoolEntry>] {
        var entries: [RaftEntry<PoolEntry>] = []
        let base = record.snapshotIndex ?? .zero
        var next = base.next
        var term = snapshotTerm
        do {
            let rows = try rows(after: base, from: database)
            while let row = try rows.next() {
                guard let raw = Raw(row), raw.index == next, raw.term >= term, raw.index <= record.lastIndex else {
                    throw StorageError.damaged(path: path, row: Self.row(next))
                }
                let entry = try raw.entry(coding: coding, path: path)
                entries.append(entry)
                term = entry.term
                next = next.next
            }
        } catch let error as DatabaseError {
            throw StorageError(error, path: path, row: row(next))
        }
        guard next == record.lastIndex.next else { throw StorageError.damaged(path: path, row: row(next)) }
        return entries
    }

    /// Reads the rows after `base` through `last`, as many as go into one piece: at least one.
    static func piece(after base: LogIndex, through last: LogIndex, from database: Database, path: String) throws -> [Raw] {
        var piece: [Raw] = []
        var bytes = 0
        do {
            let rows = try rows(after: base, from: database)
            while piece.count < PastLimits.entriesInPiece, bytes < PastLimits.bytesInPiece, base.advanced(by: piece.count) < last {
                let next = base.advanced(by: piece.count + 1)
                guard let row = try rows.next(), let raw = Raw(row), raw.index == next else {
                    throw StorageError.damaged(path: path, row: Self.row(next))
                }
                piece.append(raw)
                bytes += raw.bytes.count
            }
        } catch let error as DatabaseError {
            throw StorageError(error, path: path, row: row(base.advanced(by: piece.count + 1)))
        }
        return piece
    }

    private static func rows(after base: LogIndex, from database: Database) throws -> RowCursor {
        try Row.fetchCursor(
            database, sql: "SELECT log_index, term, bytes, checksum FROM log WHERE log_index > ? ORDER BY log_index",
            arguments: [Int64(bitPattern: base.number)])
    }
}

/// How much of the past is read in one turn: writes that wait get their turn between two pieces.
private enum PastLimits {
    static let entriesInPiece = 512
    static let bytesInPiece = 1_048_576
}
