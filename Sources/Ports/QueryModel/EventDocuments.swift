/// Something that happened in the pool, at one index of its log.
package struct EventDocument: Codable, Hashable, Sendable {
    /// The log index; several events may share one.
    package var index: UInt64
    /// Pool time.
    package var time: QueryTime
    /// A stable word, such as `machine-started`.
    package var kind: String
    /// What it happened to, such as `vm web01`; absent for the pool as a whole.
    package var target: String?
    /// Who caused it, such as `operator admin`; absent where nobody is named.
    package var principal: String?
    /// A sentence.
    package var message: String

    package init(index: UInt64, time: QueryTime, kind: String, target: String?, principal: String?, message: String) {
        self.index = index
        self.time = time
        self.kind = kind
        self.target = target
        self.principal = principal
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
