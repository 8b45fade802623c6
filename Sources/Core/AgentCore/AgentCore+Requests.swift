import PoolModel
import PoolStateMachine
import RaftCore

extension AgentCore {
    // MARK: Writes

    mutating func submit(
        _ client: ClientRequestID, _ command: PoolCommand, principal: Principal, reason: String, idempotency: IdempotencyKey?,
        expected: LogIndex?, _ effects: inout [AgentEffect]
    ) {
        guard requests.writes.count + requests.unnamed.count < settings.pendingRequests else {
            effects.append(.answerWrite(client, .notTaken(cause: "too many writes wait at this server (\(settings.pendingRequests))")))
            return
        }
        let proposed = PoolEntry(command: command, principal: principal, proposedAt: now.wall, reason: reason)
        if let refusal = proposed.refusalOfSize {
            effects.append(.answerWrite(client, .outcome(.refused(refusal), index: state.appliedIndex)))
            return
        }
        let deadline = now.monotonic + settings.writePatience
        let write = PendingWrite(
            client: client, command: command, principal: principal, reason: reason, idempotency: idempotency, expected: expected,
            deadline: deadline)
        requests.unnamed.append(write)
        requests.schedule(deadline)
        nameWaitingWrites(&effects)
    }

    /// Gives waiting writes their identity in the session once it is open, and hands them on.
    mutating func nameWaitingWrites(_ effects: inout [AgentEffect]) {
        guard let open = session.number, !requests.unnamed.isEmpty, !session.isReleasing else { return }
        let waiting = requests.unnamed
        requests.unnamed = []
        for var write in waiting {
            let sequence = requests.nextSequence
            requests.nextSequence += 1
            let identity = RequestIdentity(
                member: self.identity.server, session: open, sequence: sequence,
                firstOutstanding: min(requests.firstOutstanding, sequence))
            write.entry = PoolEntry(
                command: write.command, principal: write.principal, proposedAt: now.wall, reason: write.reason, request: identity,
                idempotency: write.idempotency, expected: write.expected)
            requests.writes[sequence] = write
            dispatchWrite(sequence, &effects)
        }
    }

    /// Hands a write to whoever leads; without a leader it waits for one.
    private mutating func dispatchWrite(_ sequence: UInt64, _ effects: inout [AgentEffect]) {
        guard let entry = requests.writes[sequence]?.entry else { return }
        requests.writes[sequence]?.retryAt = nil
        let status = raft.status
        if status.role == .leader {
            requests.writes[sequence]?.wasSent = true
            let token = requests.makeToken()
            requests.proposals[token] = sequence
            drive(.propose(entry, size: entry.approximateSize, token: token), &effects)
            requests.proposals[token] = nil
        } else if let leader = status.leader {
            requests.writes[sequence]?.wasSent = true
            let retry = now.monotonic + settings.proposalRetry
            requests.writes[sequence]?.retryAt = retry
            requests.schedule(retry)
            effects.append(.send(.forward(entry), to: leader))
        }
    }

    mutating func proposalRefused(_ token: RaftToken, _ refusal: RaftRefusal) {
        guard let sequence = requests.proposals[token] else { return }
        switch refusal {
        // The change of leader hands it on again.
        case .notLeader: break
        case .tooManyUncommittedBytes, .transferringLeadership, .configurationChangeInProgress, .invalidConfiguration, .notReadyToRead:
            let retry = now.monotonic + settings.requestRetry
            requests.writes[sequence]?.retryAt = retry
            requests.schedule(retry)
        }
    }

    /// All that waits, again: the leader is another one or was out of reach.
    mutating func dispatchOutstanding(_ effects: inout [AgentEffect]) {
        nameWaitingWrites(&effects)
        for sequence in requests.writes.keys.sorted() { dispatchWrite(sequence, &effects) }
        for token in requests.reads.keys.sorted(by: { $0.number < $1.number }) {
            guard let read = requests.reads[token], read.index == nil, read.retryAt != nil else { continue }
            askAgain(token, &effects)
        }
    }

    /// A member's command, to be proposed by this agent if it leads.
    mutating func forwarded(_ entry: PoolEntry, from sender: ServerID, _ effects: inout [AgentEffect]) {
        guard raft.status.role == .leader else {
            effects.append(.send(.forwardRefused(entry.request, leader: raft.status.leader), to: sender))
            return
        }
        guard mayForward(entry, sender) else {
            effects.append(.notice(.warning, "Server \(sender) forwarded a command in the name of \(entry.principal); it was refused."))
            return
        }
        if let refusal = entry.refusalOfSize {
            effects.append(.notice(.warning, "Server \(sender) forwarded a command that is too large; it was refused. \(refusal.message)"))
            return
        }
        let token = requests.makeToken()
        let entry = inOwnTime(entry, sender, &effects)
        let refusals = raft.step(.propose(entry, size: entry.approximateSize, token: token), at: now.monotonic)
        let isRefused = refusals.contains { if case .proposalRefused = $0 { true } else { false } }
        carry(refusals, &effects)
        if isRefused { effects.append(.send(.forwardRefused(entry.request, leader: raft.status.leader), to: sender)) }
    }

    /// A forwarded entry bears its member's clock, which becomes pool time for good. One that is further ahead than clocks may differ
    /// would let tokens expire in the whole pool: the entry then bears this server's time.
    private mutating func inOwnTime(_ entry: PoolEntry, _ sender: ServerID, _ effects: inout [AgentEffect]) -> PoolEntry {
        guard entry.proposedAt > now.wall + settings.clockTolerance else { return entry }
        if duties.isClockNews(of: sender, at: now.monotonic) {
            let ahead = (entry.proposedAt.milliseconds - now.wall.milliseconds) / 1_000
            effects.append(
                .notice(
                    .warning,
                    """
                    The clock of server \(sender) is \(ahead) s ahead of this server's; its commands bear this server's time. \
                    Set both clocks right, with NTP for example.
                    """))
        }
        return entry.proposed(at: now.wall)
    }

    /// The words of a server come from that server only; nobody but the master itself speaks as the master.
    private func mayForward(_ entry: PoolEntry, _ sender: ServerID) -> Bool {
        if let request = entry.request, request.member != sender { return false }
        switch entry.principal {
        case .server(let server): return server == sender
        case .master: return false
        case .operator, .joiner: return entry.request != nil
        }
    }

    mutating func forwardRefused(_ request: RequestIdentity?) {
        guard let request, request.member == identity.server, requests.writes[request.sequence] != nil else { return }
        let retry = now.monotonic + settings.requestRetry
        requests.writes[request.sequence]?.retryAt = retry
        requests.schedule(retry)
    }

    /// This server's own word, which is idempotent by itself: proposed here or handed to the leader; said again until it is applied.
    mutating func say(_ command: PoolCommand, as principal: Principal, _ effects: inout [AgentEffect]) {
        let entry = PoolEntry(command: command, principal: principal, proposedAt: now.wall)
        if let refusal = entry.refusalOfSize {
            if !duties.wasWarnedOfSize { effects.append(.notice(.error, "This server cannot say what it has to. \(refusal.message)")) }
            duties.wasWarnedOfSize = true
            return
        }
        let status = raft.status
        if status.role == .leader {
            drive(.propose(entry, size: entry.approximateSize, token: requests.makeToken()), &effects)
        } else if let leader = status.leader {
            effects.append(.send(.forward(entry), to: leader))
        }
    }

    // MARK: Reads

    mutating func read(_ client: ClientRequestID, _ consistency: ReadConsistency, _ effects: inout [AgentEffect]) {
        switch consistency {
        case .stale:
            effects.append(.answerRead(client, .ready(age: requests.freshSince.map { now.monotonic - $0 })))
        case .linearizable:
            guard requests.reads.count < settings.pendingRequests else {
                effects.append(
                    .answerRead(client, .refused(cause: "too many reads wait at this server (\(settings.pendingRequests))")))
                return
            }
            let token = requests.makeToken()
            let deadline = now.monotonic + settings.readPatience
            requests.reads[token] = PendingRead(client: client, deadline: deadline, askedAt: now.monotonic)
            requests.schedule(deadline)
            drive(.readIndex(token: token), &effects)
        }
    }

    mutating func readReady(_ token: RaftToken, index: LogIndex, _ effects: inout [AgentEffect]) {
        guard requests.reads[token] != nil else { return }
        requests.reads[token]?.index = index
        if state.appliedIndex >= index { answerRead(token, &effects) }
    }

    mutating func readRefused(_ token: RaftToken) {
        guard requests.reads[token] != nil else { return }
        let retry = now.monotonic + settings.requestRetry
        requests.reads[token]?.retryAt = retry
        requests.schedule(retry)
    }

    /// Answers the reads that waited for what has been applied now.
    mutating func answerReads(_ effects: inout [AgentEffect]) {
        guard !requests.reads.isEmpty else { return }
        let ready = requests.reads.filter { $0.value.index.map { $0 <= state.appliedIndex } ?? false }.keys
        for token in ready.sorted(by: { $0.number < $1.number }) { answerRead(token, &effects) }
    }

    private mutating func answerRead(_ token: RaftToken, _ effects: inout [AgentEffect]) {
        guard let read = requests.reads.removeValue(forKey: token) else { return }
        requests.freshSince = max(requests.freshSince ?? read.askedAt, read.askedAt)
        effects.append(.answerRead(read.client, .ready(age: nil)))
    }

    private mutating func askAgain(_ token: RaftToken, _ effects: inout [AgentEffect]) {
        guard let read = requests.reads.removeValue(forKey: token) else { return }
        let renewed = requests.makeToken()
        var again = read
        again.retryAt = nil
        again.askedAt = now.monotonic
        requests.reads[renewed] = again
        drive(.readIndex(token: renewed), &effects)
    }

    // MARK: Time

    mutating func retryRequests(_ effects: inout [AgentEffect]) {
        guard let due = requests.nextRetry, now.monotonic >= due else { return }
        requests.nextRetry = nil
        retryWrites(&effects)
        retryReads(&effects)
    }

    private mutating func retryWrites(_ effects: inout [AgentEffect]) {
        for write in requests.unnamed where now.monotonic >= write.deadline {
            effects.append(.answerWrite(write.client, .notTaken(cause: noMasterCause)))
        }
        requests.unnamed.removeAll { now.monotonic >= $0.deadline }
        requests.unnamed.forEach { requests.schedule($0.deadline) }
        for sequence in requests.writes.keys.sorted() {
            guard let write = requests.writes[sequence] else { continue }
            if now.monotonic >= write.deadline {
                requests.writes[sequence] = nil
                let answer: WriteAnswer = write.wasSent ? .unknown(cause: unknownCause) : .notTaken(cause: noMasterCause)
                effects.append(.answerWrite(write.client, answer))
            } else if let retry = write.retryAt, now.monotonic >= retry {
                dispatchWrite(sequence, &effects)
                requests.schedule(write.deadline)
            } else {
                requests.schedule(min(write.deadline, write.retryAt ?? write.deadline))
            }
        }
    }

    private mutating func retryReads(_ effects: inout [AgentEffect]) {
        for token in requests.reads.keys.sorted(by: { $0.number < $1.number }) {
            guard let read = requests.reads[token] else { continue }
            if now.monotonic >= read.deadline {
                requests.reads[token] = nil
                effects.append(.answerRead(read.client, .refused(cause: noMasterCause)))
            } else if let retry = read.retryAt, now.monotonic >= retry {
                askAgain(token, &effects)
                requests.schedule(read.deadline)
            } else {
                requests.schedule(min(read.deadline, read.retryAt ?? read.deadline))
            }
        }
    }

    private var noMasterCause: String { "no Server Pool Master was found in time" }
    private var unknownCause: String { "the Server Pool Master did not confirm the write in time; it may still be applied" }
}
