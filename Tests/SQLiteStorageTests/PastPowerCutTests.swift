import AgentPorts
import PoolModel
import RaftCore
import SQLiteStorage
import Testing

@Suite("A power cut while the past is moved on", .serialized)
struct PastPowerCutTests {
    /// What can be read of the past: the snapshot that it begins with, and the entries from there to the log's end.
    private struct Past: Hashable {
        var snapshot: RaftSnapshot?
        var entries: [UInt64]
    }

    private static func snapshot(_ index: UInt64) -> RaftSnapshot {
        RaftSnapshot(
            index: LogIndex(index), term: Term(1), configuration: RaftConfiguration(voters: [ServerID(1)]),
            data: [UInt8](repeating: UInt8(index), count: 30_000))
    }

    private static let writes: [RaftWrite<PoolEntry>] = [
        RaftWrite(sequence: 1, entries: (1...6).map { entry($0, term: 1) }), RaftWrite(sequence: 2, snapshot: snapshot(4)),
        RaftWrite(sequence: 3, entries: (7...12).map { entry($0, term: 1) }), RaftWrite(sequence: 4, snapshot: snapshot(8)),
        RaftWrite(sequence: 5, snapshot: snapshot(20), snapshotReplacesLog: true),
        RaftWrite(sequence: 6, entries: [entry(21, term: 1), entry(22, term: 1)]), RaftWrite(sequence: 7, snapshot: snapshot(21)),
    ]

    /// `pasts[n]` is what stands after the write with sequence n.
    private static let pasts = [
        Past(entries: []), Past(entries: Array(1...6)), Past(entries: Array(1...6)), Past(entries: Array(1...12)),
        Past(snapshot: snapshot(4), entries: Array(5...12)), Past(snapshot: snapshot(20), entries: []),
        Past(snapshot: snapshot(20), entries: [21, 22]), Past(snapshot: snapshot(20), entries: [21, 22]),
    ]

    private func past(in folder: TemporaryFolder) async throws -> Past {
        let storage = try folder.open()
        defer { storage.close() }
        let content = StoredContent(try storage.load())
        let last = content.entries.last?.index ?? content.snapshot?.index ?? .zero
        var first = LogIndex(1)
        // The first index kept is told by whoever asks for one too early.
        do throws(PastError) {
            _ = try await storage.pastBeginning(before: .zero)
        } catch {
            guard case .notKept(let kept) = error else { throw error }
            first = kept
        }
        let beginning = try await storage.pastBeginning(before: first)
        var entries: [UInt64] = []
        var base = beginning.snapshot?.index ?? .zero
        while base < last {
            entries += try await storage.pastEntries(after: base, through: last).map(\.index.number)
            base = LogIndex(entries.last ?? last.number)
        }
        return Past(snapshot: beginning.snapshot, entries: entries)
    }

    @Test("leaves the past of before or of after the write, whole, and never older than was acknowledged")
    func survivesPowerCut() async throws {
        let template = try TemporaryFolder()
        try template.create().close()
        var step = 1
        var isReached = true

        while isReached {
            let folder = try template.copyAsIfKilled()
            var random = SeededRandom(seed: UInt64(step))
            let disk = FaultDisk(folder)
            disk.follow(FaultDisk.Plan(stopsAtStep: step))
            let acknowledged = perform(on: folder)
            isReached = disk.isStopped
            try disk.cutPower(&random)

            let found = try await past(in: folder)
            #expect(Self.pasts[acknowledged...].contains(found), "step \(step), after write \(acknowledged)")
            step += 1
        }

        #expect(step > 30, "the writes must have steps to be cut at")
    }

    /// - Returns: how many writes were acknowledged.
    private func perform(on folder: TemporaryFolder) -> Int {
        guard let storage = try? folder.open() else { return 0 }
        defer { storage.close() }
        guard (try? storage.load()) != nil else { return 0 }
        return storage.perform(Self.writes).acknowledged.count
    }
}
