package import AgentPorts
import CoreMetrics
import Glibc
import PoolModel
import RaftCore

/// What storage counts of its transactions.
struct StorageMetrics: Sendable {
    private let transaction: Timer
    private let group: Recorder
    private let entries: Counter
    private let bytes: Counter
    private let snapshots: Counter
    private let checkpoints: Counter

    init(_ factory: any MetricsFactory) {
        transaction = Timer(label: Self.transactionFamily.name, factory: factory)
        group = Recorder(label: Self.groupFamily.name, factory: factory)
        entries = Counter(label: Self.entriesFamily.name, factory: factory)
        bytes = Counter(label: Self.bytesFamily.name, factory: factory)
        snapshots = Counter(label: Self.snapshotsFamily.name, factory: factory)
        checkpoints = Counter(label: Self.checkpointsFamily.name, factory: factory)
    }

    /// Counts writes that became durable together.
    func committed(_ writes: [RaftWrite<PoolEntry>], logBytes: Int, in time: Duration) {
        transaction.recordNanoseconds(time.components.seconds * 1_000_000_000 + time.components.attoseconds / 1_000_000_000)
        group.record(writes.count)
        entries.increment(by: writes.reduce(0) { $0 + $1.entries.count })
        bytes.increment(by: logBytes)
        snapshots.increment(by: writes.count { $0.snapshot != nil })
    }

    func checkpointed() { checkpoints.increment() }

    // MARK: Names

    static let counted = [transactionFamily, groupFamily, entriesFamily, bytesFamily, snapshotsFamily, checkpointsFamily]

    private static let transactionFamily = MetricFamily(
        "ovm_storage_transaction_seconds", .histogram(bounds: MetricFamily.secondBounds),
        "How long one transaction took until it was on stable storage, its sync included")
    private static let groupFamily = MetricFamily(
        "ovm_storage_transaction_writes", .histogram(bounds: MetricFamily.countBounds), "Writes that shared one transaction and its sync")
    private static let entriesFamily = MetricFamily("ovm_storage_entries_written_total", .counter, "Log entries that became durable")
    private static let bytesFamily = MetricFamily(
        "ovm_storage_written_bytes_total", .counter, "Bytes that transactions put into the write-ahead log")
    private static let snapshotsFamily = MetricFamily("ovm_storage_snapshots_total", .counter, "Snapshots that became durable")
    private static let checkpointsFamily = MetricFamily(
        "ovm_storage_checkpoints_total", .counter, "Times that the write-ahead log was copied into the database")
    static let databaseSize = MetricFamily("ovm_storage_database_bytes", .gauge, "Size of the pool database's file")
    static let writeAheadLogSize = MetricFamily("ovm_storage_wal_bytes", .gauge, "Size of the file of the write-ahead log")
}

extension SQLitePoolStorage: MetricsSource {
    /// What this storage counts under; to be declared where its factory keeps it.
    package static var countedMetrics: [MetricFamily] { StorageMetrics.counted }

    package func metrics() async -> [MetricTable] {
        let files = StorageFiles(path: path)
        return [
            MetricTable(StorageMetrics.databaseSize, Self.size(of: files.path)),
            MetricTable(StorageMetrics.writeAheadLogSize, Self.size(of: files.writeAheadLog)),
        ]
    }

    /// In bytes; nil where there is no such file.
    private static func size(of file: String) -> Double? {
        var status = stat()
        return stat(file, &status) == 0 ? Double(status.st_size) : nil
    }
}
