internal import AgentPorts
import CSQLite
import GRDB
internal import PoolModel
internal import RaftCore
import Synchronization

/// The one connection to the pool database. No other process, and no other connection, gets in beside it.
final class StorageConnection: Sendable {
    /// The write-ahead log is cut back to this size, in bytes, when it begins anew.
    private static let keptWriteAheadLogBytes = 64 * 1_024 * 1_024

    private let files: StorageFiles
    private let coding: any EntryCoding
    private let database: DatabaseQueue
    /// Frames (pages) in the write-ahead log since its last checkpoint.
    private let frames = WriteAheadLogFrames()

    /// Opens the database and locks it.
    ///
    /// - Parameter isNew: whether `files` is an empty file, to be given its tables.
    init(_ files: StorageFiles, coding: any EntryCoding, isNew: Bool) throws(StorageError) {
        self.files = files
        self.coding = coding
        var configuration = Configuration()
        configuration.label = "pool-database"
        configuration.foreignKeysEnabled = false
        configuration.prepareDatabase { database in
            // Before the first page is read: then the lock is taken with that read and kept, and no shared memory is used.
            try database.execute(sql: "PRAGMA locking_mode = EXCLUSIVE")
            let code = ovm_disable_checkpoint_on_close(database.sqliteConnection)
            guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
        }
        let finished = configuration
        let frames = frames
        database = try StorageError.translating(path: files.path, row: "header") {
            let queue = try DatabaseQueue(path: files.path, configuration: finished)
            try queue.writeWithoutTransaction { database in
                try Self.prepare(database, files, isNew: isNew)
                frames.watch(database)
            }
            return queue
        }
    }

    private static func prepare(_ database: Database, _ files: StorageFiles, isNew: Bool) throws {
        // The lock is held by now, so nobody writes while the write-ahead log is looked through.
        if !isNew { try WriteAheadLogCheck.refuseDamage(in: files) }
        try database.execute(
            sql: """
                PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = \(keptWriteAheadLogBytes);
                PRAGMA secure_delete = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;
                """)
        if isNew { try database.execute(sql: "PRAGMA auto_vacuum = NONE; PRAGMA page_size = 4096") }
        let journal = try String.fetchOne(database, sql: "PRAGMA journal_mode = WAL")
        // Set here and not while opening: GRDB sets its own after the preparations of a connection, and a level other
        // than FULL would acknowledge writes that a power cut takes back.
        try database.execute(sql: "PRAGMA synchronous = FULL")
        let level = try Int.fetchOne(database, sql: "PRAGMA synchronous")
        guard journal == "wal", level == 2 else {
            throw StorageError.cannotOpen(path: files.path, reason: "SQLite offers no write-ahead log with full syncs here")
        }
        if isNew { try StorageSchema.create(in: database) } else { try StorageSchema.bringUpToDate(database, path: files.path) }
    }

    /// Bytes in the write-ahead log since its last checkpoint.
    var writeAheadLogBytes: Int { frames.count * 4_096 }

    /// Stores the first state of a new database.
    func initialize(with state: RaftStoredState<PoolEntry>) throws(StorageError) {
        let write = RaftWrite(sequence: 1, hardState: state.hardState, snapshot: state.snapshot, entries: state.entries)
        try transaction([write]) { _ in .empty }
    }

    /// Performs `writes` in one transaction; when this returns, all are on stable storage.
    func commit(_ writes: [RaftWrite<PoolEntry>]) throws(StorageError) {
        let path = files.path
        try transaction(writes) { database in try StateRecord.fetch(from: database, path: path) }
    }

    private func transaction(
        _ writes: [RaftWrite<PoolEntry>], from record: (Database) throws -> StateRecord
    ) throws(StorageError) {
        try StorageError.translating(path: files.path, row: "log") {
            try database.writeWithoutTransaction { database in
                try database.inTransaction(.immediate) {
                    var transaction = StorageTransaction(database, record: try record(database), coding: coding)
                    for write in writes { try transaction.perform(write) }
                    try transaction.finish()
                    return .commit
                }
            }
        }
    }

    /// Copies the write-ahead log into the database file and syncs that; the log then begins anew over its old place.
    func checkpoint() throws(StorageError) { try checkpoint(.passive) }

    /// Brings to stable storage all that can be read, whether or not an earlier run got that far.
    func makeDurable() throws(StorageError) {
        try checkpoint(.truncate)
        try StorageError.translating(path: files.path, row: "header") {
            try database.writeWithoutTransaction { database in
                let code = ovm_sync_database_file(database.sqliteConnection)
                guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
            }
        }
        try files.syncFolder()
    }

    private func checkpoint(_ mode: Database.CheckpointMode) throws(StorageError) {
        try StorageError.translating(path: files.path, row: "header") {
            _ = try database.writeWithoutTransaction { database in try database.checkpoint(mode) }
        }
        frames.reset()
    }

    /// Reads and checks everything.
    func read() throws(StorageError) -> RaftStoredState<PoolEntry> {
        let path = files.path
        return try StorageError.translating(path: path, row: "header") {
            try database.writeWithoutTransaction { database in
                guard try String.fetchOne(database, sql: "PRAGMA quick_check(1)") == "ok" else {
                    throw StorageError.damaged(path: path, row: "quick_check")
                }
                let record = try StateRecord.fetch(from: database, path: path)
                let snapshot = try StoredSnapshot.fetch(from: database, record: record, coding: coding, path: path)
                let entries = try StoredLog.fetch(
                    from: database, record: record, snapshotTerm: snapshot?.term ?? .zero, coding: coding, path: path)
                return RaftStoredState(hardState: record.hardState, snapshot: snapshot, entries: entries)
            }
        }
    }

    /// The row from which a way to `index` begins, nil for the beginning of the log.
    func pastBeginning(before index: LogIndex) throws(PastError) -> (StateRecord, StoredSnapshot.Raw?) {
        try reading { database, record throws in
            let base = record.pastBase(of: index)
            guard let base, index >= LogIndex(1) else { throw PastError.notKept(first: max(record.pastIndex, LogIndex(1))) }
            guard base > .zero else { return (record, nil) }
            return (record, try StoredSnapshot.fetch(at: base, from: database, path: files.path))
        }
    }

    /// The rows after `base` through `last`, as many as go into one piece.
    func pastPiece(after base: LogIndex, through last: LogIndex) throws(PastError) -> [StoredLog.Raw] {
        try reading { database, record throws in
            // A snapshot that was taken since the last piece may have moved the past's beginning.
            guard base >= record.pastIndex else { throw PastError.notKept(first: max(record.pastIndex, LogIndex(1))) }
            guard last <= record.lastIndex else { throw PastError.notStored(last: record.lastIndex) }
            return try StoredLog.piece(after: base, through: last, from: database, path: files.path)
        }
    }

    private func reading<Value>(_ body: (Database, StateRecord) throws -> Value) throws(PastError) -> Value {
        let path = files.path
        let result: Result<Value, PastError>
        do throws(StorageError) {
            result = try StorageError.translating(path: path, row: "log") {
                try database.writeWithoutTransaction { database in
                    do {
                        return .success(try body(database, try StateRecord.fetch(from: database, path: path)))
                    } catch let error as PastError {
                        return .failure(error)
                    }
                }
            }
        } catch {
            throw .failed(error)
        }
        return try result.get()
    }

    /// Closes the files; nothing is written.
    func close() throws(StorageError) {
        try StorageError.translating(path: files.path, row: "header") { try database.close() }
    }
}
