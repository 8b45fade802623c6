import AgentPorts
import Foundation
import RaftCore
import SQLiteStorage
import Testing

@Suite("A disk that fails", .serialized)
struct FailingDiskTests {
    @Test("after a failed sync nothing is acknowledged, written or synced again (hazard B17)", arguments: 3...14)
    func endsAtFailedSync(sync: Int) throws {
        let folder = try TemporaryFolder()
        try folder.create().close()
        var random = SeededRandom(seed: UInt64(sync))
        let workload = Workload(count: 40, random: &random)
        let disk = FaultDisk(folder)
        let storage = try folder.open()
        _ = try storage.load()
        disk.follow(FaultDisk.Plan(failsAtSync: disk.syncs + sync))

        let outcomes = workload.run(on: storage, random: &random)
        storage.close()

        #expect(Set(outcomes.errors) == [.inputOutput(path: folder.database, code: SQLiteCode.syncFailed)])
        #expect(outcomes.acknowledged == Array(1..<UInt64(outcomes.acknowledged.count + 1)))
        #expect(outcomes.all.drop { $0.error == nil }.allSatisfy { $0.error != nil })
        #expect(disk.stepsSinceFailedSync == 0)
        #expect(throws: folder.refusedBefore()) { try folder.open() }
        #expect(disk.stepsSinceFailedSync == 0)
        try disk.cutPower(&random)
        try folder.removeRefusalMark()
        #expect(workload.contents[outcomes.acknowledged.count...].contains(try folder.reopened()))
    }

    @Test("a sync that fails while loading is an error, and nothing is loaded")
    func refusesToLoadWithoutSync() throws {
        let folder = try TemporaryFolder()
        try folder.create().close()
        let disk = FaultDisk(folder)
        let storage = try folder.open()
        disk.follow(FaultDisk.Plan(failsAtSync: disk.syncs + 1))

        #expect(throws: StorageError.inputOutput(path: folder.database, code: SQLiteCode.syncFailed)) { try storage.load() }

        #expect(throws: StorageError.inputOutput(path: folder.database, code: SQLiteCode.syncFailed)) { try storage.load() }
        #expect(storage.perform([RaftWrite(sequence: 1, hardState: .initial)]).acknowledged == [])
        storage.close()
        #expect(throws: folder.refusedBefore()) { try folder.open() }
    }

    @Test("a checkpoint whose sync fails ends the storage too")
    func endsAtFailedCheckpoint() throws {
        let folder = try TemporaryFolder()
        try folder.create().close()
        let disk = FaultDisk(folder)
        var limits = StorageLimits()
        // After every transaction, before the next one.
        limits.forcedCheckpointBytes = 0
        let storage = try folder.open(limits: limits)
        _ = try storage.load()
        // The header of the log, the transaction, the log before it is copied: the fourth sync is the database's.
        disk.follow(FaultDisk.Plan(failsAtSync: disk.syncs + 4))

        let outcomes = storage.perform([
            RaftWrite(sequence: 1, entries: [entry(1, term: 0)]), RaftWrite(sequence: 2, entries: [entry(2, term: 0)]),
        ])
        storage.close()

        #expect(outcomes.acknowledged == [1])
        #expect(outcomes.errors == [.inputOutput(path: folder.database, code: SQLiteCode.syncFailed)])
        #expect(throws: folder.refusedBefore()) { try folder.open() }
        try folder.removeRefusalMark()
        #expect(try folder.reopened().entries == [entry(1, term: 0)])
    }

    @Test("a full disk is told as such, and what was acknowledged before stands", arguments: [1, 2, 5, 9, 20])
    func tellsFullDisk(step: Int) throws {
        let folder = try TemporaryFolder()
        try folder.create().close()
        var random = SeededRandom(seed: UInt64(step))
        let workload = Workload(count: 40, random: &random)
        let disk = FaultDisk(folder)
        let storage = try folder.open()
        _ = try storage.load()
        disk.follow(FaultDisk.Plan(isFullFromStep: disk.steps + step))

        let outcomes = workload.run(on: storage, random: &random)
        storage.close()

        #expect(Set(outcomes.errors) == [.diskFull(path: folder.database)])
        disk.restartProcess()
        #expect(workload.contents[outcomes.acknowledged.count...].contains(try folder.reopened()))
    }

    @Test(
        "a file system without space says so and keeps what was acknowledged",
        .enabled(if: SmallFileSystem.canMount, "mounting is not permitted"))
    func fillsFileSystem() throws {
        let fileSystem = try SmallFileSystem()
        let path = fileSystem.folder.path + "/disk/pool.sqlite"
        let storage = try SQLitePoolStorage.create(path: path, coding: SimpleEntryCoding(), initial: .empty)

        let outcomes = storage.perform((1...200).map { RaftWrite(sequence: $0, entries: [entry($0, term: 0, bytes: 50_000)]) })
        storage.close()

        #expect(Set(outcomes.errors) == [.diskFull(path: path)])
        #expect(outcomes.acknowledged.count > 10)
        let freed = try fileSystem.moveAway(path)
        #expect(try freed.reopened().entries.count >= outcomes.acknowledged.count)
    }

    @Test("writes that wait together share one sync (group commit)")
    func sharesSyncs() throws {
        let folder = try TemporaryFolder()
        try folder.create().close()
        let disk = FaultDisk(folder)
        let storage = try folder.open()
        let before = disk.syncs
        let outcomes = Outcomes()

        for index in UInt64(1)...2_000 { outcomes.issue(RaftWrite(sequence: index, entries: [entry(index, term: 0)]), to: storage) }
        outcomes.wait()

        #expect(outcomes.acknowledged.count == 2_000)
        #expect(disk.syncs - before < 1_000)
        storage.close()
    }

    @Test("each write that is waited for costs one sync, and none is acknowledged without")
    func syncsEachWrite() throws {
        let folder = try TemporaryFolder()
        try folder.create().close()
        let disk = FaultDisk(folder)
        let storage = try folder.open()
        _ = storage.perform([RaftWrite(sequence: 1, entries: [entry(1, term: 0)])])
        let before = disk.syncs

        let outcomes = storage.perform((2...11).map { RaftWrite(sequence: $0, entries: [entry($0, term: 0)]) })

        #expect(outcomes.acknowledged.count == 10)
        #expect(disk.syncs - before == 10)
        storage.close()
    }
}
