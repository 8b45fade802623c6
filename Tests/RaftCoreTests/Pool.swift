import PoolModel
import RaftCore
import Testing

/// A packet on the network of a test pool.
struct Packet {
    let sender: ServerID
    let receiver: ServerID
    let message: Message
}

/// Several nodes in one thread: the test decides what is delivered, what is synced and what time it is.
///
/// It checks the properties of Raft's figure 3 at each event and records what broke them in `violations`.
struct Pool {
    var nodes: [ServerID: Node] = [:]
    var disks: [ServerID: Disk] = [:]
    var network: [Packet] = []
    var now = instant(0)
    var settings: RaftSettings
    /// Links that deliver nothing: sender, receiver.
    var cuts: Set<[ServerID]> = []
    /// Whether a write is synced as soon as it is asked for.
    var syncsAtOnce = true

    /// All that was ever handed out, by index: equal everywhere, or state machine safety is broken.
    var committed: [LogIndex: Entry] = [:]
    var lastCommitted = LogIndex.zero
    var leaders: [Term: ServerID] = [:]
    var violations: [String] = []
    /// What the owners were told, newest last.
    var answers: [(server: ServerID, effect: Effect)] = []
    /// Reads that wait, with the least index that a linearizable answer may have.
    var openReads: [RaftToken: (server: ServerID, least: LogIndex)] = [:]
    var openProposals: [RaftToken: ServerID] = [:]
    var nextToken: UInt64 = 1
    var starts: UInt64 = 0
    let seed: UInt64

    init(_ configuration: RaftConfiguration, extra: [UInt64] = [], settings: RaftSettings = RaftSettings(), seed: UInt64 = 1) {
        self.settings = settings
        self.seed = seed
        for member in configuration.members { add(member, .founding(configuration)) }
        for number in extra { add(server(number), .empty) }
    }

    /// Begins with these logs.
    init(stored: [UInt64: Stored], settings: RaftSettings = RaftSettings(), seed: UInt64 = 1) {
        self.settings = settings
        self.seed = seed
        for number in stored.keys.sorted() { add(server(number), stored[number] ?? .empty) }
    }

    var servers: [ServerID] { disks.keys.sorted() }
    var leader: ServerID? {
        servers.filter { nodes[$0]?.role == .leader }.max { (nodes[$0]?.term ?? .zero) < (nodes[$1]?.term ?? .zero) }
    }
    subscript(_ number: UInt64) -> Node { nodes[server(number)] ?? node(number) }

    mutating func add(_ server: ServerID, _ stored: Stored) {
        disks[server] = Disk(stored)
        start(server)
    }

    /// Starts a server from what its disk holds.
    mutating func start(_ server: ServerID) {
        guard let stored = disks[server]?.stored else { return }
        starts += 1
        nodes[server] = Node(id: server, settings: settings, stored: stored, seed: seed &* 1_000 &+ starts, now: now)
    }

    /// Ends a server's process: what was not synced is lost, and so are its clients.
    mutating func crash(_ server: ServerID) {
        nodes[server] = nil
        disks[server]?.crash()
        openReads = openReads.filter { $0.value.server != server }
        openProposals = openProposals.filter { $0.value != server }
    }

    mutating func step(_ server: ServerID, _ input: RaftInput<Letter>) {
        guard let effects = nodes[server]?.step(input, at: now) else { return }
        perform(effects, of: server)
        checkLeader(server)
    }

    /// Syncs the oldest writes of a server and tells it.
    mutating func sync(_ server: ServerID, _ count: Int = .max) {
        guard let sequence = disks[server]?.sync(count) else { return }
        step(server, .writeCompleted(sequence: sequence))
    }

    mutating func deliver(_ packet: Packet) {
        guard !cuts.contains([packet.sender, packet.receiver]) else { return }
        step(packet.receiver, .received(packet.message, from: packet.sender))
    }

    /// Delivers in order until the network is quiet.
    mutating func settle(limit: Int = 100_000) {
        var count = 0
        while !network.isEmpty, count < limit {
            deliver(network.removeFirst())
            count += 1
        }
        if !network.isEmpty { violations.append("the network was not quiet after \(limit) messages") }
    }

    /// Lets time pass, deadline by deadline, everything delivered in between.
    mutating func elapse(_ milliseconds: Int64) {
        let end = now + .milliseconds(milliseconds)
        var count = 0
        while let due = nextDeadline, due <= end {
            count += 1
            guard count < 50_000 else { return violations.append("a deadline stays due: \(portrait)") }
            now = max(now, due)
            for server in servers { step(server, .timePassed) }
            settle()
        }
        now = end
    }

    var nextDeadline: MonotonicInstant? { servers.compactMap { nodes[$0]?.nextDeadline }.min() }

    /// Makes `number` stand for election: time passes for it alone.
    mutating func elect(_ number: UInt64) {
        now = now + settings.electionTimeoutMost + .milliseconds(1)
        step(server(number), .timePassed)
        settle()
    }

    mutating func cut(_ numbers: UInt64...) { for number in numbers { setCut(server(number), true) } }
    mutating func heal() { cuts = [] }

    private mutating func setCut(_ one: ServerID, _ isCut: Bool) {
        for other in servers where other != one {
            cuts.insert([one, other])
            cuts.insert([other, one])
        }
    }

    @discardableResult mutating func propose(_ text: String, at number: UInt64, size: Int = 10) -> RaftToken {
        let token = takeToken()
        openProposals[token] = server(number)
        step(server(number), .propose(Letter(text), size: size, token: token))
        return token
    }

    @discardableResult mutating func read(at number: UInt64) -> RaftToken {
        let token = takeToken()
        openReads[token] = (server(number), lastCommitted)
        step(server(number), .readIndex(token: token))
        return token
    }

    @discardableResult mutating func change(to configuration: RaftConfiguration, at number: UInt64) -> RaftToken {
        let token = takeToken()
        openProposals[token] = server(number)
        step(server(number), .changeConfiguration(voters: configuration.voters, learners: configuration.learners, token: token))
        return token
    }

    mutating func takeToken() -> RaftToken {
        nextToken += 1
        return RaftToken(nextToken - 1)
    }

    /// Takes a snapshot of everything that a server has applied.
    mutating func compact(_ number: UInt64, bytes: Int = 64) {
        guard let node = nodes[server(number)], node.appliedIndex > node.snapshotIndex else { return }
        step(server(number), .compact(index: node.appliedIndex, data: Self.state(at: node.appliedIndex, bytes: bytes)))
    }

    /// The stand-in for a state: it names its index.
    static func state(at index: LogIndex, bytes: Int) -> [UInt8] {
        (0..<bytes).map { UInt8(truncatingIfNeeded: index.number &+ UInt64($0)) }
    }

    func refusal(of token: RaftToken) -> RaftRefusal? {
        for (_, effect) in answers {
            if case .proposalRefused(token, let refusal) = effect { return refusal }
            if case .readRefused(token, let refusal) = effect { return refusal }
        }
        return nil
    }

    func readIndex(of token: RaftToken) -> LogIndex? {
        for case (_, .readReady(token, let index)) in answers { return index }
        return nil
    }
}
