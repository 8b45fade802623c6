import CSQLite
import GRDB
import Synchronization

/// How many frames SQLite has written to the write-ahead log since its last checkpoint.
final class WriteAheadLogFrames: Sendable {
    private let frames = Atomic<Int>(0)

    var count: Int { frames.load(ordering: .relaxed) }

    func reset() { frames.store(0, ordering: .relaxed) }

    /// Asks SQLite to tell after each commit. The object must outlive the connection.
    func watch(_ database: Database) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        sqlite3_wal_hook(
            database.sqliteConnection,
            { context, _, _, count in
                if let context {
                    Unmanaged<WriteAheadLogFrames>.fromOpaque(context).takeUnretainedValue().frames
                        .store(Int(count), ordering: .relaxed)
                }
                return SQLITE_OK
            }, context)
    }
}
