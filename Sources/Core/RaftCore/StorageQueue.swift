import DequeModule
import PoolModel

/// What waits for the disk: the write being put together in this step, those under way, and the messages held behind them.
struct StorageQueue<Payload: RaftPayload>: Sendable {
    private struct Outstanding: Sendable {
        let sequence: UInt64
        /// The last entry that still stands in the log and is durable once the write is.
        var lastIndex: LogIndex
        let issuedAt: MonotonicInstant
    }

    struct Envelope: Sendable {
        let message: RaftMessage<Payload>
        let receiver: ServerID
    }

    private struct Held: Sendable {
        let sequence: UInt64
        let envelope: Envelope
    }

    /// The last entry that is durable here and stands in the log.
    private(set) var durableIndex: LogIndex
    /// The sequence of the last write that was asked for.
    private(set) var lastSequence: UInt64 = 0
    private(set) var completedSequence: UInt64 = 0
    private var outstanding: Deque<Outstanding> = []
    private var held: Deque<Held> = []

    private var isHardStateStaged = false
    private var stagedSnapshot: RaftSnapshot?
    private var stagedSnapshotReplacesLog = false
    private var stagedTruncation: LogIndex?
    private var stagedEntries: [RaftEntry<Payload>] = []
    private var stagedEnvelopes: [Envelope] = []

    init(durableIndex: LogIndex) { self.durableIndex = durableIndex }

    /// The sequence that the write of this step has or would have.
    var nextSequence: UInt64 { lastSequence + 1 }
    /// When the oldest write that is not done was asked for.
    var oldestIssue: MonotonicInstant? { outstanding.first?.issuedAt }
    var oldestSequence: UInt64? { outstanding.first?.sequence }

    private var hasStagedWrite: Bool {
        isHardStateStaged || stagedSnapshot != nil || stagedTruncation != nil || !stagedEntries.isEmpty
    }

    mutating func stageHardState() { isHardStateStaged = true }
    mutating func stage(_ entry: RaftEntry<Payload>) { stagedEntries.append(entry) }

    /// The message leaves once everything that was asked for up to the end of this step is durable (hazards B5, B6).
    mutating func sendWhenDurable(_ message: RaftMessage<Payload>, to receiver: ServerID) {
        stagedEnvelopes.append(Envelope(message: message, receiver: receiver))
    }

    /// Writes under way must not acknowledge what is truncated here, even if the same entry came back later (hazard B7).
    mutating func stageTruncation(from index: LogIndex) {
        stagedTruncation = min(stagedTruncation ?? index, index)
        stagedEntries.removeAll { $0.index >= index }
        forgetDurability(from: index)
    }

    /// - Parameter replacesLog: also the entries after the snapshot go, because they do not continue it.
    mutating func stage(_ snapshot: RaftSnapshot, replacesLog: Bool, committed: LogIndex) {
        stagedSnapshot = snapshot
        stagedSnapshotReplacesLog = replacesLog
        if replacesLog { forgetDurability(from: committed.next) }
    }

    private mutating func forgetDurability(from index: LogIndex) {
        durableIndex = min(durableIndex, index.previous)
        for position in outstanding.indices {
            outstanding[position].lastIndex = min(outstanding[position].lastIndex, index.previous)
        }
    }

    /// Ends a step.
    ///
    /// - Returns: the write to ask for, if there is one, and the messages that need not wait.
    mutating func flush(hardState: RaftHardState, now: MonotonicInstant) -> (write: RaftWrite<Payload>?, ready: [Envelope]) {
        var write: RaftWrite<Payload>?
        if hasStagedWrite {
            lastSequence += 1
            write = RaftWrite(
                sequence: lastSequence, hardState: isHardStateStaged ? hardState : nil, snapshot: stagedSnapshot,
                snapshotReplacesLog: stagedSnapshotReplacesLog, truncateFrom: stagedTruncation, entries: stagedEntries)
            let lastIndex = stagedEntries.last?.index ?? stagedSnapshot?.index ?? .zero
            outstanding.append(Outstanding(sequence: lastSequence, lastIndex: lastIndex, issuedAt: now))
            clearStagedWrite()
        }
        let envelopes = stagedEnvelopes
        stagedEnvelopes = []
        if completedSequence == lastSequence { return (write, envelopes) }
        for envelope in envelopes { held.append(Held(sequence: lastSequence, envelope: envelope)) }
        return (write, [])
    }

    private mutating func clearStagedWrite() {
        isHardStateStaged = false
        stagedSnapshot = nil
        stagedSnapshotReplacesLog = false
        stagedTruncation = nil
        stagedEntries = []
    }

    /// The writes through `sequence` are durable.
    ///
    /// - Returns: the messages that waited for them, in order.
    mutating func complete(through sequence: UInt64) -> [Envelope] {
        precondition(sequence <= lastSequence, "write \(sequence) completed, but only \(lastSequence) were asked for")
        completedSequence = max(completedSequence, sequence)
        while let first = outstanding.first, first.sequence <= sequence {
            durableIndex = max(durableIndex, first.lastIndex)
            outstanding.removeFirst()
        }
        var released: [Envelope] = []
        while let first = held.first, first.sequence <= sequence {
            released.append(first.envelope)
            held.removeFirst()
        }
        return released
    }
}
