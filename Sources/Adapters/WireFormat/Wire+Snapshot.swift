import PoolModel
import PoolStateMachine
import SwiftProtobuf

import struct Foundation.Data

extension WirePoolSnapshot {
    init(_ parts: PoolStateParts) {
        self.init()
        version = WireVersion.snapshot
        if let summary = parts.pool {
            pool = WireUuid(summary.pool)
            poolName = summary.name
            authority = Data(summary.authority.bytes)
        }
        formatVersion = Int64(parts.formatVersion)
        overcommitRatio = Int64(parts.settings.overcommitRatio)
        voterLimit = Int64(parts.settings.voterLimit)
        if parts.settings.changedAt > .zero {
            voterReplacementNanoseconds = parts.settings.voterReplacement.wholeNanoseconds
            settingsChangedAt = parts.settings.changedAt.number
        }
        poolTimeMilliseconds = parts.poolTime.milliseconds
        appliedIndex = parts.appliedIndex.number
        nextServer = parts.nextServer
        nextMachine = parts.nextMachine
        servers = parts.servers.map { WireServerState($0) }
        machines = parts.machines.map { WireMachineState($0) }
        rules = parts.rules.map { WireRuleState($0) }
        tokens = parts.tokens.map { WireTokenState($0) }
        credentials = parts.credentials.map { stored in
            .with {
                $0.id = stored.id.number
                $0.credential = WireCredential(stored.credential)
                $0.isRevoked = stored.isRevoked
            }
        }
        tasks = parts.tasks.map { WireTaskState($0) }
        endedTasks = parts.endedTasks.map(\.number)
        events = parts.events.map { WireEventState($0) }
        eventsDroppedUpTo = parts.eventsDroppedUpTo.number
        eventDigest = parts.eventDigest
        requests = parts.requests.map { WireRequestsState($0.member, $0.history) }
        keys = parts.idempotencyKeys.map { WireKeyState($0) }
    }

    func model() throws(WireError) -> PoolStateParts {
        var parts = PoolStateParts()
        if hasPool {
            parts.pool = PoolSummary(pool: pool.model, name: poolName, authority: try WireField.digest(authority, "snapshot.authority"))
        }
        parts.formatVersion = try WireField.amount(formatVersion, "snapshot.format_version")
        parts.settings.overcommitRatio = try WireField.amount(overcommitRatio, "snapshot.overcommit_ratio")
        parts.settings.voterLimit = try WireField.amount(voterLimit, "snapshot.voter_limit")
        if hasVoterReplacementNanoseconds { parts.settings.voterReplacement = .nanoseconds(voterReplacementNanoseconds) }
        parts.settings.changedAt = LogIndex(settingsChangedAt)
        parts.poolTime = PoolTime(milliseconds: poolTimeMilliseconds)
        parts.appliedIndex = LogIndex(appliedIndex)
        parts.nextServer = nextServer
        parts.nextMachine = nextMachine
        parts.servers = try servers.converted { (wire) throws(WireError) in try wire.model() }
        parts.machines = try machines.converted { (wire) throws(WireError) in try wire.model() }
        parts.rules = try rules.converted { (wire) throws(WireError) in try wire.model() }
        parts.tokens = try tokens.converted { (wire) throws(WireError) in try wire.model() }
        parts.credentials = try credentials.converted { (wire) throws(WireError) in
            var stored = StoredCredential(id: CredentialID(wire.id), credential: try wire.credential.model())
            stored.isRevoked = wire.isRevoked
            return stored
        }
        parts.tasks = try tasks.converted { (wire) throws(WireError) in try wire.model() }
        parts.endedTasks = endedTasks.map(TaskID.init)
        parts.events = events.map(\.model)
        parts.eventsDroppedUpTo = LogIndex(eventsDroppedUpTo)
        parts.eventDigest = eventDigest
        parts.requests = try requests.converted { (wire) throws(WireError) in try wire.model() }
        parts.idempotencyKeys = try keys.converted { (wire) throws(WireError) in try wire.model() }
        return parts
    }
}

extension WireServerState {
    init(_ state: Server) {
        self.init()
        id = state.id.number
        server = WireNewServer(
            NewServer(
                name: state.name, peerAddress: state.peerAddress, queryAddress: state.queryAddress, roles: state.roles, key: state.key,
                storage: state.storage, hardware: state.hardware))
        if let known = state.facts { facts = WireFacts(known) }
        session = state.session.number
        isSessionOpen = state.isSessionOpen
        if let known = state.boot { boot = WireUuid(known) }
        if let known = state.run { run = WireUuid(known) }
        formatVersion = Int64(state.formatVersion)
        agentVersion = state.agentVersion
        isReachable = state.isReachable
        isInMaintenance = state.isInMaintenance
        isRemoved = state.isRemoved
        strays = state.strays.map { WireStray($0) }
        joinedAtMilliseconds = state.joinedAt.milliseconds
        changedAt = state.changedAt.number
    }

    func model() throws(WireError) -> Server {
        var state = Server(id: try WireField.server(id, "server.id"), try server.model())
        if hasFacts { state.facts = try facts.model() }
        state.session = SessionNumber(session)
        state.isSessionOpen = isSessionOpen
        if hasBoot { state.boot = boot.model }
        if hasRun { state.run = run.model }
        state.formatVersion = try WireField.amount(formatVersion, "server.format_version")
        state.agentVersion = agentVersion
        state.isReachable = isReachable
        state.isInMaintenance = isInMaintenance
        state.isRemoved = isRemoved
        state.strays = strays.map(\.model)
        state.joinedAt = PoolTime(milliseconds: joinedAtMilliseconds)
        state.changedAt = LogIndex(changedAt)
        return state
    }
}

extension WireMachineState {
    init(_ machine: VirtualMachine) {
        self.init()
        id = machine.id.number
        definition = .with {
            $0.name = machine.name.text
            $0.uuid = WireUuid(machine.uuid)
            $0.configuration = machine.configuration
            $0.requirements = WireRequirements(machine.requirements)
            $0.preferredServers = machine.preferredServers.map(\.number)
            if let other = machine.configuredName { $0.configuredName = other }
        }
        intent = machine.intent.rawValue
        isStopForced = machine.isStopForced
        status = machine.status.rawValue
        cause = machine.cause
        if let place = machine.placement {
            placement = .with {
                $0.server = place.server.number
                $0.session = place.session.number
                $0.epoch = place.epoch.number
                $0.isStarted = place.isStarted
                if let image = place.image { $0.image = WireImage(image) }
            }
        }
        epoch = machine.epoch.number
        task = machine.task?.number ?? 0
        tags = machine.tags.sorted { $0.key < $1.key }.map { tag in
            .with {
                $0.key = tag.key.text
                $0.value = tag.value
            }
        }
        createdAt = machine.createdAt.number
        changedAt = machine.changedAt.number
        if let patience = machine.stopPatience { stopPatienceNanoseconds = patience.wholeNanoseconds }
        if let former = machine.formerRequirements { formerRequirements = WireRequirements(former) }
        if let ended = machine.ended {
            self.ended = WireEnded(ended.reason, isTooSoon: ended.isTooSoon)
            if let dump = ended.dump { self.ended.dump = WireDump(dump) }
        }
        if let image = machine.image { self.image = WireImage(image) }
        if let migration = machine.migration { self.migration = WireMigration(migration) }
        remnants = machine.remnants.map { WireRemnant($0) }
        if let change = machine.deviceChange { deviceChange = WireChangeDevice(machine.id, change) }
    }

    func model() throws(WireError) -> VirtualMachine {
        let known = try definition.model()
        var machine = VirtualMachine(
            id: VirtualMachineID(id), name: known.name, uuid: known.uuid, configuration: known.configuration,
            requirements: known.requirements, preferredServers: known.preferredServers, configuredName: known.configuredName)
        guard let intent = MachineIntent(rawValue: intent), let status = MachineStatus(rawValue: status) else {
            throw .unknown("machine.status")
        }
        machine.intent = intent
        machine.isStopForced = isStopForced
        machine.status = status
        machine.cause = cause
        if hasPlacement {
            machine.placement = MachinePlacement(
                server: try WireField.server(placement.server, "placement.server"), session: SessionNumber(placement.session),
                epoch: PlacementEpoch(placement.epoch), isStarted: placement.isStarted,
                image: placement.hasImage ? try placement.image.model() : nil)
        }
        machine.epoch = PlacementEpoch(epoch)
        machine.stopPatience = try WireField.patience(hasStopPatienceNanoseconds ? stopPatienceNanoseconds : nil)
        if hasFormerRequirements { machine.formerRequirements = try formerRequirements.model() }
        if hasEnded {
            machine.ended = MachineEnd(
                reason: try ended.reasonModel(), isTooSoon: ended.isTooSoon, dump: ended.hasDump ? try ended.dump.model() : nil)
        }
        machine.image = hasImage ? try image.model() : nil
        machine.migration = hasMigration ? try migration.model() : nil
        machine.remnants = try remnants.converted { (wire) throws(WireError) in try wire.model() }
        machine.deviceChange = hasDeviceChange ? try deviceChange.model() : nil
        machine.task = task == 0 ? nil : TaskID(task)
        for tag in tags { machine.tags[try WireField.tagKey(tag.key, "tag.key")] = tag.value }
        machine.createdAt = LogIndex(createdAt)
        machine.changedAt = LogIndex(changedAt)
        return machine
    }
}

extension WireTokenState {
    init(_ stored: StoredToken) {
        self.init()
        id = stored.id.number
        token = .with {
            $0.secret = Data(stored.token.secret.bytes)
            $0.roles = UInt32(stored.token.roles.rawValue)
            $0.lifetimeMilliseconds = stored.token.lifetimeMilliseconds
        }
        expiresAtMilliseconds = stored.expiresAt.milliseconds
        createdBy = stored.createdBy
        isRevoked = stored.isRevoked
        if let key = stored.usedBy { usedBy = Data(key.bytes) }
        server = stored.server?.number ?? 0
    }

    func model() throws(WireError) -> StoredToken {
        let known = JoinToken(
            secret: try WireField.digest(token.secret, "token.secret"), roles: try WireField.roles(token.roles, "token.roles"),
            lifetimeMilliseconds: token.lifetimeMilliseconds)
        var stored = StoredToken(
            id: TokenID(id), token: known, expiresAt: PoolTime(milliseconds: expiresAtMilliseconds), createdBy: createdBy)
        stored.isRevoked = isRevoked
        if !usedBy.isEmpty { stored.usedBy = try WireField.digest(usedBy, "token.used_by") }
        if server != 0 { stored.server = ServerID(server) }
        return stored
    }
}

extension WireTaskState {
    init(_ task: PoolTask) {
        self.init()
        id = task.id.number
        kind = task.kind.rawValue
        machine = task.machine.number
        machineName = task.machineName.text
        principal = task.principal
        startedAtMilliseconds = task.startedAt.milliseconds
        if let ended = task.endedAt { endedAtMilliseconds = ended.milliseconds }
        changedAt = task.changedAt.number
        state = task.state.rawValue
        cause = task.cause
    }

    func model() throws(WireError) -> PoolTask {
        guard let kind = PoolTaskKind(rawValue: kind), let state = PoolTaskState(rawValue: state) else { throw .unknown("task.kind") }
        return PoolTask(
            id: TaskID(id), kind: kind, machine: VirtualMachineID(machine),
            machineName: try WireField.machineName(machineName, "task.machine_name"), principal: principal,
            startedAt: PoolTime(milliseconds: startedAtMilliseconds),
            endedAt: hasEndedAtMilliseconds ? PoolTime(milliseconds: endedAtMilliseconds) : nil, state: state, cause: cause,
            changedAt: LogIndex(changedAt))
    }
}

extension WireEventState {
    init(_ event: PoolEvent) {
        self.init()
        index = event.index.number
        ordinal = Int64(event.ordinal)
        timeMilliseconds = event.time.milliseconds
        principal = event.principal
        reason = event.reason
        objectKind = event.objectKind
        object = event.object
        kind = event.kind
        text = event.text
    }

    var model: PoolEvent {
        PoolEvent(
            index: LogIndex(index), ordinal: Int(ordinal), time: PoolTime(milliseconds: timeMilliseconds), principal: principal,
            reason: reason, objectKind: objectKind, object: object, kind: kind, text: text)
    }
}

extension WireRequestsState {
    init(_ member: ServerID, _ history: RequestHistory) {
        self.init()
        self.member = member.number
        firstOutstanding = history.firstOutstanding
        outcomes = history.outcomes.sorted { $0.key < $1.key }.map { kept in
            .with {
                $0.sequence = kept.key
                $0.outcome = WireOutcome(kept.value)
            }
        }
    }

    func model() throws(WireError) -> (member: ServerID, history: RequestHistory) {
        var history = RequestHistory(firstOutstanding: firstOutstanding)
        for kept in outcomes { history.outcomes[kept.sequence] = try kept.outcome.model() }
        return (member: try WireField.server(member, "requests.member"), history: history)
    }
}

extension WireKeyState {
    init(_ kept: KeptIdempotencyKey) {
        self.init()
        principal = kept.principal
        key = WireUuid(kept.key)
        request = Data(kept.request.bytes)
        outcome = WireOutcome(kept.outcome)
        expiresAtMilliseconds = kept.expiresAt.milliseconds
    }

    func model() throws(WireError) -> KeptIdempotencyKey {
        KeptIdempotencyKey(
            principal: principal, key: key.model, request: try WireField.digest(request, "key.request"), outcome: try outcome.model(),
            expiresAt: PoolTime(milliseconds: expiresAtMilliseconds))
    }
}

extension WireOutcome {
    init(_ outcome: CommandOutcome) {
        self.init()
        switch outcome {
        case .done(.none): none = true
        case .done(.server(let id)): server = id.number
        case .done(.machine(let id)): machine = id.number
        case .done(.task(let id)): task = id.number
        case .done(.token(let id)): token = id.number
        case .done(.credential(let id)): credential = id.number
        case .done(.rule(let id)): rule = id.number
        case .refused(let refusal):
            refused = .with {
                $0.type = refusal.type.rawValue
                $0.message = refusal.message
            }
        }
    }

    func model() throws(WireError) -> CommandOutcome {
        switch kind {
        case .none?: return .done(.none)
        case .server(let id): return .done(.server(try WireField.server(id, "outcome.server")))
        case .machine(let id): return .done(.machine(VirtualMachineID(id)))
        case .task(let id): return .done(.task(TaskID(id)))
        case .token(let id): return .done(.token(TokenID(id)))
        case .credential(let id): return .done(.credential(CredentialID(id)))
        case .rule(let id): return .done(.rule(RuleID(id)))
        case .refused(let wire):
            guard let type = PoolRefusalType(rawValue: wire.type) else { throw .unknown("outcome.refused.type") }
            return .refused(PoolRefusal(type, wire.message))
        case nil: throw .unknown("outcome.kind")
        }
    }
}
