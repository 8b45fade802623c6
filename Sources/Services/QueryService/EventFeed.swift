import AgentCore
import AgentPorts
import PoolModel
import PoolStateMachine
import QueryModel

/// One watcher's stream of server-sent events (WHATWG HTML §9.2).
struct EventFeed: Sendable {
    let service: QueryService
    let request: QueryRequest
    let filter: EventFilter
    let first: EventListDocument
    let seat: EventStreamSeats.Ticket

    private enum Wake: Sendable {
        case applied
        case pulse
    }

    /// Writes until the watcher goes, loses its credential, the agent ends or the server stops.
    func run(into sink: inout any TextSink) async throws {
        // Lapsed before the stream began, which the watcher does not have to know: he comes again at once.
        guard await service.streams.take(seat) else { return }
        do {
            try await feed(&sink)
        } catch {
            await service.streams.leave(seat)
            throw error
        }
        await service.streams.leave(seat)
    }

    private func feed(_ sink: inout any TextSink) async throws {
        try await sink.write("retry: 1000\n\n")
        try await write(first, to: &sink)
        let (wakes, alarm) = AsyncStream.makeStream(of: Wake.self, bufferingPolicy: .bufferingNewest(1))
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { await ring(alarm) }
            try await follow(wakes, &sink)
            group.cancelAll()
        }
    }

    private func follow(_ wakes: AsyncStream<Wake>, _ sink: inout any TextSink) async throws {
        var through = LogIndex(first.through)
        for await wake in wakes {
            var isQuiet = true
            while true {
                guard let news = await news(after: through) else { return }
                through = LogIndex(news.through)
                if news.events.isEmpty { break }
                try await write(news, to: &sink)
                isQuiet = false
            }
            // The place to resume from moves on although nothing fits the filter: else it would fall behind what is kept.
            if isQuiet, wake == .pulse { try await sink.write("id: \(through)\n: still here\n\n") }
        }
    }

    /// Wakes the feed after entries were applied, and now and then to see whether the watcher is still there. Ends with the agent.
    private func ring(_ alarm: AsyncStream<Wake>.Continuation) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in service.gateway.appliedIndexes() { alarm.yield(.applied) }
            }
            group.addTask { await beat(alarm) }
            await group.next()
            group.cancelAll()
        }
        alarm.finish()
    }

    private func beat(_ alarm: AsyncStream<Wake>.Continuation) async {
        while !Task.isCancelled {
            do {
                try await Task.sleep(for: QueryLimits.eventStreamPulse)
            } catch {
                return
            }
            alarm.yield(.pulse)
        }
    }

    /// What has happened since; nil when the stream must end, because the watcher's credential or the events are gone.
    private func news(after index: LogIndex) async -> EventListDocument? {
        do {
            return try await service.look(request, .stale) { state, _ throws(QueryRefusal) in
                try EventListDocument(state, after: index, filter)
            }.document
        } catch {
            return nil
        }
    }

    private func write(_ list: EventListDocument, to sink: inout any TextSink) async throws {
        guard !list.events.isEmpty else { return }
        var text = ""
        for (position, event) in list.events.enumerated() {
            // Only the last event of an index bears its number: who resumes from it has heard all of them.
            let isLastOfIndex = position + 1 == list.events.count || list.events[position + 1].index != event.index
            if isLastOfIndex { text += "id: \(event.index)\n" }
            text += "event: \(event.kind)\ndata: \(String(decoding: try QueryJSON.encode(event), as: UTF8.self))\n\n"
        }
        try await sink.write(text)
    }
}
