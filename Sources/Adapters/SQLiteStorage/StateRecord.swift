internal import AgentPorts
import GRDB
internal import PoolModel
internal import RaftCore

/// The row of table `state`: the hard state, and how far snapshot, log and past reach.
///
/// The reach stands in a row of its own so that log rows lost at either end are noticed (hazard B16).
struct StateRecord: Hashable {
    var hardState: RaftHardState
    /// The snapshot's index; nil without a snapshot.
    var snapshotIndex: LogIndex?
    /// The last entry's index; the snapshot's, or 0, when the log is empty.
    var lastIndex: LogIndex
    /// Where the past begins: there is a snapshot here, or this is 0, and every entry from here to the snapshot is still stored. The
    /// snapshot's index, or 0, when nothing is kept of the past.
    var pastIndex: LogIndex

    static let empty = StateRecord(hardState: .initial, snapshotIndex: nil, lastIndex: .zero, pastIndex: .zero)

    private static let row = "state[1]"

    static func fetch(from database: Database, path: String) throws -> StateRecord {
        let select = try database.cachedStatement(
            sql: "SELECT term, voted_for, snapshot_index, last_index, past_index, checksum FROM state WHERE id = 1")
        guard let row = try Row.fetchOne(select) else { throw StorageError.damaged(path: path, row: Self.row) }
        guard let term = row.number(0), let lastIndex = row.number(3), let pastIndex = row.number(4),
            let checksum = row.number(5)
        else {
            throw StorageError.damaged(path: path, row: Self.row)
        }
        let vote = row.number(1)
        let record = StateRecord(
            hardState: RaftHardState(term: Term(term), votedFor: vote.flatMap { $0 == 0 ? nil : ServerID($0) }),
            snapshotIndex: row.number(2).map { LogIndex($0) }, lastIndex: LogIndex(lastIndex), pastIndex: LogIndex(pastIndex))
        guard record.checksum == Int64(bitPattern: checksum) else { throw StorageError.damaged(path: path, row: Self.row) }
        return record
    }

    func store(in database: Database) throws {
        let replace = try database.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO state (id, term, voted_for, snapshot_index, last_index, past_index, checksum) \
                VALUES (1, ?, ?, ?, ?, ?, ?)
                """)
        try replace.execute(arguments: [
            Int64(bitPattern: hardState.term.number), hardState.votedFor.map { Int64(bitPattern: $0.number) },
            snapshotIndex.map { Int64(bitPattern: $0.number) }, Int64(bitPattern: lastIndex.number),
            Int64(bitPattern: pastIndex.number), checksum,
        ])
    }

    /// The newest stored snapshot at or before `index`, or 0 for the beginning of the log; nil when the past begins after it.
    func pastBase(of index: LogIndex) -> LogIndex? {
        if let snapshotIndex, index >= snapshotIndex { return snapshotIndex }
        return index >= pastIndex ? pastIndex : nil
    }

    private var checksum: Int64 {
        var checksum = RecordChecksum()
        checksum.add(hardState.term.number)
        // 0 is no server's number. 1 is added to the index, so that "no snapshot" differs from a snapshot at 0.
        checksum.add(hardState.votedFor?.number ?? 0)
        checksum.add(snapshotIndex.map { $0.number &+ 1 } ?? 0)
        checksum.add(lastIndex.number)
        checksum.add(pastIndex.number)
        return checksum.value
    }
}
