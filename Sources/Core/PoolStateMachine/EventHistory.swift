package import DequeModule
package import PoolModel

/// The newest events of a pool: at most 10,000 and 16 MiB.
package struct EventHistory: Sendable {
    /// Oldest first.
    package private(set) var events: Deque<PoolEvent> = []
    private var bytes = 0
    /// The index up to which events were dropped; a reader that resumes before it has missed some.
    package private(set) var droppedUpTo = LogIndex.zero
    /// Chains every event there ever was.
    package private(set) var digest: UInt64 = 0

    init() {}

    init(restoring events: [PoolEvent], droppedUpTo: LogIndex, digest: UInt64) {
        self.events = Deque(events)
        bytes = events.reduce(0) { $0 + $1.size }
        self.droppedUpTo = droppedUpTo
        self.digest = digest
    }

    mutating func append(_ event: PoolEvent) {
        events.append(event)
        bytes += event.size
        var next = StateDigest()
        next.add(digest)
        next.add(event.index.number)
        next.add(event.kind)
        next.add(event.object)
        next.add(event.text)
        next.add(event.principal)
        next.add(event.reason)
        next.add(UInt64(bitPattern: event.time.milliseconds))
        digest = next.result
        while events.count > PoolLimits.events || bytes > PoolLimits.eventBytes, let oldest = events.popFirst() {
            bytes -= oldest.size
            droppedUpTo = oldest.index
        }
    }

    /// The events after `index`, at most `most`; nil when some of them were dropped already.
    package func since(_ index: LogIndex, most: Int) -> [PoolEvent]? {
        position(after: index).map { Array(events[$0..<min(events.count, $0 + most)]) }
    }

    /// The same of those events only that are wanted.
    package func since(_ index: LogIndex, most: Int, where isWanted: (PoolEvent) -> Bool) -> [PoolEvent]? {
        position(after: index).map { Array(events[$0...].lazy.filter(isWanted).prefix(most)) }
    }

    /// Where the events after `index` begin; nil when some of them were dropped already.
    private func position(after index: LogIndex) -> Int? {
        guard index >= droppedUpTo else { return nil }
        // Indexes never fall: the first one wanted is found by halving.
        var low = 0
        var high = events.count
        while low < high {
            let middle = (low + high) / 2
            if events[middle].index > index { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
