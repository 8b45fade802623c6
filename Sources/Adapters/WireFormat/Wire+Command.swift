import PoolModel
import SwiftProtobuf

import struct Foundation.Data

extension WireCommand {
    init(_ command: PoolCommand) {
        self.init()
        kind = Self.kind(of: command)
    }

    private static func kind(of command: PoolCommand) -> OneOf_Kind {
        switch command {
        case .createPool(let foundation): .createPool(WireCreatePool(foundation))
        case .raiseFormat(let version): .raiseFormat(Int64(version))
        case .changeSettings(let change): .changeSettings(WireChangeSettings(change))
        case .hello(let hello): .hello(WireHello(hello))
        case .released(let server, let session):
            .released(
                .with {
                    $0.server = server.number
                    $0.session = session.number
                })
        case .serverFacts(let server, let session, let facts):
            .serverFacts(
                .with {
                    $0.server = server.number
                    $0.session = session.number
                    $0.facts = WireFacts(facts)
                })
        case .strays(let server, let session, let strays):
            .strays(
                .with {
                    $0.server = server.number
                    $0.session = session.number
                    $0.strays = strays.map { WireStray($0) }
                })
        case .reachability(let server, let session, let isReachable):
            .reachability(
                .with {
                    $0.server = server.number
                    $0.session = session.number
                    $0.isReachable = isReachable
                })
        case .maintenance(let server, let isOn):
            .maintenance(
                .with {
                    $0.server = server.number
                    $0.isOn = isOn
                })
        case .removeServer(let server): .removeServer(server.number)
        case .createToken(let token):
            .createToken(
                .with {
                    $0.secret = Data(token.secret.bytes)
                    $0.roles = UInt32(token.roles.rawValue)
                    $0.lifetimeMilliseconds = token.lifetimeMilliseconds
                })
        case .revokeToken(let token): .revokeToken(token.number)
        case .join(let request):
            .join(
                .with {
                    $0.token = request.token.number
                    $0.secret = Data(request.secret.bytes)
                    $0.server = WireNewServer(request.server)
                })
        case .createMachine(let definition): .createMachine(WireCreateMachine(definition))
        case .deleteMachine(let machine): .deleteMachine(machine.number)
        case .changeMachine(let machine, let change): .changeMachine(WireChangeMachine(machine, change))
        case .changeDevice(let machine, let change): .changeDevice(WireChangeDevice(machine, change))
        case .startMachine(let machine): .startMachine(machine.number)
        case .stopMachine(let machine, let force, let patience): .stopMachine(WireStopMachine(machine, force, patience))
        case .rebootMachine(let machine, let force, let patience): .rebootMachine(WireStopMachine(machine, force, patience))
        case .pauseMachine(let machine): .pauseMachine(machine.number)
        case .unpauseMachine(let machine): .unpauseMachine(machine.number)
        case .suspendMachine(let machine): .suspendMachine(machine.number)
        case .resumeMachine(let machine): .resumeMachine(machine.number)
        case .imageRemoved(let machine, let server, let session, let epoch, let failure):
            .imageRemoved(WireImageRemoved(machine, server, session, epoch, failure))
        case .migrateMachine(let machine, let wish): .migrateMachine(WireMigrateMachine(machine, wish))
        case .migrationReported(let machine, let server, let session, let epoch, let word):
            .migrationReported(WireMigrationReported(machine, server, session, epoch, word))
        case .remnantGone(let machine, let server, let session, let epoch):
            .remnantGone(WireRemnantGone(machine, server, session, epoch))
        case .openConsole(let machine, let epoch, let kind): .openConsole(WireOpenConsole(machine, epoch, kind))
        case .observed(let machine, let server, let session, let epoch, let observation):
            .observed(WireObserved(machine, server, session, epoch, observation))
        case .resetMachineStatus(let machine): .resetMachineStatus(machine.number)
        case .cancelTask(let task): .cancelTask(task.number)
        case .putTag(let machine, let key, let value):
            .putTag(
                .with {
                    $0.machine = machine.number
                    $0.key = key.text
                    $0.value = value
                })
        case .deleteTag(let machine, let key):
            .deleteTag(
                .with {
                    $0.machine = machine.number
                    $0.key = key.text
                })
        case .createRule(let definition): .createRule(WireCreateRule(definition))
        case .changeRule(let rule, let change): .changeRule(WireChangeRule(rule, change))
        case .deleteRule(let rule): .deleteRule(rule.number)
        case .createCredential(let credential): .createCredential(WireCredential(credential))
        case .revokeCredential(let credential): .revokeCredential(credential.number)
        }
    }

    func model() throws(WireError) -> PoolCommand {
        guard let kind else { throw .unknown("command.kind") }
        switch kind {
        case .createPool(let wire): return .createPool(try wire.model())
        case .raiseFormat(let version): return .raiseFormat(version: try WireField.amount(version, "raise_format"))
        case .changeSettings(let wire): return .changeSettings(try wire.model())
        case .hello(let wire): return .hello(try wire.model())
        case .released(let wire):
            return .released(server: try WireField.server(wire.server, "released.server"), session: SessionNumber(wire.session))
        case .serverFacts(let wire):
            return .serverFacts(
                server: try WireField.server(wire.server, "facts.server"), session: SessionNumber(wire.session), try wire.facts.model())
        case .strays(let wire):
            return .strays(
                server: try WireField.server(wire.server, "strays.server"), session: SessionNumber(wire.session), wire.strays.map(\.model))
        case .reachability(let wire):
            return .reachability(
                server: try WireField.server(wire.server, "reachability.server"), session: SessionNumber(wire.session),
                isReachable: wire.isReachable)
        case .maintenance(let wire):
            return .maintenance(server: try WireField.server(wire.server, "maintenance.server"), isOn: wire.isOn)
        case .removeServer(let server): return .removeServer(try WireField.server(server, "remove_server"))
        case .createToken(let wire):
            return .createToken(
                JoinToken(
                    secret: try WireField.digest(wire.secret, "token.secret"), roles: try WireField.roles(wire.roles, "token.roles"),
                    lifetimeMilliseconds: wire.lifetimeMilliseconds))
        case .revokeToken(let token): return .revokeToken(TokenID(token))
        case .join(let wire):
            return .join(
                JoinRequest(
                    token: TokenID(wire.token), secret: try WireField.digest(wire.secret, "join.secret"), server: try wire.server.model()))
        case .createMachine(let wire): return .createMachine(try wire.model())
        case .deleteMachine(let machine): return .deleteMachine(VirtualMachineID(machine))
        case .changeMachine(let wire): return .changeMachine(VirtualMachineID(wire.machine), try wire.model())
        case .changeDevice(let wire): return .changeDevice(VirtualMachineID(wire.machine), try wire.model())
        case .startMachine(let machine): return .startMachine(VirtualMachineID(machine))
        case .stopMachine(let wire):
            return .stopMachine(VirtualMachineID(wire.machine), force: wire.force, patience: try wire.patience())
        case .rebootMachine(let wire):
            return .rebootMachine(VirtualMachineID(wire.machine), force: wire.force, patience: try wire.patience())
        case .pauseMachine(let machine): return .pauseMachine(VirtualMachineID(machine))
        case .unpauseMachine(let machine): return .unpauseMachine(VirtualMachineID(machine))
        case .suspendMachine(let machine): return .suspendMachine(VirtualMachineID(machine))
        case .resumeMachine(let machine): return .resumeMachine(VirtualMachineID(machine))
        case .imageRemoved(let wire):
            return .imageRemoved(
                VirtualMachineID(wire.machine), server: try WireField.server(wire.server, "image_removed.server"),
                session: SessionNumber(wire.session), epoch: PlacementEpoch(wire.epoch), failure: wire.hasFailure ? wire.failure : nil)
        case .migrateMachine(let wire): return .migrateMachine(VirtualMachineID(wire.machine), try wire.model())
        case .migrationReported(let wire):
            return .migrationReported(
                VirtualMachineID(wire.machine), server: try WireField.server(wire.server, "migration_reported.server"),
                session: SessionNumber(wire.session), epoch: PlacementEpoch(wire.epoch), try wire.wordModel())
        case .remnantGone(let wire):
            return .remnantGone(
                VirtualMachineID(wire.machine), server: try WireField.server(wire.server, "remnant_gone.server"),
                session: SessionNumber(wire.session), epoch: PlacementEpoch(wire.epoch))
        case .openConsole(let wire):
            return .openConsole(VirtualMachineID(wire.machine), epoch: PlacementEpoch(wire.epoch), try wire.kindModel())
        case .observed(let wire):
            return .observed(
                VirtualMachineID(wire.machine), server: try WireField.server(wire.server, "observed.server"),
                session: SessionNumber(wire.session), epoch: PlacementEpoch(wire.epoch), try wire.observationModel())
        case .resetMachineStatus(let machine): return .resetMachineStatus(VirtualMachineID(machine))
        case .cancelTask(let task): return .cancelTask(TaskID(task))
        case .putTag(let wire):
            return .putTag(VirtualMachineID(wire.machine), key: try WireField.tagKey(wire.key, "tag.key"), value: wire.value)
        case .deleteTag(let wire): return .deleteTag(VirtualMachineID(wire.machine), key: try WireField.tagKey(wire.key, "tag.key"))
        case .createRule(let wire): return .createRule(try wire.model())
        case .changeRule(let wire): return .changeRule(RuleID(wire.rule), try wire.model())
        case .deleteRule(let rule): return .deleteRule(RuleID(rule))
        case .createCredential(let wire): return .createCredential(try wire.model())
        case .revokeCredential(let credential): return .revokeCredential(CredentialID(credential))
        }
    }
}

extension WireCreatePool {
    init(_ foundation: PoolFoundation) {
        self.init()
        pool = WireUuid(foundation.pool)
        name = foundation.name
        authority = Data(foundation.authority.bytes)
        founder = WireNewServer(foundation.founder)
        credential = WireCredential(foundation.credential)
    }

    func model() throws(WireError) -> PoolFoundation {
        PoolFoundation(
            pool: pool.model, name: name, authority: try WireField.digest(authority, "create_pool.authority"),
            founder: try founder.model(), credential: try credential.model())
    }
}

extension WireChangeSettings {
    init(_ change: PoolSettingsChange) {
        self.init()
        if let ratio = change.overcommitRatio { overcommitRatio = Int64(ratio) }
        if let limit = change.voterLimit { voterLimit = Int64(limit) }
        if let time = change.voterReplacement { voterReplacementNanoseconds = time.wholeNanoseconds }
    }

    func model() throws(WireError) -> PoolSettingsChange {
        PoolSettingsChange(
            overcommitRatio: hasOvercommitRatio ? try WireField.amount(overcommitRatio, "settings.overcommit_ratio") : nil,
            voterLimit: hasVoterLimit ? try WireField.amount(voterLimit, "settings.voter_limit") : nil,
            voterReplacement: hasVoterReplacementNanoseconds ? .nanoseconds(voterReplacementNanoseconds) : nil)
    }
}

extension WireHello {
    init(_ hello: ServerHello) {
        self.init()
        server = hello.server.number
        session = hello.session.number
        boot = WireUuid(hello.boot)
        run = WireUuid(hello.run)
        storage = WireUuid(hello.storage)
        if let known = hello.hardware { hardware = WireUuid(known) }
        formatVersion = Int64(hello.formatVersion)
        agentVersion = hello.agentVersion
        facts = WireFacts(hello.facts)
        strays = hello.strays.map { WireStray($0) }
    }

    func model() throws(WireError) -> ServerHello {
        ServerHello(
            server: try WireField.server(server, "hello.server"), session: SessionNumber(session), boot: boot.model, run: run.model,
            storage: storage.model, hardware: hasHardware ? hardware.model : nil,
            formatVersion: try WireField.amount(formatVersion, "hello.format_version"),
            agentVersion: agentVersion, facts: try facts.model(), strays: strays.map(\.model))
    }
}

extension WireStray {
    init(_ stray: StrayDomain) {
        self.init()
        machine = stray.machine.number
        domain = stray.domain
        if let known = stray.epoch { epoch = known.number }
    }

    var model: StrayDomain {
        StrayDomain(machine: VirtualMachineID(machine), domain: domain, epoch: hasEpoch ? PlacementEpoch(epoch) : nil)
    }
}

extension WireCreateMachine {
    init(_ definition: MachineDefinition) {
        self.init()
        name = definition.name.text
        uuid = WireUuid(definition.uuid)
        configuration = definition.configuration
        requirements = WireRequirements(definition.requirements)
        preferredServers = definition.preferredServers.map(\.number)
        if let other = definition.configuredName { configuredName = other }
    }

    func model() throws(WireError) -> MachineDefinition {
        MachineDefinition(
            name: try WireField.machineName(name, "machine.name"), uuid: uuid.model, configuration: configuration,
            requirements: try requirements.model(),
            preferredServers: try WireField.servers(preferredServers, "machine.preferred_servers"),
            configuredName: hasConfiguredName ? configuredName : nil)
    }
}

extension WireChangeMachine {
    init(_ machine: VirtualMachineID, _ change: MachineChange) {
        self.init()
        self.machine = machine.number
        if let memory = change.memory { mebibytes = Int64(memory.count) }
        if let count = change.virtualCPUs { virtualCpus = Int64(count) }
        if let servers = change.preferredServers { preferredServers = .with { $0.servers = servers.map(\.number) } }
        addedRules = change.addedRules.map(\.number)
        removedRules = change.removedRules.map(\.number)
    }

    func model() throws(WireError) -> MachineChange {
        MachineChange(
            memory: hasMebibytes ? Mebibytes(try WireField.amount(mebibytes, "change.mebibytes")) : nil,
            virtualCPUs: hasVirtualCpus ? try WireField.amount(virtualCpus, "change.virtual_cpus") : nil,
            preferredServers: hasPreferredServers ? try WireField.servers(preferredServers.servers, "change.preferred_servers") : nil,
            addedRules: addedRules.map { RuleID($0) }, removedRules: removedRules.map { RuleID($0) })
    }
}

extension WireObserved {
    init(
        _ machine: VirtualMachineID, _ server: ServerID, _ session: SessionNumber, _ epoch: PlacementEpoch,
        _ observation: MachineObservation
    ) {
        self.init()
        self.machine = machine.number
        self.server = server.number
        self.session = session.number
        self.epoch = epoch.number
        switch observation {
        case .running: running = true
        case .paused: paused = true
        case .shuttingDown: shuttingDown = true
        case .stopped(let reason, let cause):
            stopped = .with {
                $0.reason = reason.rawValue
                $0.cause = cause
            }
        case .ended(let reason, let isTooSoon): ended = WireEnded(reason, isTooSoon: isTooSoon)
        case .dumped(let dump): dumped = WireDump(dump)
        case .suspended: suspended = true
        case .resized: resized = true
        case .deviceChanged(let task): deviceChanged = task.number
        case .failed(let task, let cause): failed = WireOfTask(task, cause)
        case .waiting(let task, let cause): waiting = WireOfTask(task, cause)
        }
    }

    func observationModel() throws(WireError) -> MachineObservation {
        switch observation {
        case .running: return .running
        case .paused: return .paused
        case .shuttingDown: return .shuttingDown
        case .stopped(let stopped):
            guard let reason = MachineStopReason(rawValue: stopped.reason) else { throw .unknown("observed.stopped.reason") }
            return .stopped(reason, cause: stopped.cause)
        case .ended(let ended): return .ended(try ended.reasonModel(), isTooSoon: ended.isTooSoon)
        case .dumped(let dump): return .dumped(try dump.model())
        case .suspended: return .suspended
        case .resized: return .resized
        case .deviceChanged(let task): return .deviceChanged(TaskID(task))
        case .failed(let failed): return .failed(TaskID(failed.task), cause: failed.cause)
        case .waiting(let waiting): return .waiting(TaskID(waiting.task), cause: waiting.cause)
        case nil: throw .unknown("observed.observation")
        }
    }
}

extension WireStopMachine {
    init(_ machine: VirtualMachineID, _ force: Bool, _ patience: Duration?) {
        self.init()
        self.machine = machine.number
        self.force = force
        if let patience { patienceNanoseconds = patience.wholeNanoseconds }
    }

    func patience() throws(WireError) -> Duration? { try WireField.patience(hasPatienceNanoseconds ? patienceNanoseconds : nil) }
}

extension WireEnded {
    init(_ reason: MachineStopReason, isTooSoon: Bool) {
        self.init()
        self.reason = reason.rawValue
        self.isTooSoon = isTooSoon
    }

    func reasonModel() throws(WireError) -> MachineStopReason {
        guard let reason = MachineStopReason(rawValue: reason) else { throw .unknown("ended.reason") }
        return reason
    }
}

extension WireDump {
    init(_ dump: MachineDump) {
        self.init()
        switch dump {
        case .made(let path): self.path = path
        case .failed(let cause): failure = cause
        }
    }

    func model() throws(WireError) -> MachineDump {
        switch dump {
        case .path(let path): return .made(path: path)
        case .failure(let cause): return .failed(cause: cause)
        case nil: throw .unknown("dump")
        }
    }
}

extension WireOfTask {
    init(_ task: TaskID, _ cause: String) {
        self.init()
        self.task = task.number
        self.cause = cause
    }
}
