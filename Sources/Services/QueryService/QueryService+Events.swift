import AgentCore
import AgentPorts
import PoolModel
import PoolStateMachine
import QueryModel

extension QueryService {
    func listEvents(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let since = try Self.since(request)
        let filter = try EventFilter(request)
        // Who asks for the head only is told that of the list: a stream is nothing but a body.
        guard request.accepts("text/event-stream"), request.method == "GET" else {
            let limit = try Self.count("limit", of: request)
            let last = try Self.count("last", of: request)
            return try await answerAside(request) { state, _ throws(QueryRefusal) in
                let since = since ?? state.events.droppedUpTo
                if let last { return try EventListDocument(state, newest: last, after: since, filter) }
                return try EventListDocument(state, after: since, filter, most: limit ?? QueryLimits.eventsAtOnce)
            }
        }
        guard request.query["limit"] == nil, request.query["last"] == nil else {
            throw QueryRefusal(
                .badRequest, cause: "A stream of events goes on, and has no `limit` or `last`.", cure: "Ask for a list, or leave it out.")
        }
        guard filter.to == nil else {
            throw QueryRefusal(.badRequest, cause: "A stream of events goes on, and has no `to`.", cure: "Ask for a list, or leave it out.")
        }
        // Asked once before the stream begins, so that a gap is told by 410 and not in the midst of a stream.
        let first = try await look(request, .linearizable) { state, _ throws(QueryRefusal) in
            // A watcher that names no index wants what happens from now on.
            try EventListDocument(state, after: since ?? state.appliedIndex, filter)
        }
        // Before the status line is out: whoever finds no seat is told so in it.
        let seat = try await keepSeat(for: try await caller(of: request))
        let headers = [QueryReply.Header("Content-Type", "text/event-stream"), QueryReply.Header("Cache-Control", "no-store")]
        let feed = EventFeed(service: self, request: request, filter: filter, first: first.document, seat: seat)
        return QueryReply(
            status: 200, headers: headers + QueryReply.headers(of: first.answer),
            content: .stream { sink in
                try await feed.run(into: &sink)
            })
    }

    private static func count(_ name: String, of request: QueryRequest) throws(QueryRefusal) -> Int? {
        guard let text = request.query[name] else { return nil }
        let range = 1...QueryLimits.eventsAtOnce
        guard let count = Int(text), range.contains(count) else {
            throw .badValue(name, text, expected: "\(range.lowerBound) to \(range.upperBound)")
        }
        return count
    }

    /// The index to go on from: that of the last event heard, else `since`; nil for neither.
    private static func since(_ request: QueryRequest) throws(QueryRefusal) -> LogIndex? {
        guard let text = request.headers["last-event-id"] ?? request.query["since"] else { return nil }
        guard let number = UInt64(text), number <= Int64.max else {
            throw .badValue("event index", text, expected: "a log index, as since or Last-Event-ID")
        }
        return LogIndex(number)
    }
}

extension EventListDocument {
    /// Events after an index that fit the filter, as many as go into one answer; all of an index or none of it, so that an index is a place to resume.
    init(
        _ state: PoolState, after since: LogIndex, _ filter: EventFilter, most limit: Int = QueryLimits.eventsAtOnce
    ) throws(QueryRefusal) {
        guard let found = state.events(since, filter, most: limit) else { throw Self.gone(since, state) }
        var events = found
        if found.count == limit, let last = found.last, let first = found.first {
            events.removeAll { $0.index == last.index }
            if first.index == last.index {
                let all = state.events(since, filter, most: PoolLimits.events) ?? []
                events = all.filter { $0.index == first.index }
            }
        }
        let through = found.count == limit ? events.last?.index : state.appliedIndex
        self.init(events: events.map { EventDocument($0, state) }, through: max(since, through ?? since).number)
    }

    /// The newest events after an index that fit the filter, the oldest of them first.
    init(_ state: PoolState, newest count: Int, after since: LogIndex, _ filter: EventFilter) throws(QueryRefusal) {
        guard let found = state.events(since, filter, most: PoolLimits.events) else { throw Self.gone(since, state) }
        self.init(events: found.suffix(count).map { EventDocument($0, state) }, through: max(since, state.appliedIndex).number)
    }

    private static func gone(_ since: LogIndex, _ state: PoolState) -> QueryRefusal {
        gone(since, firstKept: state.events.droppedUpTo.next)
    }

    static func gone(_ since: LogIndex, firstKept first: LogIndex) -> QueryRefusal {
        var refusal = QueryRefusal(
            .gone, cause: "Events after index \(since) are no longer kept: the first kept is that of index \(first) or later.",
            cure: "Read the present state, then go on with ?since=\(first.previous).")
        refusal.problem.firstIndex = first.number
        return refusal
    }
}

extension PoolState {
    /// The events after `index` that fit, at most `most`; nil when some of them were dropped already.
    fileprivate func events(_ index: LogIndex, _ filter: EventFilter, most: Int) -> [PoolEvent]? {
        filter.isEmpty ? events.since(index, most: most) : events.since(index, most: most) { filter.fits($0, in: self) }
    }
}
