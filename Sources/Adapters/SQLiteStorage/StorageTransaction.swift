internal import AgentPorts
import Foundation
import GRDB
internal import PoolModel
internal import RaftCore

/// Carries out Raft's writes within one transaction of SQLite.
struct StorageTransaction {
    private let database: Database
    private let coding: any EntryCoding
    private var record: StateRecord

    /// Begins with what `record` says is stored.
    init(_ database: Database, record: StateRecord, coding: any EntryCoding) {
        self.database = database
        self.coding = coding
        self.record = record
    }

    /// Performs one write: hard state, snapshot, truncation, entries, in this order.
    ///
    /// - Precondition: the entries continue the log, and a snapshot is not older than the stored one.
    mutating func perform(_ write: RaftWrite<PoolEntry>) throws {
        if let hardState = write.hardState { record.hardState = hardState }
        if let snapshot = write.snapshot { try replace(with: snapshot, andLog: write.snapshotReplacesLog) }
        if let first = write.truncateFrom { try truncate(from: first) }
        for entry in write.entries { try append(entry) }
    }

    /// Stores the hard state and the log's reach: the last step before COMMIT.
    func finish() throws { try record.store(in: database) }

    /// The snapshot stands for every entry up to its index. The former snapshot and the entries between the two stay as the past,
    /// where the log leads from one to the other; whatever is older goes.
    private mutating func replace(with snapshot: RaftSnapshot, andLog: Bool) throws {
        let stored = record.snapshotIndex ?? .zero
        precondition(snapshot.index >= stored, "a snapshot at \(snapshot.index) would replace the one at \(stored)")
        let isContinued = !andLog && snapshot.index <= record.lastIndex
        if !isContinued { record.pastIndex = snapshot.index } else if snapshot.index > stored { record.pastIndex = stored }
        let removal = try database.cachedStatement(sql: "DELETE FROM log WHERE log_index <= ?")
        let last = andLog ? max(record.lastIndex, snapshot.index) : record.pastIndex
        try removal.execute(arguments: [Int64(bitPattern: last.number)])
        try StoredSnapshot.remove(before: record.pastIndex, from: database)
        try StoredSnapshot.store(snapshot, in: database, coding: coding)
        record.snapshotIndex = snapshot.index
        record.lastIndex = andLog ? snapshot.index : max(record.lastIndex, snapshot.index)
    }

    private mutating func truncate(from first: LogIndex) throws {
        // What a snapshot stands for is committed, and the past is no part of the log.
        let first = max(first, (record.snapshotIndex ?? .zero).next)
        guard first <= record.lastIndex else { return }
        let removal = try database.cachedStatement(sql: "DELETE FROM log WHERE log_index >= ?")
        try removal.execute(arguments: [Int64(bitPattern: first.number)])
        record.lastIndex = first.previous
    }

    private mutating func append(_ entry: RaftEntry<PoolEntry>) throws {
        if let snapshotIndex = record.snapshotIndex, entry.index <= snapshotIndex { return }
        precondition(entry.index == record.lastIndex.next, "entry \(entry.index) was to follow \(record.lastIndex)")
        let bytes = coding.encode(entry)
        let insertion = try database.cachedStatement(sql: "INSERT INTO log (log_index, term, bytes, checksum) VALUES (?, ?, ?, ?)")
        try insertion.execute(arguments: [
            Int64(bitPattern: entry.index.number), Int64(bitPattern: entry.term.number), Data(bytes),
            StoredLog.checksum(index: entry.index, term: entry.term, bytes: bytes),
        ])
        record.lastIndex = entry.index
    }
}
