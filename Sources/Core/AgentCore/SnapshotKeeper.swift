import DequeModule
import PoolModel
import PoolStateMachine
import RaftCore

/// When to take a snapshot, and the digests that are compared with other servers.
struct SnapshotKeeper: Sendable {
    /// Bytes of entries applied since the last snapshot.
    var appliedBytes = 0
    /// The applied index of the last snapshot.
    var lastIndex = LogIndex.zero
    var isEncoding = false
    /// Own digests at the newest multiples of the interval, oldest first.
    var digests: Deque<(index: LogIndex, digest: UInt64)> = []

    /// How many digests are kept for comparison with a server that is behind.
    static let keptDigests = 64

    mutating func restored(at index: LogIndex) {
        appliedBytes = 0
        lastIndex = index
        digests.removeAll()
    }

    mutating func keep(_ digest: UInt64, at index: LogIndex) {
        digests.append((index, digest))
        if digests.count > Self.keptDigests { digests.removeFirst() }
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

    /// At each multiple of the interval: keep the own digest; the master tells it to the others.
    mutating func compareOwnDigest(_ effects: inout [AgentEffect]) {
        let index = state.appliedIndex
        guard index.number % settings.digestInterval == 0, index.number > 0 else { return }
        let digest = state.digest
        snapshots.keep(digest, at: index)
        guard raft.status.role == .leader else { return }
        for peer in peers { effects.append(.send(.stateDigest(index: index, digest: digest), to: peer.server)) }
    }

    /// Equal index, equal state: an agent whose state differs must not go on (hazard B20).
    mutating func compare(digest: UInt64, at index: LogIndex, of sender: ServerID, _ effects: inout [AgentEffect]) {
        guard let own = snapshots.digests.last(where: { $0.index == index }) else { return }
        guard own.digest != digest else { return }
        halt(
            """
            The pool's state on this server differs from that of server \(sender) at log index \(index). \
            Keep this server's data directory for analysis, then remove the server from the pool and join it anew.
            """, &effects)
    }
}
