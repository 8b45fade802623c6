import DequeModule
import PoolModel

/// The entries that a node holds in memory, behind the last one that was dropped.
///
/// Nothing here walks the whole log: a search by term halves, everything else touches only the entries in question.
struct RaftLog<Payload: RaftPayload>: Sendable {
    private(set) var entries: Deque<RaftEntry<Payload>> = []
    /// The entry before the first one held; it was dropped, or is 0.
    private(set) var baseIndex: LogIndex = .zero
    private(set) var baseTerm: Term = .zero
    /// The sizes of the entries held, summed.
    private(set) var bytes = 0

    var firstIndex: LogIndex { baseIndex.next }
    var lastIndex: LogIndex { baseIndex.advanced(by: entries.count) }
    var lastTerm: Term { entries.last?.term ?? baseTerm }

    /// The term of the entry at `index`; nil when it was dropped or is not there yet.
    func term(at index: LogIndex) -> Term? {
        if index == baseIndex { return baseTerm }
        guard index > baseIndex, index <= lastIndex else { return nil }
        return entries[position(of: index)].term
    }

    func entry(at index: LogIndex) -> RaftEntry<Payload>? {
        guard index > baseIndex, index <= lastIndex else { return nil }
        return entries[position(of: index)]
    }

    /// The entries from `first` through `last`.
    ///
    /// - Precondition: all of them are held.
    func entries(from first: LogIndex, through last: LogIndex) -> [RaftEntry<Payload>] {
        guard first <= last else { return [] }
        return Array(entries[position(of: first)...position(of: last)])
    }

    /// The entries from `first` that fit into a message: at least one if there is one, then up to the bounds.
    func batch(from first: LogIndex, maximumBytes: Int, maximumCount: Int) -> [RaftEntry<Payload>] {
        guard first > baseIndex, first <= lastIndex else { return [] }
        let start = position(of: first)
        var end = start
        var total = 0
        while end < entries.count, end - start < maximumCount {
            total += entries[end].size
            if total > maximumBytes, end > start { break }
            end += 1
        }
        return Array(entries[start..<end])
    }

    /// The greatest index up to `limit` whose term is at most `term`, with its term (fast back-up, Raft §5.3).
    /// The dropped entry before the first one is the answer when no entry held qualifies.
    func lastEntry(upTo limit: LogIndex, withTermAtMost term: Term) -> (index: LogIndex, term: Term) {
        guard limit > baseIndex else { return (baseIndex, baseTerm) }
        var low = 0
        var high = position(of: min(limit, lastIndex)) + 1
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].term <= term { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? (baseIndex, baseTerm) : (entries[low - 1].index, entries[low - 1].term)
    }

    /// The sizes of the entries from `first` through `last`, summed.
    func bytes(from first: LogIndex, through last: LogIndex) -> Int {
        guard first <= last else { return 0 }
        return entries[position(of: first)...position(of: last)].reduce(0) { $0 + $1.size }
    }

    mutating func append(_ entry: RaftEntry<Payload>) {
        precondition(entry.index == lastIndex.next, "entry \(entry.index) was appended after \(lastIndex)")
        entries.append(entry)
        bytes += entry.size
    }

    /// Removes the entry at `index` and all after it.
    mutating func truncate(from index: LogIndex) {
        precondition(index > baseIndex, "entry \(index) is not held any more")
        while lastIndex >= index, let removed = entries.popLast() { bytes -= removed.size }
    }

    /// Drops the entries through `index`, which a snapshot stands for.
    mutating func drop(through index: LogIndex) {
        while baseIndex < index, let removed = entries.popFirst() {
            bytes -= removed.size
            baseIndex = removed.index
            baseTerm = removed.term
        }
    }

    /// Drops everything and goes on after a snapshot.
    mutating func reset(to index: LogIndex, term: Term) {
        entries.removeAll()
        bytes = 0
        baseIndex = index
        baseTerm = term
    }

    private func position(of index: LogIndex) -> Int { Int(index.number - baseIndex.number) - 1 }
}
