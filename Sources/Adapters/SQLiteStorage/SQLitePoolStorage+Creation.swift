package import AgentPorts
package import PoolModel
package import RaftCore

extension SQLitePoolStorage {
    /// Makes the database of a server that founds or joins a pool, and opens it.
    ///
    /// It is made under another name and appears under `path` whole: a crash leaves either no database or a complete one.
    ///
    /// - Parameters:
    ///   - path: absolute, in a folder of mode 0700.
    ///   - initial: what the server begins with.
    /// - Throws: `.cannotOpen` when a database is there already; it is never replaced.
    package static func create(
        path: String, coding: any EntryCoding, initial: RaftStoredState<PoolEntry>, limits: StorageLimits = StorageLimits()
    ) throws(StorageError) -> SQLitePoolStorage {
        let files = StorageFiles(path: path)
        try files.requireFolderPrivacy()
        guard try !files.exist() else {
            throw .cannotOpen(path: path, reason: "it belongs to a pool already and is never overwritten")
        }
        let draft = StorageFiles(path: path + ".new")
        try draft.remove()
        try draft.createEmpty()
        let connection = try StorageConnection(draft, coding: coding, isNew: true)
        try connection.initialize(with: initial)
        try connection.makeDurable()
        try connection.close()
        try draft.publish(as: files)
        return try SQLitePoolStorage(path: path, coding: coding, limits: limits)
    }
}
