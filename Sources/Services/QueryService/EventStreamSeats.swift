import AgentCore
import AgentPorts
import PoolModel
import QueryModel

/// Counts the event streams, together and of each principal, so that a crowd of watchers cannot take every connection.
///
/// A seat is kept for a watcher before he is answered, and is his once his stream begins. A stream that never begins, as its client has
/// gone meanwhile, has nobody who could give the seat back: it lapses.
actor EventStreamSeats {
    /// The right to one stream.
    struct Ticket: Hashable, Sendable {
        fileprivate let number: UInt64
        fileprivate let payer: Caller.Payer
    }

    /// Whether there was a seat.
    enum Answer: Hashable, Sendable {
        case kept(Ticket)
        /// The principal has as many streams as one may have.
        case tooManyOfYours
        case full
    }

    private let most: Int
    private let mostOfPrincipal: Int
    private var kept: [Ticket: MonotonicInstant] = [:]
    private var taken: Set<Ticket> = []
    private var tickets: UInt64 = 0

    /// Streams that are being watched.
    var watched: Int { taken.count }

    /// - Parameters:
    ///   - most: streams at a time; one or more.
    ///   - mostOfPrincipal: of them, of one principal; one or more.
    init(most: Int, mostOfPrincipal: Int) {
        precondition(most > 0 && mostOfPrincipal > 0, "there were \(most) seats for event streams, \(mostOfPrincipal) for one principal")
        self.most = most
        self.mostOfPrincipal = mostOfPrincipal
    }

    /// Keeps a seat until the stream begins, for ``QueryLimits/eventStreamBeginning`` at most.
    func keep(for payer: Caller.Payer, at now: MonotonicInstant) -> Answer {
        kept = kept.filter { $0.value > now }
        guard kept.count + taken.count < most else { return .full }
        let ofPayer = kept.keys.count { $0.payer == payer } + taken.count { $0.payer == payer }
        guard ofPayer < mostOfPrincipal else { return .tooManyOfYours }
        tickets += 1
        let ticket = Ticket(number: tickets, payer: payer)
        kept[ticket] = now + QueryLimits.eventStreamBeginning
        return .kept(ticket)
    }

    /// Whether the seat was still kept; it must be left again.
    func take(_ ticket: Ticket) -> Bool {
        guard kept.removeValue(forKey: ticket) != nil else { return false }
        taken.insert(ticket)
        return true
    }

    func leave(_ ticket: Ticket) { taken.remove(ticket) }
}

extension QueryService {
    /// Keeps a seat for a watcher's stream.
    func keepSeat(for caller: Caller) async throws(QueryRefusal) -> EventStreamSeats.Ticket {
        let cause: String
        switch await streams.keep(for: caller.payer, at: clock.now().monotonic) {
        case .kept(let ticket): return ticket
        case .tooManyOfYours: cause = "You watch \(QueryLimits.eventStreamsOfPrincipal) event streams of this server, the most at a time."
        case .full: cause = "This server has no room for more event streams than \(QueryLimits.eventStreams)."
        }
        var refusal = QueryRefusal(.tooMany, cause: cause, cure: "Close one, ask another member, or try again later.")
        refusal.retryAfterSeconds = QueryLimits.eventStreamRetrySeconds
        throw refusal
    }
}
