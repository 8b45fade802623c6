import RaftCore
import PoolModel
import PoolStateMachine

/// This run's session: opened by HELLO, kept true by facts, closed by RELEASED (fencing: sessions).
struct SessionKeeper: Sendable {
    /// This server's facts as last read.
    var facts: ServerFacts?
    /// The session of *this run*, once its HELLO is applied. Before that this agent starts, resumes and unpauses nothing.
    var number: SessionNumber?
    /// Whether this run's HELLO was ever applied: from then on another run's means that this one is ousted.
    var wasOpened = false
    /// When the present word (HELLO, facts, RELEASED) was said last.
    var saidAt: MonotonicInstant?
    var isReleasing = false
    /// Whether the listing at the start has shown that a new boot runs no domain of the pool.
    var wasWarnedOfDomains = false
}

extension AgentCore {
    /// Says whatever the log lacks of this run: HELLO first, then changed facts.
    mutating func keepSession(_ effects: inout [AgentEffect]) {
        guard let server = state.servers[identity.server] else { return }
        guard checkMembership(server, &effects) else { return }
        guard server.run == identity.run, server.isSessionOpen else {
            if !session.isReleasing { sayHello(server, &effects) }
            return
        }
        if session.number == nil {
            session.number = server.session
            session.saidAt = nil
            reconciler.isDue = true
            effects.append(.notice(.information, "Session \(server.session) of server \(server.name) is open."))
            nameWaitingWrites(&effects)
        }
        guard let facts = factsToSay, facts != server.facts, !session.isReleasing, maySayAgain() else { return }
        say(.serverFacts(server: identity.server, session: server.session, facts), as: .server(identity.server), &effects)
    }

    /// A removed server, or one whose disk or mainboard is not the one that the pool knows, must not go on.
    private mutating func checkMembership(_ server: Server, _ effects: inout [AgentEffect]) -> Bool {
        if server.isRemoved {
            // Until Raft's configuration without it is committed its vote may be needed: two voters of which one left at once
            // would leave the other without a majority for ever.
            guard !raft.committedConfiguration.members.contains(identity.server) else { return false }
            halt("Server \(server.name) was removed from the pool. Join it anew with an empty data directory to use it again.", &effects)
            return false
        }
        if server.storage != identity.storage {
            halt(
                """
                Server \(server.name) has another data directory than the one that the pool knows. \
                Remove the server from the pool, then join it anew with an empty data directory.
                """, &effects)
            return false
        }
        if !server.mayRun(on: identity.hardware) {
            halt(server.refusal(ofHardware: identity.hardware), &effects)
            return false
        }
        // Another run of this server was let in after this one: what this one does now, nobody asks for.
        if session.wasOpened || session.number != nil, server.run != identity.run {
            halt(
                """
                Another agent of server \(server.name) opened session \(server.session) after this one had opened its own. \
                See whether a copy of this server or of its data directory runs elsewhere and switch it off, then start this agent again.
                """, &effects)
            return false
        }
        return true
    }

    private mutating func sayHello(_ server: Server, _ effects: inout [AgentEffect]) {
        guard let facts = session.facts, let domains = reconciler.domains, maySayAgain() else { return }
        // After a boot no domain of the pool may exist: what `xendomains` restored was placed by nobody.
        let isNewBoot = server.boot != nil && server.boot != identity.boot
        if isNewBoot, let stray = domains.first(where: { $0.ownership?.pool == identity.pool }) {
            if !session.wasWarnedOfDomains {
                session.wasWarnedOfDomains = true
                effects.append(
                    .notice(
                        .error,
                        """
                        Domain \(stray.domain) (\(stray.name)) of the pool runs although this server was booted anew. \
                        Destroy it and switch off whatever restored it, then this server can serve the pool again.
                        """))
            }
            return
        }
        let hello = ServerHello(
            server: identity.server, session: server.session.next, boot: identity.boot, run: identity.run, storage: identity.storage,
            hardware: identity.hardware, formatVersion: PoolState.newestFormatVersion, agentVersion: identity.version, facts: facts,
            strays: strays(among: domains))
        say(.hello(hello), as: .server(identity.server), &effects)
    }

    /// Whether the last word is old enough to be said again; notes that it is said now.
    private mutating func maySayAgain() -> Bool {
        if let said = session.saidAt, now.monotonic - said < settings.proposalRetry { return false }
        session.saidAt = now.monotonic
        return true
    }

    mutating func factsRead(_ facts: ServerFacts, _ effects: inout [AgentEffect]) {
        guard facts != session.facts else { return }
        session.facts = facts
        session.saidAt = nil
        keepSession(&effects)
    }

    // MARK: A stop in good order

    mutating func beginStop(_ effects: inout [AgentEffect]) {
        guard stopping == nil else { return }
        stopping = StopProgress(deadline: now.monotonic + settings.stopPatience)
        session.saidAt = nil
        if raft.status.role == .leader, raft.configuration.voters.count > 1 { drive(.transferLeadership(target: nil), &effects) }
        keepStopping(&effects)
    }

    /// Hands leadership over, has RELEASED committed, says goodbye; ends all the same when that takes too long.
    mutating func keepStopping(_ effects: inout [AgentEffect]) {
        guard let progress = stopping, !progress.isDone else { return }
        nextDuty = min(nextDuty, now.monotonic + settings.requestRetry)
        let isLeading = raft.status.role == .leader && raft.configuration.voters.count > 1
        let server = state.servers[identity.server]
        let isOpen = session.number != nil && server?.run == identity.run && (server?.isSessionOpen ?? false)
        if now.monotonic < progress.deadline {
            if isLeading { return }
            // Once RELEASED is under way, it is what ends the attempts.
            if isOpen, !session.isReleasing, isMoving {
                reconciler.isDue = true
                return
            }
            if isOpen, let number = session.number {
                session.isReleasing = true
                if raft.status.leader != nil, maySayAgain() {
                    say(.released(server: identity.server, session: number), as: .server(identity.server), &effects)
                }
                // A lone voter applies its own word at once; others hear of it by the log.
                if let after = state.servers[identity.server], after.isSessionOpen { return }
            }
        }
        stopping?.isDone = true
        effects.append(.goodbye)
        effects.append(.stopped)
    }
}

/// How far a stop in good order has come.
struct StopProgress: Sendable {
    let deadline: MonotonicInstant
    var isDone = false
}
