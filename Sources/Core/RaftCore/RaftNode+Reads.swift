import DequeModule
import PoolModel

/// A read that waits at the leader for a confirmed round.
struct LeaderRead: Sendable {
    enum Origin: Sendable {
        case local(RaftToken)
        case peer(ServerID, context: UInt64)
    }
    let origin: Origin
    /// The commit index when it arrived.
    let index: LogIndex
    var round: UInt64 = 0
}

/// What a follower asks its leader for: one request at a time, with all reads that waited for it.
struct ForwardedReads: Sendable {
    /// Begins at a random number, so that an answer to an earlier run of this server is not taken for one to this.
    var nextContext: UInt64
    var askedContext: UInt64?
    var askedAt: MonotonicInstant = .zero
    var asked: [RaftToken] = []
    var waiting: [RaftToken] = []

    init(firstContext: UInt64) { nextContext = firstContext }
}

extension RaftNode {
    /// Linearizable reads without the log (dissertation §6.4): the index, then proof that nobody else led meanwhile.
    mutating func readIndex(token: RaftToken) {
        if role == .leader { return read(LeaderRead(origin: .local(token), index: commitIndex)) }
        guard let leader else { return effects.append(.readRefused(token: token, .notLeader(leader: nil))) }
        forwardedReads.waiting.append(token)
        if forwardedReads.askedContext == nil { askLeader(leader) }
    }

    mutating func receiveReadIndexRequest(context: UInt64, from sender: ServerID) {
        guard hearPeer(sender) != nil else { return emit(.readIndexRefused(context: context), to: sender) }
        var count = 0
        for case .peer(sender, let waiting) in leading.reads.lazy.map(\.origin) {
            // The same request, sent again: one answer will do.
            if waiting == context { return }
            count += 1
        }
        guard count < RaftBounds.readsPerPeer else { return emit(.readIndexRefused(context: context), to: sender) }
        read(LeaderRead(origin: .peer(sender, context: context), index: commitIndex))
    }

    /// A leader that has not committed in its own term does not know how far the log is committed (hazard B19).
    private mutating func read(_ read: LeaderRead) {
        guard commitIndex >= leading.firstIndex else { return refuse(read, .notReadyToRead) }
        leading.reads.append(read)
        if leading.assignedReads == 0 { beginRound(toAll: false) }
    }

    /// Sends one round of heartbeats; reads that arrived before it are confirmed by it.
    ///
    /// - Parameter toAll: also to those whose echo confirms nothing; they need heartbeats only now and then.
    mutating func beginRound(toAll: Bool) {
        leading.round += 1
        leading.openRounds.append((leading.round, now))
        while leading.assignedReads < leading.reads.count {
            leading.reads[leading.assignedReads].round = leading.round
            leading.assignedReads += 1
        }
        let voters = configuration
        for peer in leading.peers where toAll || voters.isVoter(peer.server) {
            // Capped: the follower may hold other entries than ours behind what it is known to match (hazard B10).
            emit(.heartbeat(commit: min(commitIndex, peer.matchIndex), round: leading.round), to: peer.server)
        }
        confirmRounds()
    }

    /// Releases the reads whose round a majority echoed, then begins the next round if more came meanwhile.
    mutating func confirmRounds() {
        let confirmed = configuration.valueReachedByMajority { server in
            if server == id { return leading.round }
            return leading.position(of: server).map { leading.peers[$0].confirmedRound } ?? 0
        }
        guard confirmed > leading.confirmedRound else { return }
        leading.confirmedRound = confirmed
        while let first = leading.openRounds.first, first.number <= confirmed {
            leading.confirmedRoundStart = first.start
            leading.openRounds.removeFirst()
        }
        while leading.assignedReads > 0, let first = leading.reads.first, first.round <= confirmed {
            leading.reads.removeFirst()
            leading.assignedReads -= 1
            answer(first)
        }
        if leading.assignedReads == 0, !leading.reads.isEmpty { beginRound(toAll: false) }
    }

    private mutating func answer(_ read: LeaderRead) {
        switch read.origin {
        case .local(let token): effects.append(.readReady(token: token, index: read.index))
        case .peer(let server, let context): emit(.readIndexAnswer(context: context, index: read.index), to: server)
        }
    }

    mutating func refuse(_ read: LeaderRead, _ refusal: RaftRefusal) {
        switch read.origin {
        case .local(let token): effects.append(.readRefused(token: token, refusal))
        case .peer(let server, let context): emit(.readIndexRefused(context: context), to: server)
        }
    }
}
