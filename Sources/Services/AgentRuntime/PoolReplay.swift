package import AgentCore
package import AgentPorts
package import PoolModel
import PoolStateMachine
import RaftCore

/// Works out what the pool was: from a stored snapshot on, entry by entry, by the very function that applies the log.
///
/// It runs beside the agent's loop, on a state of its own; what applying comes to reaches nobody. One at a time: each may hold a whole
/// state and read a whole window of the log.
package actor PoolReplay: PoolArchive {
    private let past: any PastPort
    private let decoder: any PoolStateDecoding
    private let mostEntries: UInt64
    private var isBusy = false

    /// How many entries are replayed for one request. Two windows between snapshots and what comes on top are far fewer.
    package static let mostEntries: UInt64 = 250_000

    package init(past: any PastPort, decoder: any PoolStateDecoding, mostEntries: UInt64 = PoolReplay.mostEntries) {
        self.past = past
        self.decoder = decoder
        self.mostEntries = mostEntries
    }

    package func span(from first: LogIndex, through last: LogIndex) async throws(ArchiveRefusal) -> PoolSpan {
        precondition(first <= last, "a span from \(first) through \(last) was asked for")
        guard !isBusy else { throw .busy }
        isBusy = true
        defer { isBusy = false }
        let result: Result<PoolSpan, ArchiveRefusal>
        do throws(PastError) {
            result = try await replay(from: first, through: last)
        } catch {
            switch error {
            case .notKept(let kept): throw .notKept(first: kept)
            case .notStored: throw .busy
            case .failed(let failure): throw .unreadable(message: failure.message)
            }
        }
        return try result.get()
    }

    /// Not on the actor, so that whoever comes meanwhile is told at once that it is busy.
    @concurrent
    private nonisolated func replay(
        from first: LogIndex, through last: LogIndex
    ) async throws(PastError) -> Result<PoolSpan, ArchiveRefusal> {
        let beginning = try await past.pastBeginning(before: first)
        var state = PoolState()
        if let snapshot = beginning.snapshot {
            do throws(PoolStateDecodingError) {
                state = try decoder.decode(snapshot.data)
            } catch {
                return .failure(.unreadable(message: error.message))
            }
        }
        guard state.appliedIndex == beginning.snapshot?.index ?? .zero, state.appliedIndex <= first else { return .failure(Self.broken) }
        let count = last.number - state.appliedIndex.number
        guard count <= mostEntries else { return .failure(.tooLong(entries: count, most: mostEntries)) }
        var replay = Replay(state: state, first: first)
        while replay.state.appliedIndex < last {
            // Whoever asked has gone.
            guard !Task.isCancelled else { return .failure(.busy) }
            let entries = try await past.pastEntries(after: replay.state.appliedIndex, through: last)
            for entry in entries {
                guard entry.index == replay.state.appliedIndex.next else { return .failure(Self.broken) }
                replay.apply(entry)
            }
        }
        return .success(
            PoolSpan(before: replay.before ?? replay.state, after: replay.state, steps: replay.steps, firstKept: beginning.first))
    }

    private static let broken = ArchiveRefusal.unreadable(
        message: "The past that this server stores does not hang together. Ask another server of the pool.")
}

/// A state on its way from one index to another.
private struct Replay {
    var state: PoolState
    let first: LogIndex
    private(set) var before: PoolState?
    private(set) var steps: [PoolStep] = []

    init(state: PoolState, first: LogIndex) {
        self.state = state
        self.first = first
        if state.appliedIndex == first { before = state }
    }

    mutating func apply(_ entry: RaftEntry<PoolEntry>) {
        switch entry.content {
        case .command(let command):
            let outcome = state.apply(command, at: entry.index).outcome
            if entry.index > first, case .done = outcome { steps.append(step(command, at: entry.index)) }
        case .noOperation, .configuration:
            state.skip(to: entry.index)
        }
        if entry.index == first { before = state }
    }

    private func step(_ command: PoolEntry, at index: LogIndex) -> PoolStep {
        PoolStep(
            index: index, time: state.poolTime, principal: command.principal, reason: command.reason,
            events: state.events.since(index.previous, most: PoolLimits.events) ?? [])
    }
}
