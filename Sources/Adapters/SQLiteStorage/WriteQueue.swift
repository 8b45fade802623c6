internal import AgentPorts
internal import PoolModel
internal import RaftCore

/// The writes that wait for the disk, and what ended it.
struct WriteQueue: Sendable {
    struct Item: Sendable {
        /// Nil for a write that came when the queue was full, or after a failure: it only waits for its turn to be refused.
        let write: RaftWrite<PoolEntry>?
        let completion: @Sendable (StorageError?) -> Void
    }

    /// Why nothing is written any more.
    var failure: StorageError?
    private let limit: Int
    private var items: [Item] = []
    private var isWriterAwake = false

    init(limit: Int) { self.limit = limit }

    /// - Returns: whether the writer must be woken.
    mutating func add(_ write: RaftWrite<PoolEntry>, _ completion: @escaping @Sendable (StorageError?) -> Void) -> Bool {
        let isTaken = items.count < limit && failure == nil
        items.append(Item(write: isTaken ? write : nil, completion: completion))
        defer { isWriterAwake = true }
        return !isWriterAwake
    }

    /// The next writes in order, `count` at most: those for one transaction, or those to be refused. Nil when there are none.
    mutating func take(_ count: Int) -> [Item]? {
        guard let first = items.first else { return nil }
        let isRefusal = first.write == nil
        let batch = Array(items.prefix(count).prefix { ($0.write == nil) == isRefusal })
        items.removeFirst(batch.count)
        return batch
    }

    /// - Returns: whether the writer may rest, as nothing waits.
    mutating func rest() -> Bool {
        isWriterAwake = !items.isEmpty
        return items.isEmpty
    }
}
