package import PoolModel

/// One server's part in Raft (Ongaro's dissertation), as a pure value: inputs in, an ordered list of effects out.
///
/// It reads no clock and draws no random number but from its seed; the same inputs give the same effects. It does no I/O:
/// the owner performs the effects in their order and reports what became of them.
///
/// At the start the owner restores its own state from `stored.snapshot`; a node gives `.restore` only for later snapshots.
package struct RaftNode<Payload: RaftPayload>: Sendable {
    package let id: ServerID
    let settings: RaftSettings
    var random: SplitMix64
    /// The time of the last input.
    var now: MonotonicInstant

    // Raft figure 2: persistent.
    package internal(set) var term: Term
    var votedFor: ServerID?
    var log: RaftLog<Payload>
    /// The newest snapshot; what a follower that is far behind receives.
    var snapshot: RaftSnapshot?
    /// The sizes of the entries that are kept behind the snapshot.
    var trailingBytes = 0
    var configurations: ConfigurationHistory

    // Raft figure 2: volatile.
    package internal(set) var commitIndex: LogIndex
    /// What the owner has reported as applied.
    package internal(set) var appliedIndex: LogIndex
    /// What has been handed to the owner, by `.apply` or `.restore`.
    var handedOutIndex: LogIndex
    /// The greatest index that is known to agree with the log of this term's leader (hazard B10).
    var verifiedIndex: LogIndex

    var role: RaftRole = .follower
    /// The leader that this node follows; forgotten when it falls silent or its connection closes.
    var leader: ServerID?
    /// Who was seen to lead in this term; not forgotten, as there can be no other in this term.
    var leaderOfTerm: ServerID?
    var lastLeaderContact: MonotonicInstant
    var electionDeadline: MonotonicInstant
    /// When to ask for pre-votes before the election timeout, after a hint that the leader died.
    var preVoteDeadline: MonotonicInstant?
    /// Whether the leader's connection closed and it was not heard since: "leader alive" is then asked about again soon.
    var isLeaderSuspected = false
    var ballot = Ballot()
    var leading: Leadership
    var storage: StorageQueue<Payload>
    var arrivingSnapshot: SnapshotAssembly?
    /// A snapshot that is being written; nothing is applied before it is restored (hazard B12).
    var restoring: (sequence: UInt64, snapshot: RaftSnapshot)?
    var forwardedReads: ForwardedReads

    /// What this step wants done.
    var effects: [RaftEffect<Payload>] = []
    var reportedStatus: RaftStatus
    /// What happened since this node began, for whoever watches it; nothing is decided by it.
    package internal(set) var counts = RaftCounts()

    /// - Parameters:
    ///   - stored: what storage held: durable, checked, contiguous.
    ///   - seed: differs from server to server and from run to run; the election timeouts come from it.
    package init(
        id: ServerID, settings: RaftSettings, stored: RaftStoredState<Payload>, seed: UInt64, now: MonotonicInstant
    ) {
        precondition(settings.electionTimeoutLeast <= settings.electionTimeoutMost, "the election timeouts are reversed")
        self.id = id
        self.settings = settings
        self.now = now
        random = SplitMix64(seed: seed)
        let base = stored.snapshot
        let baseIndex = base?.index ?? .zero
        log = RaftLog()
        log.reset(to: baseIndex, term: base?.term ?? .zero)
        configurations = ConfigurationHistory(index: baseIndex, configuration: base?.configuration ?? .empty)
        for entry in stored.entries {
            log.append(entry)
            if case .configuration(let configuration) = entry.content { configurations.append(configuration, at: entry.index) }
        }
        snapshot = base
        term = max(stored.hardState.term, log.lastTerm)
        votedFor = term == stored.hardState.term ? stored.hardState.votedFor : nil
        commitIndex = baseIndex
        appliedIndex = baseIndex
        handedOutIndex = baseIndex
        verifiedIndex = baseIndex
        lastLeaderContact = now
        leading = Leadership()
        storage = StorageQueue(durableIndex: log.lastIndex)
        forwardedReads = ForwardedReads(firstContext: random.next())
        reportedStatus = RaftStatus(role: .follower, term: term, leader: nil)
        electionDeadline = now
        electionDeadline = firstElectionDeadline()
    }

    /// Takes one input.
    ///
    /// - Returns: what is to be done, in order.
    package mutating func step(_ input: RaftInput<Payload>, at now: MonotonicInstant) -> [RaftEffect<Payload>] {
        self.now = max(self.now, now)
        switch input {
        case .timePassed: timePassed()
        case .received(let message, let sender): receive(message, from: sender)
        case .writeCompleted(let sequence): writeCompleted(through: sequence)
        case .applied(let index): applied(through: index)
        case .propose(let payload, let size, let token): propose(payload, size: size, token: token)
        case .changeConfiguration(let voters, let learners, let token):
            changeConfiguration(RaftConfiguration(voters: voters, learners: learners), token: token)
        case .readIndex(let token): readIndex(token: token)
        case .compact(let index, let data): compact(through: index, data: data)
        case .transferLeadership(let target): transferLeadership(to: target)
        case .leaderConnectionClosed(let server): leaderConnectionClosed(server)
        case .peerUnreachable(let server): peerUnreachable(server)
        case .storageStalled: storageStalled()
        }
        return finishStep()
    }

    /// When `.timePassed` is due; nil when nothing waits for time.
    package var nextDeadline: MonotonicInstant? { role == .leader ? leaderDeadline : followerDeadline }

    func send(_ body: RaftMessageBody<Payload>, to receiver: ServerID) -> RaftEffect<Payload> {
        .send(RaftMessage(term: term, body: body), to: receiver)
    }

    mutating func emit(_ body: RaftMessageBody<Payload>, to receiver: ServerID) {
        effects.append(send(body, to: receiver))
    }
}
