import Foundation
import NIOHTTP1
package import QueryModel

/// Reads the pool's events without a gap, over as many connections as it takes.
actor EventReader {
    private let client: QueryClient
    private let filter: EventFilterText
    /// What to resume after; nil begins with what happens from now on.
    private var since: UInt64?
    private var last: EventDocument?
    private var connection: HTTPConnection?
    private var parser = EventStreamParser()
    private var waiting: ArraySlice<EventStreamParser.Event> = []

    init(client: QueryClient, since: UInt64?, filter: EventFilterText) {
        self.client = client
        self.filter = filter
        self.since = since
    }

    /// The next event; returns only with one, or when the caller gives up or the pool can no longer be reached.
    func next() async throws(ClientError) -> EventDocument {
        while true {
            if let event = waiting.popFirst() {
                if let document = try take(event) { return document }
                continue
            }
            guard let connection else {
                try await connect()
                continue
            }
            try await readMore(from: connection)
        }
    }

    /// Reads an event; nil for one that was heard before the connection was lost in the midst of its index.
    private func take(_ event: EventStreamParser.Event) throws(ClientError) -> EventDocument? {
        if event.data.isEmpty {
            since = event.id.flatMap(UInt64.init) ?? since
            return nil
        }
        let document: EventDocument
        do {
            document = try QueryJSON.decode(EventDocument.self, from: Data(event.data.utf8))
        } catch {
            throw .badAnswer(cause: "An event that cannot be read came from the pool.")
        }
        if let number = event.id.flatMap(UInt64.init) { since = number }
        if let last, (document.index, document.ordinal) <= (last.index, last.ordinal) { return nil }
        last = document
        return document
    }

    private func connect() async throws(ClientError) {
        var headers = [(name: "Accept", value: "text/event-stream")]
        if let since { headers.append((name: "Last-Event-ID", value: String(since))) }
        let (head, opened) = try await client.open(ClientRequest(.GET, "/v1/events" + filter.query(), headers: headers))
        connection = opened
        parser = EventStreamParser()
        // From the first answer on there is a place to resume from, even before an event has come.
        if since == nil { since = head.headers.first(name: QueryHeader.index).flatMap(UInt64.init) }
    }

    private func readMore(from connection: HTTPConnection) async throws(ClientError) {
        do {
            guard let piece = try await connection.nextPiece(patience: client.limits.silence) else { return try await lose() }
            waiting = try parser.feed(piece)[...]
        } catch let failure as AttemptFailure {
            if failure == .cancelled { throw .cancelled }
            try await lose()
        } catch let error as ClientError {
            throw error
        } catch {
            throw .badAnswer(cause: "An event stream that cannot be read came from \(connection.address).")
        }
    }

    /// Lets the connection go, and waits as long as its server asked for.
    private func lose() async throws(ClientError) {
        connection = nil
        do {
            try await Task.sleep(for: parser.retry ?? .seconds(1))
        } catch {
            throw .cancelled
        }
    }
}

extension QueryClient {
    /// The pool's events after the index `since`, or from now on; resumed without a gap where a connection is lost.
    ///
    /// Ends only with an error: `ClientError`.
    package nonisolated func events(
        since: UInt64? = nil, filter: EventFilterText = EventFilterText()
    ) -> AsyncThrowingStream<EventDocument, any Error> {
        let reader = EventReader(client: self, since: since, filter: filter)
        return AsyncThrowingStream { try await reader.next() }
    }
}
