/// The events to come, soonest first; of equal instants the one that was added first.
struct EventQueue {
    private struct Item {
        let at: Int64
        let sequence: UInt64
        let event: SimulationEvent

        func precedes(_ other: Item) -> Bool { at != other.at ? at < other.at : sequence < other.sequence }
    }

    private var heap: [Item] = []
    private var nextSequence: UInt64 = 0

    var isEmpty: Bool { heap.isEmpty }
    /// When the next event happens.
    var nextInstant: Int64? { heap.first?.at }

    mutating func add(_ event: SimulationEvent, at instant: Int64) {
        heap.append(Item(at: instant, sequence: nextSequence, event: event))
        nextSequence += 1
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].precedes(heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func removeFirst() -> (event: SimulationEvent, at: Int64)? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        if !heap.isEmpty {
            heap[0] = last
            sink()
        }
        return (first.event, first.at)
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].precedes(heap[least]) { least = child }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
