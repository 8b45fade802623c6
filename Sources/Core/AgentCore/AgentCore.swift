package import PoolModel
package import PoolStateMachine
package import RaftCore

/// One agent as a value: Raft, the pool's state, sessions and reconciliation. Inputs in, effects out, in order.
///
/// It has no clock, no randomness and no I/O of its own: one seed and one list of inputs always give the same effects.
package struct AgentCore: Sendable {
    package let identity: AgentIdentity
    package let settings: AgentSettings
    /// The pool's state as far as this agent has applied the log.
    package internal(set) var state: PoolState
    package internal(set) var raft: RaftNode<PoolEntry>

    var now: AgentTime
    let decoder: any PoolStateDecoding
    var requests = RequestTable()
    var session = SessionKeeper()
    var reconciler = Reconciler()
    var duties: MasterDuties
    var snapshots = SnapshotKeeper()
    var digests = DigestComparison()
    var progress = ProgressKeeper()
    var stopping: StopProgress?
    var peers: [PeerDescription]
    /// The least number that a server may have which is admitted without being a peer.
    var admittedFrom: ServerID
    /// Whom to be connected with until the log names this server.
    let initialPeers: [PeerDescription]
    let storedPeers: InterimPeers
    /// This server as the stored log, all of it applied, would have it.
    let storedServer: Server?
    /// What each other member last said of the members.
    var toldPeers: [ServerID: ToldPeers] = [:]
    var mastership: MastershipStatus
    var nextDuty: MonotonicInstant
    /// After a halt nothing is done any more.
    package internal(set) var isHalted = false

    /// - Parameters:
    ///   - initialPeers: whom to connect with until the pool's own state says so.
    ///   - facts: this server's, for its HELLO.
    /// - Throws: when the stored snapshot cannot be read.
    package init(
        identity: AgentIdentity, settings: AgentSettings, stored: RaftStoredState<PoolEntry>, decoder: any PoolStateDecoding,
        initialPeers: [PeerDescription], facts: ServerFacts, seed: UInt64, now: AgentTime
    ) throws(PoolStateDecodingError) {
        self.identity = identity
        self.settings = settings
        self.decoder = decoder
        self.now = now
        state = if let snapshot = stored.snapshot { try decoder.decode(snapshot.data) } else { PoolState() }
        raft = RaftNode(id: identity.server, settings: settings.raft, stored: stored, seed: seed, now: now.monotonic)
        duties = MasterDuties()
        self.initialPeers = initialPeers.filter { $0.server != identity.server }.sorted { $0.server < $1.server }
        let preview = state.preview(of: stored.entries)
        storedPeers = InterimPeers(preview)
        storedServer = preview.servers[identity.server]
        peers = self.initialPeers
        admittedFrom = ServerID(max(state.nextServer, identity.server.number + 1))
        mastership = MastershipStatus(raft.status, isReady: false)
        nextDuty = now.monotonic
        session.facts = facts
    }

    /// Who is master as was last said.
    package var mastershipStatus: MastershipStatus { mastership }

    /// Whether a stop was asked for: this agent hands over what it has, and takes nothing new on.
    package var isStopping: Bool { stopping != nil }

    /// When `.timePassed` is due.
    package var nextDeadline: MonotonicInstant {
        min(nextDuty, raft.nextDeadline ?? nextDuty, requests.nextRetry ?? nextDuty)
    }

    /// The effects of a start: connections to open, domains to list.
    package mutating func start() -> [AgentEffect] {
        var effects: [AgentEffect] = []
        // Before it votes for anybody or acknowledges anything: the server that the disk was copied from may have done so already.
        if let known = storedServer, !known.mayRun(on: identity.hardware) {
            halt(known.refusal(ofHardware: identity.hardware), &effects)
            return effects
        }
        refreshPeers(&effects)
        if effects.isEmpty { effects.append(.peersChanged(peers, admittingFrom: admittedFrom)) }
        requestListing(&effects)
        return effects
    }

    /// Takes one input and says what to do about it.
    package mutating func step(_ input: AgentInput, at time: AgentTime) -> [AgentEffect] {
        now = time
        var effects: [AgentEffect] = []
        guard !isHalted else { return effects }
        dispatch(input, &effects)
        reconcile(&effects)
        return effects
    }

    private mutating func dispatch(_ input: AgentInput, _ effects: inout [AgentEffect]) {
        switch input {
        case .timePassed: timePassed(&effects)
        case .received(let message, let sender): receive(message, from: sender, &effects)
        case .peerConnected(let peer): peerConnected(peer, &effects)
        case .peerUnreachable(let peer): drive(.peerUnreachable(peer), &effects)
        case .peerConnectionClosed(let peer): drive(.leaderConnectionClosed(peer), &effects)
        case .writeCompleted(let sequence): drive(.writeCompleted(sequence: sequence), &effects)
        case .snapshotEncoded(let index, let data): snapshotEncoded(index: index, data: data, &effects)
        case .submit(let request, let command, let principal, let reason, let idempotency, let expected):
            submit(request, command, principal: principal, reason: reason, idempotency: idempotency, expected: expected, &effects)
        case .read(let request, let consistency): read(request, consistency, &effects)
        case .readProgress(let reader): readProgress(reader, &effects)
        case .abandoned(let request): requests.abandon(request)
        case .domainsListed(let domains, let number): domainsListed(domains, number: number, &effects)
        case .domainsChanged: domainsChanged(&effects)
        case .operationEnded(let operation, let result): operationEnded(operation, result, &effects)
        case .operationProgressed(let operation, let mebibytes): reconciler.operations[operation]?.sent = mebibytes
        case .factsRead(let facts): factsRead(facts, &effects)
        case .transferMastership(let target): drive(.transferLeadership(target: target), &effects)
        case .stop: beginStop(&effects)
        }
    }

    private mutating func timePassed(_ effects: inout [AgentEffect]) {
        drive(.timePassed, &effects)
        retryRequests(&effects)
        guard now.monotonic >= nextDuty else { return }
        nextDuty = now.monotonic + settings.dutyInterval
        performDuties(&effects)
    }

    /// What has no deadline of its own.
    mutating func performDuties(_ effects: inout [AgentEffect]) {
        refreshMastership(&effects)
        keepSession(&effects)
        keepMasterDuties(&effects)
        keepListing(&effects)
        keepStopping(&effects)
        forgetToldMembers(&effects)
        askForMembers(&effects)
        tellSilentPeers(&effects)
        keepDigests(&effects)
        keepProgress(&effects)
        reconciler.isDue = true
    }

    private mutating func receive(_ message: PeerMessage, from sender: ServerID, _ effects: inout [AgentEffect]) {
        guard isHeard(message, from: sender) else { return }
        duties.lastHeard[sender] = now.monotonic
        switch message {
        case .raft(let raftMessage): drive(.received(raftMessage, from: sender), &effects)
        case .forward(let entry): forwarded(entry, from: sender, &effects)
        case .forwardRefused(let request, _): forwardRefused(request)
        case .stateDigest(let index, let digest): heardDigest(digest, at: index, of: sender, &effects)
        case .newerEntries(let term, let cause): receiveNewerEntries(in: term, cause, from: sender, &effects)
        case .membersWanted(let lastIndex, let lastTerm): tellMembers(to: sender, lastIndex, lastTerm, &effects)
        case .progress(let session, let tasks): heardProgress(tasks, session: session, of: sender)
        case .progressWanted: progressWanted(by: sender, &effects)
        case .progressTold(let tasks): progressTold(tasks, by: sender, &effects)
        case .members(let members, let index): toldMembers(members, index: index, by: sender, &effects)
        }
    }

    private mutating func peerConnected(_ peer: ServerID, _ effects: inout [AgentEffect]) {
        // What was forwarded over a connection that broke may be lost: say it again at once.
        if raft.status.leader == peer { dispatchOutstanding(&effects) }
    }

    /// Ends this agent's work: it must not go on with a state that it cannot trust.
    mutating func halt(_ sentence: String, _ effects: inout [AgentEffect]) {
        isHalted = true
        effects.append(.halt(sentence))
    }
}
