import PoolModel
import PoolStateMachine
import RaftCore

/// When to take a snapshot.
struct SnapshotKeeper: Sendable {
    /// Bytes of entries applied since the last snapshot.
    var appliedBytes = 0
    /// The applied index of the last snapshot.
    var lastIndex = LogIndex.zero
    var isEncoding = false

    mutating func restored(at index: LogIndex) {
        appliedBytes = 0
        lastIndex = index
    }
}

extension AgentCore {
    /// Asks for a snapshot once enough was applied (design: 16 MiB or 50,000 entries).
    mutating func considerSnapshot(_ effects: inout [AgentEffect]) {
        let base = max(snapshots.lastIndex, raft.snapshotIndex)
        let entries = state.appliedIndex.number - min(base.number, state.appliedIndex.number)
        guard !snapshots.isEncoding, entries > 0 else { return }
        guard entries >= settings.snapshotEntries || snapshots.appliedBytes >= settings.snapshotBytes else { return }
        snapshots.isEncoding = true
        snapshots.lastIndex = state.appliedIndex
        snapshots.appliedBytes = 0
        effects.append(.encodeSnapshot(state, index: state.appliedIndex))
    }

    mutating func snapshotEncoded(index: LogIndex, data: [UInt8], _ effects: inout [AgentEffect]) {
        snapshots.isEncoding = false
        // A snapshot from the leader may have overtaken this one.
        guard index > raft.snapshotIndex else { return }
        drive(.compact(index: index, data: data), &effects)
    }
}
