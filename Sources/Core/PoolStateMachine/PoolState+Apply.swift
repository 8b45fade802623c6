import DequeModule
import Placement
package import PoolModel

/// What applying one entry came to.
package struct AppliedOutcome: Hashable, Sendable {
    package let outcome: CommandOutcome

    package init(outcome: CommandOutcome) { self.outcome = outcome }
}

extension PoolState {
    /// Passes over an entry of Raft's own.
    ///
    /// - Precondition: `index` follows the applied index.
    package mutating func skip(to index: LogIndex) {
        precondition(index == appliedIndex.next, "entry \(index) was applied after \(appliedIndex)")
        appliedIndex = index
    }

    /// Applies a committed command: validates, authorises, changes. A refused command changes nothing but what is kept of requests.
    ///
    /// - Precondition: `index` follows the applied index.
    package mutating func apply(_ entry: PoolEntry, at index: LogIndex) -> AppliedOutcome {
        precondition(index == appliedIndex.next, "entry \(index) was applied after \(appliedIndex)")
        appliedIndex = index
        poolTime = max(poolTime, entry.proposedAt)
        eventOrdinal = 0
        if let answered = answeredRequest(entry) { return AppliedOutcome(outcome: answered) }
        let outcome = answeredKey(entry) ?? perform(entry)
        keep(outcome, of: entry)
        return AppliedOutcome(outcome: outcome)
    }

    private mutating func perform(_ entry: PoolEntry) -> CommandOutcome {
        do {
            try authorise(entry)
            try checkExpectation(entry)
            return .done(try dispatch(entry))
        } catch {
            return .refused(error.refusal)
        }
    }

    private mutating func dispatch(_ entry: PoolEntry) throws(Refused) -> CommandResult {
        switch entry.command {
        case .createPool(let foundation): try createPool(foundation, entry)
        case .raiseFormat(let version): try raiseFormat(version, entry)
        case .changeSettings(let change): try changeSettings(change, entry)
        case .hello(let hello): try openSession(hello, entry)
        case .released(let server, let session): try release(server, session, entry)
        case .serverFacts(let server, let session, let facts): try changeFacts(server, session, facts, entry)
        case .strays(let server, let session, let strays): try changeStrays(server, session, strays, entry)
        case .reachability(let server, let session, let isReachable): try changeReachability(server, session, isReachable, entry)
        case .maintenance(let server, let isOn): try changeMaintenance(server, isOn, entry)
        case .removeServer(let server): try remove(server, entry)
        case .createToken(let token): try createToken(token, entry)
        case .revokeToken(let token): try revokeToken(token, entry)
        case .join(let request): try join(request, entry)
        case .createMachine(let definition): try create(definition, entry)
        case .deleteMachine(let machine): try delete(machine, entry)
        case .changeMachine(let machine, let change): try self.change(machine, change, entry)
        case .changeDevice(let machine, let change): try changeDevice(machine, change, entry)
        case .startMachine(let machine): try start(machine, entry)
        case .stopMachine(let machine, let force, let patience): try stop(machine, force: force, patience: patience, entry)
        case .rebootMachine(let machine, let force, let patience): try reboot(machine, force: force, patience: patience, entry)
        case .pauseMachine(let machine): try pause(machine, entry)
        case .unpauseMachine(let machine): try unpause(machine, entry)
        case .suspendMachine(let machine): try suspend(machine, entry)
        case .resumeMachine(let machine): try resume(machine, entry)
        case .imageRemoved(let machine, let server, let session, let epoch, let failure):
            try removedImage(of: machine, server, session, epoch, failure: failure, entry)
        case .migrateMachine(let machine, let wish): try migrate(machine, wish, entry)
        case .migrationReported(let machine, let server, let session, let epoch, let word):
            try reportMigration(of: machine, server, session, epoch, word, entry)
        case .remnantGone(let machine, let server, let session, let epoch): try forgetRemnant(of: machine, server, session, epoch)
        case .openConsole(let machine, let epoch, let kind): try openConsole(machine, epoch, kind, entry)
        case .observed(let machine, let server, let session, let epoch, let observation):
            try observe(machine, server, session, epoch, observation, entry)
        case .resetMachineStatus(let machine): try resetStatus(machine, entry)
        case .cancelTask(let task): try cancel(task, entry)
        case .putTag(let machine, let key, let value): try putTag(machine, key, value, entry)
        case .deleteTag(let machine, let key): try deleteTag(machine, key, entry)
        case .createRule(let definition): try createRule(definition, entry)
        case .changeRule(let rule, let change): try changeRule(rule, change, entry)
        case .deleteRule(let rule): try deleteRule(rule, entry)
        case .createCredential(let credential): try createCredential(credential, entry)
        case .revokeCredential(let credential): try revokeCredential(credential, entry)
        }
    }

    // MARK: Applied once

    /// The outcome of a forwarded write that has been applied before, or may not be applied any more.
    private mutating func answeredRequest(_ entry: PoolEntry) -> CommandOutcome? {
        guard let request = entry.request else { return nil }
        guard let server = servers[request.member], !server.isRemoved, server.isSessionOpen, server.session == request.session else {
            return .refused(
                PoolRefusal(
                    .staleSession,
                    "The server that took this command has ended the session it was sent in. Look whether the change is there, then ask again."
                ))
        }
        var history = requests[request.member] ?? RequestHistory()
        if request.sequence < history.firstOutstanding {
            return .refused(PoolRefusal(.alreadyAnswered, "This command was applied and answered before. Nothing needs to be done."))
        }
        if let outcome = history.outcomes[request.sequence] { return outcome }
        // Taken out and put back, so that forgetting happens in place and not in a copy.
        requests[request.member] = nil
        history.forget(below: min(request.firstOutstanding, request.sequence))
        requests[request.member] = history
        // Judged by the entry alone: were it by what is kept now, the same entry could be refused here and applied when it comes again.
        guard request.sequence >= request.firstOutstanding,
            request.sequence - request.firstOutstanding >= UInt64(PoolLimits.requestsPerMember)
        else { return nil }
        return .refused(
            PoolRefusal(.tooManyRequests, "Too many writes of one server wait for their answers. Try again in a moment."))
    }

    /// The outcome of the same client request, made before with the same key.
    private mutating func answeredKey(_ entry: PoolEntry) -> CommandOutcome? {
        guard let idempotency = entry.idempotency else { return nil }
        self.idempotency.expire(at: poolTime)
        let slot = IdempotencySlot(principal: entry.principal.description, key: idempotency.key)
        if let kept = self.idempotency[slot] {
            if kept.request == idempotency.request { return kept.outcome }
            return .refused(
                PoolRefusal(
                    .idempotencyKeyReused, "This Idempotency-Key was used for another request. Take a new UUID for each new request."))
        }
        guard self.idempotency.makeRoom(at: poolTime) else {
            return .refused(
                PoolRefusal(
                    .tooManyRequests,
                    """
                    More than \(PoolLimits.idempotencyKeys) writes with idempotency keys came within a minute. Try again in a minute, or \
                    without a key.
                    """))
        }
        return nil
    }

    private mutating func keep(_ outcome: CommandOutcome, of entry: PoolEntry) {
        if let request = entry.request, servers[request.member]?.isRemoved == false {
            requests[request.member, default: RequestHistory()].outcomes[request.sequence] = outcome
        }
        guard let key = entry.idempotency else { return }
        if case .refused(let refusal) = outcome {
            switch refusal.type {
            // Whoever may not write must not be able to fill the table for those who may.
            case .idempotencyKeyReused, .tooManyRequests, .notAllowed, .noPool: return
            default: break
            }
        }
        let kept = KeptIdempotencyKey(
            principal: entry.principal.description, key: key.key, request: key.request, outcome: outcome,
            expiresAt: PoolTime(milliseconds: poolTime.milliseconds + PoolLimits.idempotencyLifetimeMilliseconds))
        idempotency.keep(kept)
    }

    // MARK: Events

    /// Notes what happened, for people and for `event ls`.
    mutating func note(_ entry: PoolEntry, _ objectKind: PoolObjectKind, _ object: String, _ kind: PoolEventKind, _ text: String) {
        events.append(
            PoolEvent(
                index: appliedIndex, ordinal: eventOrdinal, time: poolTime, principal: entry.principal.description, reason: entry.reason,
                objectKind: objectKind.rawValue, object: object, kind: kind.rawValue, text: text))
        eventOrdinal += 1
    }
}
