import PoolModel

/// One part of a snapshot, as it came.
struct SnapshotPart: Sendable {
    let index: LogIndex
    let term: Term
    let configuration: RaftConfiguration
    let offset: Int
    let totalSize: Int
    let data: ArraySlice<UInt8>
}

/// A snapshot that arrives in parts. It grows with what has come, never to what was claimed.
struct SnapshotAssembly: Sendable {
    let index: LogIndex
    let term: Term
    let configuration: RaftConfiguration
    let totalSize: Int
    var data: [UInt8] = []

    init(_ part: SnapshotPart) {
        index = part.index
        term = part.term
        configuration = part.configuration
        totalSize = part.totalSize
    }

    func isContinued(by part: SnapshotPart) -> Bool {
        index == part.index && term == part.term && totalSize == part.totalSize && configuration == part.configuration
    }
}

extension RaftNode {
    mutating func receiveSnapshotPart(_ part: SnapshotPart, from sender: ServerID) {
        guard hearLeader(sender) else { return }
        if part.index <= commitIndex || log.term(at: part.index) == part.term { return skipSnapshot(part, from: sender) }
        var assembly = arrivingSnapshot.flatMap { $0.isContinued(by: part) ? $0 : nil } ?? SnapshotAssembly(part)
        arrivingSnapshot = nil
        if part.offset == assembly.data.count { assembly.data.append(contentsOf: part.data) }
        if assembly.data.count == assembly.totalSize { return install(assembly, from: sender) }
        emit(.snapshotAnswer(index: part.index, received: assembly.data.count), to: sender)
        arrivingSnapshot = assembly
    }

    /// Everything that the snapshot stands for is here already: committed, as a snapshot holds nothing else.
    private mutating func skipSnapshot(_ part: SnapshotPart, from sender: ServerID) {
        // The snapshot that is being written is answered by its own installation.
        if let restoring, restoring.snapshot.index >= part.index { return }
        arrivingSnapshot = nil
        verifiedIndex = max(verifiedIndex, part.index)
        if part.index > commitIndex { commit(through: part.index) }
        sendWhenDurable(.snapshotAnswer(index: part.index, received: part.totalSize), to: sender)
    }

    /// Replaces the log and, once that is durable, the owner's state: one write, then one restore (hazard B12).
    private mutating func install(_ assembly: SnapshotAssembly, from sender: ServerID) {
        let arrived = RaftSnapshot(
            index: assembly.index, term: assembly.term, configuration: assembly.configuration, data: assembly.data)
        storage.stage(arrived, replacesLog: true, committed: commitIndex)
        log.reset(to: arrived.index, term: arrived.term)
        trailingBytes = 0
        snapshot = arrived
        configurations = ConfigurationHistory(index: arrived.index, configuration: arrived.configuration)
        commitIndex = arrived.index
        verifiedIndex = max(verifiedIndex, arrived.index)
        restoring = (storage.nextSequence, arrived)
        effects.append(.configurationChanged(arrived.configuration, isCommitted: true))
        sendWhenDurable(.snapshotAnswer(index: arrived.index, received: assembly.totalSize), to: sender)
    }

    mutating func finishRestore(_ restored: RaftSnapshot) {
        restoring = nil
        handedOutIndex = restored.index
        effects.append(.restore(restored))
        handOut()
    }
}
