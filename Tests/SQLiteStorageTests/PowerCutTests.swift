import AgentPorts
import Foundation
import RaftCore
import SQLiteStorage
import Testing

@Suite("A power cut at any step", .serialized)
struct PowerCutTests {
    /// Small enough for the workload to pass through checkpoints.
    private var limits: StorageLimits {
        var limits = StorageLimits()
        limits.idleCheckpointBytes = 96 * 1_024
        limits.forcedCheckpointBytes = 160 * 1_024
        return limits
    }

    /// Fixed seeds, so that a failure can be repeated, and one that nobody has tried before.
    private static let seeds: [UInt64] = [1, 2, UInt64.random(in: 0 ... .max)]

    @Test(
        "every acknowledged write is there after a power cut, in a prefix of what was asked; no snapshot without its index (hazards B5, B13)",
        arguments: seeds)
    func survivesPowerCut(seed: UInt64) throws {
        let template = try TemporaryFolder()
        try template.create().close()
        var step = 1
        var isReached = true

        while isReached {
            let folder = try template.copyAsIfKilled()
            var random = SeededRandom(seed: seed)
            let workload = Workload(count: 20, random: &random)
            let disk = FaultDisk(folder)
            disk.follow(FaultDisk.Plan(stopsAtStep: step))
            let outcomes = run(workload, on: folder, &random)
            isReached = disk.isStopped
            try disk.cutPower(&random)

            let found = try folder.reopened()
            expect(found, holds: workload, outcomes, "seed \(seed), step \(step)")
            step += 1
        }

        #expect(step > 50, "the workload must have steps to be cut at")
    }

    @Test("what was loaded after a process died is still there after a power cut: reading made it durable", arguments: seeds)
    func makesDurableWhatIsRead(seed: UInt64) throws {
        let template = try TemporaryFolder()
        try template.create().close()
        var step = 2
        var isReached = true

        while isReached {
            let folder = try template.copyAsIfKilled()
            var random = SeededRandom(seed: seed)
            let workload = Workload(count: 20, random: &random)
            let disk = FaultDisk(folder)
            disk.follow(FaultDisk.Plan(stopsAtStep: step))
            let outcomes = run(workload, on: folder, &random)
            isReached = disk.isStopped
            disk.restartProcess()

            let storage = try folder.open(limits: limits)
            let loaded = StoredContent(try storage.load())
            disk.follow(FaultDisk.Plan(stopsAtStep: disk.steps + 1))
            _ = storage.perform([RaftWrite(sequence: 1, hardState: .initial)])
            storage.close()
            try disk.cutPower(&random)

            expect(loaded, holds: workload, outcomes, "seed \(seed), step \(step), after the process died")
            let found = try folder.reopened()
            var withLastWrite = loaded
            withLastWrite.hardState = .initial
            #expect(found == loaded || found == withLastWrite, "seed \(seed), step \(step)")
            step += 3
        }
    }

    /// Opens, loads, works, closes, whatever goes wrong on the way.
    private func run(_ workload: Workload, on folder: TemporaryFolder, _ random: inout SeededRandom) -> Outcomes? {
        guard let storage = try? folder.open(limits: limits) else { return nil }
        defer { storage.close() }
        guard (try? storage.load()) != nil else { return nil }
        return workload.run(on: storage, random: &random)
    }

    private func expect(_ found: StoredContent, holds workload: Workload, _ outcomes: Outcomes?, _ comment: String) {
        let acknowledged = outcomes?.acknowledged ?? []
        #expect(acknowledged == Array(1..<UInt64(acknowledged.count + 1)), "\(comment): acknowledged out of order")
        let isPrefix = workload.contents[acknowledged.count...].contains(found)
        #expect(isPrefix, "\(comment): not a state at or after write \(acknowledged.count)")
    }
}
