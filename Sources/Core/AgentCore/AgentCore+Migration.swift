import PoolModel
import PoolStateMachine
import RaftCore

/// The receiving of one machine, by this run.
struct Reception: Sendable {
    /// Of the attempt, and of the placement that comes of it.
    let epoch: PlacementEpoch
    /// Nil once it has ended.
    var operation: DomainOperationID?
    /// How it ended.
    var result: DomainOperationResult?
    /// Only a listing asked for after its end shows what came of it.
    var leastListing: UInt64 = 0
    /// When its end was last said to the log.
    var saidAt: MonotonicInstant?
}

/// Names what a migration left here.
struct RemnantKey: Hashable, Comparable, Sendable {
    let machine: VirtualMachineID
    let epoch: PlacementEpoch

    static func < (left: RemnantKey, right: RemnantKey) -> Bool { (left.machine, left.epoch) < (right.machine, right.epoch) }
}

/// The taking down of what a migration left here.
struct Clearance: Sendable {
    var operation: DomainOperationID?
    /// Only a listing asked for after this run heard of it shows whether there is something.
    var leastListing: UInt64
    var retryAt: MonotonicInstant?
    var saidAt: MonotonicInstant?
}

// Both ends of a migration (fencing: migration). What either of them knows of its end is a word to the log; what it does follows from the log.
extension AgentCore {
    // MARK: The source

    /// Begins to send a running guest, once in a run of this agent.
    mutating func send(
        _ machine: VirtualMachine, _ migration: MachineMigration, _ placement: MachinePlacement, _ domain: DomainReport,
        _ effects: inout [AgentEffect]
    ) {
        guard case .migrate(let task)? = pendingTask(machine) else { return }
        guard stopping == nil else {
            return observe(.failed(task, cause: "The agent of the server that it runs on is being stopped."), machine, placement, &effects)
        }
        tryOnce(
            .sendDomain(domain: domain.domain, transfer(of: machine, migration, with: migration.target)), for: task, machine, placement,
            "The hypervisor says that it was sent; its guest runs on.", &effects)
    }

    /// The guest stands still, and the other server may have all of it: this one neither lets it go on nor takes it down until the log says
    /// how the attempt ended.
    mutating func reconcileSent(_ machine: VirtualMachine, _ placement: MachinePlacement, _ effects: inout [AgentEffect]) {
        guard case .migrate(let task)? = pendingTask(machine), let progress = reconciler.machines[machine.id] else { return }
        if progress.tried != task {
            observe(.failed(task, cause: "Its guest stands still, and was not sent."), machine, placement, &effects)
        } else if let failure = progress.failure {
            observe(.failed(task, cause: failure), machine, placement, &effects)
        }
    }

    /// Ends a sending whose attempt the log has ended, or that a stop of this agent ends.
    mutating func endSending(_ id: DomainOperationID, _ machine: VirtualMachine, _ effects: inout [AgentEffect]) {
        guard let running = reconciler.operations[id], case .sendDomain(_, let transfer) = running.operation else { return }
        if machine.migration?.epoch != transfer.epoch || stopping != nil { cancel(id, &effects) }
    }

    private func transfer(of machine: VirtualMachine, _ migration: MachineMigration, with peer: ServerID) -> DomainTransfer {
        DomainTransfer(
            machine: machine.id, name: machine.name, epoch: migration.epoch, peer: peer, isLive: migration.isLive,
            bandwidth: migration.bandwidth, memory: machine.reserved.memory)
    }

    private mutating func cancel(_ id: DomainOperationID, _ effects: inout [AgentEffect]) {
        guard reconciler.operations[id]?.isCancelled == false else { return }
        reconciler.operations[id]?.isCancelled = true
        effects.append(.cancel(id))
    }

    // MARK: The target

    /// Receives what the log brings here, says how that ended, and gives up what the log does not bring any more.
    mutating func receiveMachines(
        _ owned: [VirtualMachineID: [DomainReport]], session own: SessionNumber, _ effects: inout [AgentEffect]
    ) {
        let coming = state.machines(comingTo: identity.server)
        guard !coming.isEmpty || !reconciler.receptions.isEmpty else { return }
        for id in reconciler.receptions.keys.sorted() {
            guard let reception = reconciler.receptions[id], !isAwaited(reception, of: id) else { continue }
            if let operation = reception.operation { cancel(operation, &effects) } else { reconciler.receptions[id] = nil }
        }
        for id in coming {
            guard let machine = state.machines[id], let migration = machine.migration, migration.session == own else { continue }
            if stopping != nil {
                if let operation = reconciler.receptions[id]?.operation { cancel(operation, &effects) }
                report(.failed(cause: "The agent of the server that it was to go to is being stopped."), machine, migration, own, &effects)
            } else if let reception = reconciler.receptions[id] {
                giveUpSilent(reception, machine, migration, own, &effects)
                if reception.epoch == migration.epoch { tellReception(reception, machine, migration, owned[id] ?? [], own, &effects) }
            } else {
                beginReception(of: machine, migration, &effects)
            }
        }
    }

    /// Ends a reception that the hypervisor does not answer: meanwhile the guest may stand still at the source, which waits for the log.
    private mutating func giveUpSilent(
        _ reception: Reception, _ machine: VirtualMachine, _ migration: MachineMigration, _ own: SessionNumber,
        _ effects: inout [AgentEffect]
    ) {
        guard reception.epoch == migration.epoch, let operation = reception.operation, let running = reconciler.operations[operation] else {
            return
        }
        let patience = settings.patience(with: running.operation, machine.reserved.memory)
        guard now.monotonic - running.began >= patience else { return }
        cancel(operation, &effects)
        let cause = "The hypervisor of the server that it was to go to has not answered for \(patience.components.seconds) s."
        report(.failed(cause: cause), machine, migration, own, &effects)
    }

    /// Whether the log still brings the machine here by this attempt, or has handed it over.
    private func isAwaited(_ reception: Reception, of id: VirtualMachineID) -> Bool {
        guard let machine = state.machines[id] else { return false }
        if machine.migration?.target == identity.server, machine.migration?.epoch == reception.epoch { return true }
        return machine.placement?.server == identity.server && machine.placement?.epoch == reception.epoch
    }

    private mutating func beginReception(of machine: VirtualMachine, _ migration: MachineMigration, _ effects: inout [AgentEffect]) {
        guard let source = machine.placement?.server else { return }
        // Two domains of one name are not to be had.
        guard !machine.remnants.contains(where: { $0.server == identity.server }) else { return }
        let specification = DomainSpecification(
            ownership: DomainOwnership(pool: identity.pool, machine: machine.id, epoch: migration.epoch), name: machine.name,
            uuid: machine.uuid, configuration: machine.configuration, requirements: machine.requirements)
        let operation = DomainOperation.receiveDomain(specification, transfer(of: machine, migration, with: source))
        let id = begin(operation, of: machine.id, migration.epoch, &effects)
        reconciler.receptions[machine.id] = Reception(epoch: migration.epoch, operation: id)
    }

    private mutating func tellReception(
        _ reception: Reception, _ machine: VirtualMachine, _ migration: MachineMigration, _ domains: [DomainReport],
        _ own: SessionNumber, _ effects: inout [AgentEffect]
    ) {
        guard reception.operation == nil, reconciler.answeredNumber >= reception.leastListing, let result = reception.result else { return }
        if case .failed(let cause) = result { return report(.failed(cause: cause), machine, migration, own, &effects) }
        let domain = domains.first { $0.ownership?.epoch == migration.epoch }
        guard domain?.state == .paused else {
            let what = domain == nil ? "is not there" : "does not stand paused"
            return report(
                .failed(cause: "The domain that was built of what was received \(what)."), machine, migration, own, &effects)
        }
        report(.received, machine, migration, own, &effects)
    }

    private mutating func report(
        _ word: MigrationWord, _ machine: VirtualMachine, _ migration: MachineMigration, _ own: SessionNumber,
        _ effects: inout [AgentEffect]
    ) {
        if let said = reconciler.receptions[machine.id]?.saidAt, now.monotonic - said < settings.proposalRetry { return }
        guard raft.status.leader != nil else { return }
        let said = now.monotonic
        reconciler.receptions[machine.id, default: Reception(epoch: migration.epoch)].saidAt = said
        say(
            .migrationReported(machine.id, server: identity.server, session: own, epoch: migration.epoch, word),
            as: .server(identity.server), &effects)
    }

    /// What is known of a placement that came by a migration: its domain is this run's, and may be let run.
    func receivedProgress(_ machine: VirtualMachineID, _ placement: MachinePlacement) -> MachineProgress {
        var progress = MachineProgress(epoch: placement.epoch)
        guard let reception = reconciler.receptions[machine], reception.epoch == placement.epoch, reception.result == .done else {
            return progress
        }
        progress.wasCreated = true
        progress.leastListing = reception.leastListing
        return progress
    }

    // MARK: What is left

    /// Takes down what ended migrations left here, and says so.
    mutating func clearRemnants(
        _ owned: [VirtualMachineID: [DomainReport]], session own: SessionNumber, _ effects: inout [AgentEffect]
    ) {
        let machines = state.machines(leavingRemnantsOn: identity.server)
        guard !machines.isEmpty || !reconciler.clearances.isEmpty else { return }
        var left: Set<RemnantKey> = []
        for id in machines {
            for remnant in state.machines[id]?.remnants ?? [] where remnant.server == identity.server {
                let key = RemnantKey(machine: id, epoch: remnant.epoch)
                left.insert(key)
                clear(key, owned[id] ?? [], own, &effects)
            }
        }
        reconciler.clearances = reconciler.clearances.filter { left.contains($0.key) || $0.value.operation != nil }
    }

    private mutating func clear(
        _ key: RemnantKey, _ domains: [DomainReport], _ own: SessionNumber, _ effects: inout [AgentEffect]
    ) {
        guard let clearance = reconciler.clearances[key] else {
            let next = reconciler.askedNumber + 1
            reconciler.clearances[key] = Clearance(leastListing: next)
            return requestListing(&effects)
        }
        guard clearance.operation == nil else { return }
        let under = reconciler.operations.filter { $0.value.machine == key.machine && $0.value.epoch == key.epoch }.keys
            .min { $0.number < $1.number }
        if let under {
            // Whatever is still being done with it ends first.
            cancel(under, &effects)
            let next = reconciler.askedNumber + 1
            reconciler.clearances[key]?.leastListing = next
            return
        }
        guard reconciler.answeredNumber >= clearance.leastListing else { return requestListing(&effects) }
        if let retry = clearance.retryAt, now.monotonic < retry { return }
        guard let domain = domains.first(where: { $0.ownership?.epoch == key.epoch }) else { return tellCleared(key, own, &effects) }
        guard domain.state != .dying else {
            let next = reconciler.answeredNumber + 1
            reconciler.clearances[key]?.leastListing = next
            return
        }
        let operation = begin(.destroy(domain: domain.domain), of: key.machine, key.epoch, &effects)
        reconciler.clearances[key]?.operation = operation
    }

    private mutating func tellCleared(_ key: RemnantKey, _ own: SessionNumber, _ effects: inout [AgentEffect]) {
        if let said = reconciler.clearances[key]?.saidAt, now.monotonic - said < settings.proposalRetry { return }
        guard raft.status.leader != nil else { return }
        reconciler.clearances[key]?.saidAt = now.monotonic
        say(
            .remnantGone(key.machine, server: identity.server, session: own, epoch: key.epoch), as: .server(identity.server), &effects)
    }

    // MARK: Within

    private mutating func begin(
        _ operation: DomainOperation, of machine: VirtualMachineID, _ epoch: PlacementEpoch, _ effects: inout [AgentEffect]
    ) -> DomainOperationID {
        let id = DomainOperationID(reconciler.nextOperation)
        reconciler.nextOperation += 1
        reconciler.operations[id] = RunningOperation(machine: machine, epoch: epoch, operation: operation, began: now.monotonic)
        effects.append(.perform(id, operation))
        return id
    }

    /// Takes the end of a reception or of a clearance.
    ///
    /// - Returns: whether it was one.
    mutating func migrationEnded(
        _ id: DomainOperationID, _ running: RunningOperation, _ result: DomainOperationResult, _ effects: inout [AgentEffect]
    ) -> Bool {
        let next = reconciler.askedNumber + 1
        if reconciler.receptions[running.machine]?.operation == id {
            reconciler.receptions[running.machine]?.operation = nil
            reconciler.receptions[running.machine]?.result = result
            reconciler.receptions[running.machine]?.leastListing = next
        } else if case let key = RemnantKey(machine: running.machine, epoch: running.epoch), reconciler.clearances[key]?.operation == id {
            reconciler.clearances[key]?.operation = nil
            reconciler.clearances[key]?.leastListing = next
            let retry = now.monotonic + settings.operationRetry
            if case .failed = result { reconciler.clearances[key]?.retryAt = retry }
        } else {
            return false
        }
        if case .failed(let cause) = result {
            effects.append(.notice(.warning, "Virtual machine \(name(of: running.machine)): \(cause)"))
        }
        reconciler.isDue = true
        requestListing(&effects)
        return true
    }

    /// Whether a migration is under way here, of which an agent that stops must see the end: a guest that stands still for it is not left so.
    var isMoving: Bool {
        if !state.machines(comingTo: identity.server).isEmpty { return true }
        return state.machines(on: identity.server).contains { id in
            guard let machine = state.machines[id] else { return false }
            return machine.migration != nil || machine.status == .migrating
        }
    }

    /// Whether this domain is one that a migration brings here, or left here.
    func isOfMigration(_ ownership: DomainOwnership) -> Bool {
        if let machine = state.machines[ownership.machine] {
            if machine.migration?.target == identity.server, machine.migration?.epoch == ownership.epoch { return true }
            if machine.remnants.contains(where: { $0.server == identity.server && $0.epoch == ownership.epoch }) { return true }
        }
        guard let reception = reconciler.receptions[ownership.machine] else { return false }
        return reception.epoch == ownership.epoch && reception.operation != nil
    }

    /// Whether a domain of this machine is being received, and may be listed before its owner is written beside it.
    func isBeingReceived(_ machine: VirtualMachineID) -> Bool {
        guard let reception = reconciler.receptions[machine] else { return false }
        return reception.operation != nil || reception.leastListing > reconciler.answeredNumber
    }
}
