import AgentPorts
import PoolModel
import PrometheusMetrics
import RaftCore
import SQLiteStorage
import Testing

@Suite("What storage counts")
struct MetricsTests {
    @Test("transactions, their writes, entries, bytes and snapshots count once they are durable, and checkpoints when they are made")
    func counts() async throws {
        let folder = try TemporaryFolder()
        try folder.create().close()
        let store = MetricStore(SQLitePoolStorage.countedMetrics)
        var limits = StorageLimits()
        limits.forcedCheckpointBytes = 1
        let storage = try SQLitePoolStorage(path: folder.database, coding: SimpleEntryCoding(), limits: limits, factory: store)
        let before = await figures(store)
        let snapshot = RaftSnapshot(
            index: LogIndex(1), term: Term(1), configuration: RaftConfiguration(voters: [ServerID(1)]), data: [1, 2, 3])

        let outcomes = storage.perform([
            RaftWrite(sequence: 1, entries: [entry(1, term: 1), entry(2, term: 1)]), RaftWrite(sequence: 2, entries: [entry(3, term: 1)]),
            RaftWrite(sequence: 3, snapshot: snapshot),
        ])
        let sizes = await figures(storage)
        storage.close()

        let after = await figures(store)
        #expect(outcomes.acknowledged == [1, 2, 3])
        #expect(before.values.allSatisfy { $0 == 0 }, "\(before)")
        #expect(after["ovm_storage_transaction_seconds"] == 3 && after["ovm_storage_transaction_writes"] == 3)
        #expect(after["ovm_storage_entries_written_total"] == 3)
        #expect(after["ovm_storage_snapshots_total"] == 1)
        #expect((after["ovm_storage_written_bytes_total"] ?? 0) > 0)
        #expect((after["ovm_storage_checkpoints_total"] ?? 0) >= 1)
        #expect((sizes["ovm_storage_database_bytes"] ?? 0) > 0 && sizes["ovm_storage_wal_bytes"] != nil)
    }

    @Test("a write that fails counts nothing")
    func countsNoFailure() async throws {
        let folder = try TemporaryFolder()
        try folder.create().close()
        let store = MetricStore(SQLitePoolStorage.countedMetrics)
        let storage = try SQLitePoolStorage(path: folder.database, coding: SimpleEntryCoding(), factory: store)
        storage.close()

        let outcomes = storage.perform([RaftWrite(sequence: 1, entries: [entry(1, term: 1)])])

        #expect(outcomes.errors.count == 1)
        #expect(await figures(store)["ovm_storage_entries_written_total"] == 0)
    }

    /// The values by metric: of a histogram the number of its observations.
    private func figures(_ source: some MetricsSource) async -> [String: Double] {
        var figures: [String: Double] = [:]
        for table in await source.metrics() {
            figures[table.family.name] = table.rows.reduce(0) { sum, row in
                switch row.value {
                case .number(let number): sum + number
                case .histogram(let counts, _): sum + Double(counts.reduce(0, +))
                }
            }
        }
        return figures
    }
}
