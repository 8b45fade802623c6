package import AgentPorts
package import CoreMetrics
import CSQLite
import Dispatch
import NIOConcurrencyHelpers
package import PoolModel
package import RaftCore

/// Raft's log, hard state and snapshot in one SQLite database, written by one thread with group commit.
package final class SQLitePoolStorage: StoragePort {
    let path: String
    let coding: any EntryCoding
    private let files: StorageFiles
    private let connection: StorageConnection
    /// The storage's own thread.
    private let writer = DispatchQueue(label: "pool-storage", qos: .userInitiated)
    /// A lock that the thread sanitizer sees through; to it, Synchronization's Mutex on Linux is none when it is contended.
    private let queue: NIOLockedValueBox<WriteQueue>
    private let limits: StorageLimits
    private let counters: StorageMetrics

    /// Opens the database at `path` and locks it until `close`.
    ///
    /// - Parameters:
    ///   - path: absolute; the file must be there, mode 0600, in a folder of mode 0700.
    ///   - factory: knows ``countedMetrics``.
    package init(
        path: String, coding: any EntryCoding, limits: StorageLimits = StorageLimits(),
        factory: any MetricsFactory = NOOPMetricsHandler.instance
    ) throws(StorageError) {
        let files = StorageFiles(path: path)
        try files.requirePrivacy()
        try files.requireNoRefusal()
        self.path = path
        self.files = files
        self.coding = coding
        self.limits = limits
        counters = StorageMetrics(factory)
        queue = NIOLockedValueBox(WriteQueue(limit: limits.queuedWrites))
        connection = try StorageConnection(files, coding: coding, isNew: false)
    }

    /// Everything that was stored, made durable anew before it is returned: what was only read may never have reached the disk.
    package func load() throws(StorageError) -> RaftStoredState<PoolEntry> {
        let result = writer.sync { () -> Result<RaftStoredState<PoolEntry>, StorageError> in
            if let failure = queue.withLockedValue({ $0.failure }) { return .failure(failure) }
            do throws(StorageError) {
                try connection.makeDurable()
                return .success(try connection.read())
            } catch {
                fail(error)
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Queues a write; `completion` is called from the storage's own thread, in the order of the writes.
    package func write(_ write: RaftWrite<PoolEntry>, completion: @escaping @Sendable (StorageError?) -> Void) {
        let mustWake = queue.withLockedValue { $0.add(write, completion) }
        if mustWake { writer.async { self.drain() } }
    }

    /// Runs `body` on the storage's own thread, after the writes that were asked for before, and between two transactions.
    func readInTurn(_ body: @escaping @Sendable (Result<StorageConnection, PastError>) -> Void) {
        writer.async {
            if let failure = self.queue.withLockedValue({ $0.failure }) { return body(.failure(.failed(failure))) }
            body(.success(self.connection))
        }
    }

    /// Waits for the queue to drain and closes the files. A write after that fails.
    package func close() {
        writer.sync {
            while performNext() {}
            let failure = queue.withLockedValue { $0.failure }
            // After a failure not even this is tried: the disk may have dropped pages that it calls clean (hazard B17).
            if failure == nil { attempt { () throws(StorageError) in try connection.makeDurable() } }
            attempt { () throws(StorageError) in try connection.close() }
            fail(.cannotOpen(path: path, reason: "it was closed"))
        }
    }

    /// Performs one transaction, and comes back for the next behind those who wait to read.
    private func drain() {
        if performNext() { writer.async { self.drain() } }
    }

    /// - Returns: whether there may be more to do.
    private func performNext() -> Bool {
        if let batch = queue.withLockedValue({ $0.take(limits.writesInTransaction) }) {
            perform(batch)
            checkpoint(from: limits.forcedCheckpointBytes)
            return true
        }
        checkpoint(from: limits.idleCheckpointBytes)
        return !queue.withLockedValue { $0.rest() }
    }

    private func perform(_ batch: [WriteQueue.Item]) {
        if queue.withLockedValue({ $0.failure }) == nil {
            attempt { () throws(StorageError) in
                if batch.contains(where: { $0.write == nil }) { throw .inputOutput(path: path, code: SQLITE_NOMEM) }
                let writes = batch.compactMap(\.write)
                let (start, bytes) = (ContinuousClock.now, connection.writeAheadLogBytes)
                try connection.commit(writes)
                counters.committed(writes, logBytes: connection.writeAheadLogBytes - bytes, in: ContinuousClock.now - start)
            }
        }
        let failure = queue.withLockedValue { $0.failure }
        for item in batch { item.completion(failure) }
    }

    private func checkpoint(from bytes: Int) {
        let isDue = connection.writeAheadLogBytes >= bytes && queue.withLockedValue { $0.failure } == nil
        guard isDue else { return }
        attempt { () throws(StorageError) in
            try connection.checkpoint()
            counters.checkpointed()
        }
    }

    /// Does `work`; its failure becomes the storage's.
    private func attempt(_ work: () throws(StorageError) -> Void) {
        do throws(StorageError) { try work() } catch { fail(error) }
    }

    /// The first failure stands for ever.
    private func fail(_ error: StorageError) {
        let isFirst = queue.withLockedValue { queue in
            defer { queue.failure = queue.failure ?? error }
            return queue.failure == nil
        }
        // Before anybody hears of it: however this process ends then, the next one must not begin as if nothing had been.
        if isFirst, error.isRefusalOfDisk { files.markRefusal() }
    }
}
