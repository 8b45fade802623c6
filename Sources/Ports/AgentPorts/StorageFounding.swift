package import PoolModel
package import RaftCore

/// Makes the stable storage of a server that founds or joins a pool.
package protocol StorageFounding: Sendable {
    /// Makes the storage at `path`, whole or not at all; what is there already is never replaced.
    func create(path: String, initial: RaftStoredState<PoolEntry>) throws(StorageError)
}
