import NIOCore

/// What this agent opens towards a peer, on one of the two ways to it.
struct OutgoingLink {
    /// How far the connection has come.
    enum State {
        /// Nothing is under way: the link is new, or the peer's address is unusable.
        case idle
        /// The next attempt begins when this is due.
        case waiting(Scheduled<Void>)
        /// The attempt of this number is connecting.
        case connecting(attempt: UInt64)
        /// Connected, and not let in yet.
        case introducing(PeerConnectionID)
        /// Let in at this time; messages may be sent.
        case connected(PeerConnectionID, since: NIODeadline)
    }

    var state = State.idle
    /// How long to wait before the next attempt but for the last failure.
    var pause: Duration
    /// What was logged last, so that a lasting cause is logged once.
    var lastCause: String?
    /// A message was dropped for want of a connection, and the core has not been told.
    var hasDropped = false
    /// The queue was full, the core was told, and it has not drained yet.
    var isFull = false

    init(pause: Duration) { self.pause = pause }

    /// The connection that messages can be sent on.
    var connection: PeerConnectionID? {
        guard case .connected(let id, _) = state else { return nil }
        return id
    }

    /// Whether `id` is this link's connection, let in or not.
    func holds(_ id: PeerConnectionID) -> Bool {
        switch state {
        case .introducing(id), .connected(id, _): true
        case .idle, .waiting, .connecting, .introducing, .connected: false
        }
    }

    func cancelRetry() {
        if case .waiting(let retry) = state { retry.cancel() }
    }
}
