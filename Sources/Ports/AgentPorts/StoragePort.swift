import AgentCore
package import PoolModel
package import RaftCore

/// Stable storage of one agent: Raft's log, hard state and snapshot.
package protocol StoragePort: Sendable {
    /// Everything that was stored, made durable anew before it is returned: what was only read may never have reached the disk.
    func load() throws(StorageError) -> RaftStoredState<PoolEntry>

    /// Queues a write. Writes are performed in order; those that queue while the disk syncs share the next sync (group commit).
    ///
    /// - Parameter completion: called once from the storage's own thread, after the write is durable or has failed.
    ///   After a failure every later write fails too: an fsync that failed is never tried again.
    func write(_ write: RaftWrite<PoolEntry>, completion: @escaping @Sendable (StorageError?) -> Void)

    /// Waits for the queue to drain and closes the files.
    func close()
}

/// Turns entries into bytes for storage, and back. WireFormat implements it.
package protocol EntryCoding: Sendable {
    func encode(_ entry: RaftEntry<PoolEntry>) -> [UInt8]
    func decode(_ bytes: [UInt8]) throws(EntryCodingError) -> RaftEntry<PoolEntry>
    func encode(_ configuration: RaftConfiguration) -> [UInt8]
    func decodeConfiguration(_ bytes: [UInt8]) -> RaftConfiguration?
}

/// Why bytes are no entry.
package enum EntryCodingError: Error, Hashable, Sendable {
    /// They are not what any agent wrote.
    case damaged
    /// A newer agent wrote them: `cause` is a sentence.
    case newer(cause: String)
}

/// What can go wrong with storage; each means that the agent ends and stays down until an operator acts.
package enum StorageError: Error, Hashable, Sendable {
    /// The file system of `path` has no space left.
    case diskFull(path: String)
    /// The disk refused a write or a sync: `code` is SQLite's extended result code.
    case inputOutput(path: String, code: Int32)
    /// The disk refused a write or a sync of an earlier run, and the file `mark`, which says so, is still there.
    case refusedBefore(path: String, mark: String)
    /// A newer agent (`found`) wrote the database than this one reads (`supported`).
    case schemaTooNew(found: Int, supported: Int)
    /// A stored record is damaged: `row` names table and key.
    case damaged(path: String, row: String)
    /// A newer agent wrote a stored record: `cause` says what is not known here.
    case recordTooNew(path: String, row: String, cause: String)
    /// Another process holds the database.
    case inUse(path: String)
    /// The file or its folder cannot be opened: `reason` is the system's.
    case cannotOpen(path: String, reason: String)

    /// One sentence for what happened, one for what to do.
    package var message: String {
        switch self {
        case .diskFull(let path):
            "The pool database \(path) cannot grow: its file system is full. Free space, then restart the agent."
        case .inputOutput(let path, let code):
            """
            The disk refused to store the pool database \(path) (SQLite code \(code)). \
            Check the disk before you restart the agent: what it acknowledged may not have been written.
            """
        case .refusedBefore(let path, let mark):
            """
            The disk refused to store the pool database \(path) before, so what is read of it now may never have reached the disk. \
            Check the disk, reboot the server so that nothing is read from memory, and remove \(mark); if the disk is bad, remove the \
            server from the pool, then join it anew.
            """
        case .schemaTooNew(let found, let supported):
            """
            The pool database has schema \(found), but this agent reads up to \(supported). \
            Install the agent version that wrote it; never downgrade a pool member.
            """
        case .damaged(let path, let row):
            """
            The pool database \(path) is damaged at \(row). \
            Remove this server from the pool, then join it anew with an empty data directory.
            """
        case .recordTooNew(let path, let row, let cause):
            """
            \(row) in the pool database \(path) was written by a newer agent: \(cause) \
            Install the newest agent version on this server, then start it again.
            """
        case .inUse(let path):
            "The pool database \(path) is in use by another process. Stop the agent that runs on this data directory first."
        case .cannotOpen(let path, let reason):
            "The pool database \(path) cannot be opened: \(reason). Check the path and its permissions, then start the agent again."
        }
    }
}
