import PoolModel
import RaftCore

/// What the tests put into the log.
struct Letter: RaftPayload {
    let text: String
    init(_ text: String) { self.text = text }
}

typealias Node = RaftNode<Letter>
typealias Effect = RaftEffect<Letter>
typealias Message = RaftMessage<Letter>
typealias Body = RaftMessageBody<Letter>
typealias Entry = RaftEntry<Letter>
typealias Stored = RaftStoredState<Letter>

func server(_ number: UInt64) -> ServerID { ServerID(number) }
func index(_ number: UInt64) -> LogIndex { LogIndex(number) }
func token(_ number: UInt64) -> RaftToken { RaftToken(number) }
func instant(_ milliseconds: Int64) -> MonotonicInstant { MonotonicInstant(nanoseconds: milliseconds * 1_000_000) }

func voters(_ numbers: UInt64...) -> RaftConfiguration { RaftConfiguration(voters: numbers.map(ServerID.init)) }

func message(_ term: UInt64, _ body: Body) -> Message { Message(term: Term(term), body: body) }

func entry(_ position: UInt64, term: UInt64, _ text: String = "x") -> Entry {
    Entry(index: index(position), term: Term(term), content: .command(Letter(text)), size: 10)
}

/// A stored log whose first entry names `configuration`; `terms` are those of the entries after it.
func stored(_ configuration: RaftConfiguration, terms: [UInt64], term: UInt64, vote: UInt64? = nil) -> Stored {
    let first = Entry(index: index(1), term: Term(1), content: .configuration(configuration), size: 0)
    let others = terms.enumerated().map { entry(UInt64($0.offset) + 2, term: $0.element, "t\($0.element)") }
    return Stored(
        hardState: RaftHardState(term: Term(term), votedFor: vote.map(ServerID.init)), snapshot: nil, entries: [first] + others)
}

func node(
    _ number: UInt64, _ stored: Stored = .founding(voters(1, 2, 3)), settings: RaftSettings = RaftSettings(),
    at now: MonotonicInstant = .zero
) -> Node {
    Node(id: server(number), settings: settings, stored: stored, seed: number, now: now)
}

extension Node {
    /// Gives a message of `term` from another server.
    mutating func hear(_ body: Body, term: UInt64, from sender: UInt64, at now: MonotonicInstant = .zero) -> [Effect] {
        step(.received(message(term, body), from: server(sender)), at: now)
    }

    /// Completes every write in the effects, as a disk without delay does, and the writes that follow from it.
    mutating func sync(_ effects: [Effect], at now: MonotonicInstant = .zero) -> [Effect] {
        var all = effects
        var position = 0
        while position < all.count {
            if case .write(let write) = all[position] { all += step(.writeCompleted(sequence: write.sequence), at: now) }
            if case .apply(let entries) = all[position], let last = entries.last { all += step(.applied(last.index), at: now) }
            if case .restore(let snapshot) = all[position] { all += step(.applied(snapshot.index), at: now) }
            position += 1
        }
        return all
    }

    /// Makes this node the leader of its next term, with the votes of `others`, its writes done.
    mutating func lead(with others: UInt64..., at now: MonotonicInstant = instant(1_000)) -> [Effect] {
        var effects = sync(step(.timePassed, at: now), at: now)
        for other in others {
            effects += sync(
                hear(.preVoteAnswer(isGranted: true, isLeaderAlive: false), term: term.number + 1, from: other, at: now), at: now)
            if role == .candidate { break }
        }
        for other in others where role == .candidate {
            effects += sync(hear(.voteAnswer(isGranted: true), term: term.number, from: other, at: now), at: now)
        }
        return effects
    }

    var role: RaftRole { status.role }
}

extension [RaftEffect<Letter>] {
    /// The messages among the effects, with their receivers.
    var sent: [(body: Body, term: Term, receiver: ServerID)] {
        compactMap {
            if case .send(let message, let receiver) = $0 { (message.body, message.term, receiver) } else { nil }
        }
    }
    func bodies(to number: UInt64) -> [Body] { sent.filter { $0.receiver == server(number) }.map(\.body) }
    var writes: [RaftWrite<Letter>] { compactMap { if case .write(let write) = $0 { write } else { nil } } }
    var appliedEntries: [Entry] { compactMap { if case .apply(let entries) = $0 { entries } else { nil } }.flatMap { $0 } }
    var notices: [String] { compactMap { if case .notice(let text) = $0 { text } else { nil } } }
}
