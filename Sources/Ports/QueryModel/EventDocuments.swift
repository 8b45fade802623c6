/// Something that happened in the pool, at one index of its log.
package struct EventDocument: Codable, Hashable, Sendable {
    /// The log index; several events may share one.
    package var index: UInt64
    /// Counts the events of one index from 0.
    package var ordinal: Int
    /// Pool time.
    package var time: QueryTime
    /// A stable word, such as `vm-placed`.
    package var kind: String
    /// What it happened to, such as `vm web01` or `server alpha`.
    package var target: String
    /// Who caused it, such as `operator admin` or `server alpha`.
    package var principal: String
    /// Why, in the words of whoever caused it; absent when none were given.
    package var reason: String?
    /// A sentence.
    package var message: String

    package init(
        index: UInt64, ordinal: Int, time: QueryTime, kind: String, target: String, principal: String, reason: String?, message: String
    ) {
        self.index = index
        self.ordinal = ordinal
        self.time = time
        self.kind = kind
        self.target = target
        self.principal = principal
        self.reason = reason
        self.message = message
    }
}

/// Events after an index, the oldest first (`GET /v1/events`).
package struct EventListDocument: Codable, Hashable, Sendable {
    package var events: [EventDocument]
    /// Events up to this index are in the list, or were never kept; ask for the next ones with `?since=` this.
    package var through: UInt64

    package init(events: [EventDocument], through: UInt64) {
        self.events = events
        self.through = through
    }
}
