import AgentCore
import PoolModel
import PoolStateMachine
import RaftCore
import SimulatedHost
import WireFormat

extension PoolSimulation {
    // MARK: Founding

    /// Founds the pool as a bootstrap does, then lets the other first servers join it by its own log.
    func found() {
        let founder = makeServer(ServerID(1), introduction(number: 1), storing: foundingLog(introduction(number: 1)))
        start(founder)
        for number in 2..<(settings.servers + 1) where report.violations.isEmpty { joinAtBeginning(ServerID(UInt64(number))) }
        plantedBug = settings.plantedBug
        for server in serversInOrder { plantBug(in: server) }
    }

    private func plantBug(in server: SimulatedServer) {
        server.disk.forgetsHardState = plantedBug == .forgetsHardState
    }

    /// Entry 1 names the voters, entry 2 founds the pool.
    private func foundingLog(_ founder: NewServer) -> RaftStoredState<PoolEntry> {
        let configuration = RaftConfiguration(voters: [ServerID(1)])
        let foundation = PoolFoundation(
            pool: pool, name: "simulated", authority: SimulatedIdentity.digest(of: 1), founder: founder,
            credential: OperatorCredential(name: "admin", secret: SimulatedIdentity.digest(of: 2), role: .administrator))
        let entry = PoolEntry(
            command: .createPool(foundation), principal: .master(ServerID(1)), proposedAt: PoolTime(milliseconds: 1_699_999_990_000))
        return RaftStoredState(
            hardState: RaftHardState(term: Term(1), votedFor: nil), snapshot: nil,
            entries: [
                RaftEntry(index: LogIndex(1), term: Term(1), content: .configuration(configuration), size: 0),
                RaftEntry(index: LogIndex(2), term: Term(1), content: .command(entry), size: entry.approximateSize),
            ])
    }

    private func joinAtBeginning(_ id: ServerID) {
        let isMaster = advance(until: { $0.master != nil }, milliseconds: 20_000)
        guard isMaster, let member = master else { return violated("The founder did not become the Server Pool Master.") }
        beginJoin(through: member)
        let known: (PoolSimulation) -> Bool = { $0.checks.reference.servers[id]?.isSessionOpen ?? false }
        if !advance(until: known, milliseconds: 20_000) { violated("Server \(id) did not join the pool.") }
    }

    func introduction(number: UInt64) -> NewServer {
        guard let name = ServerName("server\(number)") else { preconditionFailure("a name of our own is wrong") }
        return NewServer(
            name: name, peerAddress: "server\(number):8899", queryAddress: "server\(number):4443", roles: .all,
            key: SimulatedIdentity.digest(of: 1_000 + number), storage: UniqueIdentifier(high: number, low: 0xD15C),
            hardware: number.isMultiple(of: 2) ? Self.hardware(number) : nil)
    }

    private static func hardware(_ number: UInt64) -> UniqueIdentifier { UniqueIdentifier(high: number, low: 0xB0A2D) }

    func makeServer(_ id: ServerID, _ introduction: NewServer, storing stored: RaftStoredState<PoolEntry>) -> SimulatedServer {
        let server = SimulatedServer(
            id: id, introduction: introduction, disk: SimulatedDisk(stored), host: newHost(), clock: newClock())
        plantBug(in: server)
        servers[id] = server
        return server
    }

    /// No two servers' clocks begin together, nor need they run alike.
    private func newClock() -> SimulatedClock {
        let drift = Int64(settings.faults.clockDriftMillionths)
        return SimulatedClock(
            reading: random.nanoseconds(1_000_000_000...900_000_000_000), at: now, drift: random.nanoseconds(-drift...drift),
            wallOffset: random.nanoseconds(-5_000_000_000...5_000_000_000))
    }

    // MARK: Runs

    /// Starts a run of the server's agent from its disk.
    func start(_ server: SimulatedServer) {
        server.run += 1
        server.pausedUntil = 0
        server.timerAt = nil
        server.diskFreeAt = now
        server.isStopping = false
        server.isLeading = false
        server.peers = []
        server.admittedFrom = nil
        network.pendingNotices = network.pendingNotices.filter { $0.sender != server.id }
        let identity = AgentIdentity(
            pool: pool, server: server.id, storage: server.introduction.storage,
            // Also for a server that joined without naming it.
            hardware: Self.hardware(server.introduction.storage.high), boot: server.host.boot, run: random.identifier(),
            version: "simulated")
        do {
            let isWrong = plantedBug == .appliesDifferently && server.id == ServerID(2)
            let decoder: any PoolStateDecoding = isWrong ? WrongDecoding(coding: coding) : coding
            var core = try AgentCore(
                identity: identity, settings: agentSettings, stored: server.disk.stored, decoder: decoder,
                initialPeers: server.initialPeers,
                facts: server.host.facts, seed: random.next(), now: server.clock.time(at: now))
            let effects = core.start()
            if let sentence = checks.began(server.id, in: core.raft.term) { violated(sentence) }
            server.checkedCommit = core.raft.commitIndex
            server.configuration = core.raft.configuration
            checkQuorums(server, core)
            server.lastApplied = core.state.appliedIndex
            server.core = core
            perform(effects, of: server)
            reschedule(server)
        } catch {
            violated("Server \(server.id) cannot read its own snapshot: \(error.message)")
        }
        replayStarts(server)
    }

    private var agentSettings: AgentSettings {
        var agent = AgentSettings()
        agent.raft.trailingEntries = 40
        agent.raft.snapshotPartBytes = 4_096
        agent.raft.inflightMessages = 8
        agent.snapshotEntries = 150
        agent.digestInterval = 50
        return agent
    }

    /// Ends the server's agent: in good order, or as a process dies.
    func end(_ server: SimulatedServer, isOrderly: Bool, isSilent: Bool = false) {
        guard server.core != nil else { return }
        server.core = nil
        let pending = server.disk.pending.count
        let survivors = random.below(pending + 1)
        if survivors > 0, survivors < pending { report.counts.brokenBatches += 1 }
        server.disk.crash(survivors: survivors)
        clients.abandon(server.id)
        if isOrderly {
            report.counts.gracefulStops += 1
            queue.add(.restart(server.id), at: now + random.nanoseconds(200_000_000...3_000_000_000))
        }
        guard !isSilent else { return }
        for peer in serversInOrder where peer.id != server.id && peer.core != nil && !network.isCut(server.id, peer.id) {
            let delay = random.nanoseconds(50_000...2_000_000)
            if !isOrderly { queueInput(.peerConnectionClosed(server.id), for: peer, after: delay) }
            queueInput(.peerUnreachable(server.id), for: peer, after: delay)
        }
    }

    /// The agent's process dies, its server does not: domains run on.
    func crash(_ server: SimulatedServer) {
        guard server.core != nil else { return }
        report.counts.crashes += 1
        end(server, isOrderly: false)
    }

    /// The server's power goes: agent, domains, and what the disk had not written.
    func cutPower(_ server: SimulatedServer) {
        report.counts.powerCuts += 1
        end(server, isOrderly: false, isSilent: true)
        cutPowerOfHost(of: server)
        // What was suspended boots like any other.
        server.suspendedUntil = min(server.suspendedUntil, now)
    }

    func restart(_ id: ServerID) {
        guard let server = servers[id], server.core == nil, !server.hasHalted else { return }
        if plantedBug == .emptiesDisk, random.happens(500_000) { server.disk = SimulatedDisk(.empty) }
        if plantedBug == .cutsLogAtRestart { server.disk.cut(1 + random.below(20)) }
        start(server)
    }

    // MARK: Joining

    /// An operator makes a token; what the answer brings about goes on by itself.
    func beginJoin(through member: SimulatedServer) {
        let number = clients.nextSecret
        clients.nextSecret += 1
        let token = JoinToken(secret: SimulatedIdentity.digest(of: number), roles: .all, lifetimeMilliseconds: 3_600_000)
        submit(.createToken(token), to: member, follow: .join(secret: number))
    }

    /// The token is there: someone new uses it.
    func useToken(_ token: TokenID, secret: UInt64, through member: SimulatedServer) {
        let newcomer = introduction(number: secret)
        let request = JoinRequest(token: token, secret: SimulatedIdentity.digest(of: secret), server: newcomer)
        submit(.join(request), to: member, as: .joiner(token), follow: .startServer(number: secret))
    }

    /// The pool has given the newcomer its number: its agent begins, with nothing on its disk.
    func joined(_ id: ServerID, number: UInt64) {
        guard servers[id] == nil else { return }
        report.counts.membershipChanges += 1
        let newcomer = makeServer(id, introduction(number: number), storing: .empty)
        newcomer.initialPeers = checks.reference.activeServers.filter { $0.id != id }.map {
            PeerDescription(server: $0.id, name: $0.name, address: $0.peerAddress)
        }
        start(newcomer)
    }
}

/// Digests that stand for keys and secrets.
enum SimulatedIdentity {
    static func digest(of number: UInt64) -> SHA256Digest {
        let bytes = (0..<32).map { UInt8(truncatingIfNeeded: number >> UInt64(($0 % 8) * 8)) }
        guard let digest = SHA256Digest(bytes: bytes) else { preconditionFailure("32 bytes were not enough for a digest") }
        return digest
    }
}

/// A planted mistake: what is restored has another history of events than what was stored, which nothing but the digest shows.
private struct WrongDecoding: PoolStateDecoding {
    let coding: WireSnapshotCoding

    func decode(_ data: [UInt8]) throws(PoolStateDecodingError) -> PoolState {
        let state = try coding.decode(data)
        var parts = state.parts
        parts.eventDigest &+= 1
        do { return try PoolState(restoring: parts) } catch { return state }
    }
}
