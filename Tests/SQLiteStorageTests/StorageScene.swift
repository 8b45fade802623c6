import AgentCore
import AgentPorts
import Foundation
import PoolModel
import RaftCore
import SQLiteStorage
import Synchronization

/// A folder of its own, mode 0700, removed with the object.
final class TemporaryFolder: Sendable {
    let path: String
    var database: String { path + "/pool.sqlite" }

    init() throws {
        // In memory where possible: what a disk does is simulated, so the real one's syncs would only cost time.
        let isMemoryThere = FileManager.default.isWritableFile(atPath: "/dev/shm")
        path = (isMemoryThere ? "/dev/shm/" : NSTemporaryDirectory()) + "ovm-storage-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func create(_ initial: RaftStoredState<PoolEntry> = .empty) throws -> SQLitePoolStorage {
        try SQLitePoolStorage.create(path: database, coding: SimpleEntryCoding(), initial: initial)
    }

    func open(limits: StorageLimits = StorageLimits()) throws -> SQLitePoolStorage {
        try SQLitePoolStorage(path: database, coding: SimpleEntryCoding(), limits: limits)
    }

    /// What the database holds when it is opened anew.
    func reopened() throws -> StoredContent {
        let storage = try open()
        defer { storage.close() }
        return StoredContent(try storage.load())
    }

    /// What an operator does who has looked at a disk that had refused to store something.
    func removeRefusalMark() throws { try FileManager.default.removeItem(atPath: database + ".refused") }

    /// What keeps the database from being opened.
    func refusedBefore() -> StorageError { .refusedBefore(path: database, mark: database + ".refused") }

    /// The files as a process leaves them that is killed now: a second folder with copies of them.
    func copyAsIfKilled() throws -> TemporaryFolder {
        let copy = try TemporaryFolder()
        for name in try FileManager.default.contentsOfDirectory(atPath: path) {
            try FileManager.default.copyItem(atPath: path + "/" + name, toPath: copy.path + "/" + name)
        }
        return copy
    }
}

/// A `RaftStoredState` that can be compared.
struct StoredContent: Hashable {
    var hardState = RaftHardState.initial
    var snapshot: RaftSnapshot?
    var entries: [RaftEntry<PoolEntry>] = []

    init() {}

    init(_ state: RaftStoredState<PoolEntry>) {
        hardState = state.hardState
        snapshot = state.snapshot
        entries = state.entries
    }
}

/// The outcomes of writes, in the order in which they were told.
final class Outcomes: Sendable {
    struct Outcome: Hashable {
        let sequence: UInt64
        let error: StorageError?
    }

    private let told = Mutex<[Outcome]>([])
    private let open = DispatchGroup()

    var all: [Outcome] { told.withLock { $0 } }
    var acknowledged: [UInt64] { all.filter { $0.error == nil }.map(\.sequence) }
    var errors: [StorageError] { all.compactMap(\.error) }

    func issue(_ write: RaftWrite<PoolEntry>, to storage: SQLitePoolStorage) {
        open.enter()
        storage.write(write) { error in
            self.told.withLock { $0.append(Outcome(sequence: write.sequence, error: error)) }
            self.open.leave()
        }
    }

    /// Waits until each write has been told of.
    func wait() { open.wait() }
}

extension SQLitePoolStorage {
    /// Performs the writes one after the other, and returns their outcomes.
    func perform(_ writes: [RaftWrite<PoolEntry>]) -> Outcomes {
        let outcomes = Outcomes()
        for write in writes {
            outcomes.issue(write, to: self)
            outcomes.wait()
        }
        return outcomes
    }
}
