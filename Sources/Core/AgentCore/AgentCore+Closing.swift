import PoolModel
import PoolStateMachine
import RaftCore

// Closing the difference between what the log says should run here and what does run here.
extension AgentCore {
    /// Compares what the log says should run here with what does run here, and closes the difference.
    mutating func reconcile(_ effects: inout [AgentEffect]) {
        guard reconciler.isDue, !isHalted, let domains = reconciler.domains, let own = session.number, !session.isReleasing else { return }
        guard state.servers[identity.server]?.session == own else { return }
        reconciler.isDue = false
        // First: what is seen here keeps a start from being done that was decided before anybody knew.
        keepStrays(domains, session: own, &effects)
        guard !isHalted else { return }
        var owned: [VirtualMachineID: [DomainReport]] = [:]
        for domain in domains {
            if let ownership = domain.ownership, ownership.pool == identity.pool { owned[ownership.machine, default: []].append(domain) }
        }
        let placed = state.machines(on: identity.server)
        for machine in placed { reconcile(machine, owned[machine] ?? [], session: own, &effects) }
        removeImages(session: own, &effects)
        receiveMachines(owned, session: own, &effects)
        clearRemnants(owned, session: own, &effects)
        forgetEndedPlacements(placed)
    }

    private mutating func reconcile(
        _ id: VirtualMachineID, _ domains: [DomainReport], session own: SessionNumber, _ effects: inout [AgentEffect]
    ) {
        guard let machine = state.machines[id], let placement = machine.placement else { return }
        if reconciler.machines[id]?.epoch != placement.epoch { reconciler.machines[id] = receivedProgress(id, placement) }
        guard let progress = reconciler.machines[id] else { return }
        if let operation = progress.operation { return waitFor(operation, machine, placement, domains, &effects) }
        guard reconciler.answeredNumber >= progress.leastListing else { return }
        guard let domain = domains.first(where: { $0.ownership?.epoch == placement.epoch }) else {
            reconcileAbsent(machine, placement, progress, session: own, &effects)
            return
        }
        switch domain.state {
        case .running: reconcileRunning(machine, placement, domain, session: own, &effects)
        case .paused: reconcilePaused(machine, placement, domain, session: own, &effects)
        case .suspended: reconcileSuspended(machine, placement, domain, &effects)
        case .ended(let end): reconcileEnded(machine, placement, domain, end, &effects)
        case .dying: reconciler.machines[id]?.leastListing = 0
        }
    }

    /// An operation is under way. One that does not answer is named; a forced stop does not wait for it.
    private mutating func waitFor(
        _ id: DomainOperationID, _ machine: VirtualMachine, _ placement: MachinePlacement, _ domains: [DomainReport],
        _ effects: inout [AgentEffect]
    ) {
        guard let running = reconciler.operations[id] else { return }
        endSending(id, machine, &effects)
        if case .dumpCore = running.operation { return waitForDump(running, machine, placement, &effects) }
        let (passed, patience) = (now.monotonic - running.began, settings.patience(with: running.operation, machine.reserved.memory))
        guard passed >= settings.operationPatience else { return }
        if passed >= patience {
            let silence = "The hypervisor has not answered \(running.operation.words) for \(patience.components.seconds) s."
            if reconciler.machines[machine.id]?.isSilenceSaid == false {
                reconciler.machines[machine.id]?.isSilenceSaid = true
                effects.append(.notice(.error, "Virtual machine \(machine.name): \(silence)"))
            }
            tellWaiting(silence, machine, placement, &effects)
        }
        guard machine.isStopForced, let domain = domains.first(where: { $0.ownership?.epoch == placement.epoch }) else { return }
        if case .destroy = running.operation { return }
        perform(.destroy(domain: domain.domain), for: machine, placement, &effects)
    }

    private mutating func reconcileAbsent(
        _ machine: VirtualMachine, _ placement: MachinePlacement, _ progress: MachineProgress, session own: SessionNumber,
        _ effects: inout [AgentEffect]
    ) {
        // Two domains of one name are not to be had: what a migration left here goes first.
        guard placement.isStarted || !machine.remnants.contains(where: { $0.server == identity.server }) else { return }
        let isSeen = sightingWords(of: machine.id) != nil
        if !placement.isStarted, !progress.wasCreated, machine.intent == .running, placement.session == own, stopping == nil, !isSeen {
            reconciler.machines[machine.id]?.wasCreated = true
            let specification = DomainSpecification(
                ownership: DomainOwnership(pool: identity.pool, machine: machine.id, epoch: placement.epoch), name: machine.name,
                uuid: machine.uuid, configuration: machine.configuration, requirements: machine.requirements,
                image: placement.image.map { DomainImage($0, of: machine.id, named: machine.name, pool: identity.pool) })
            perform(.createPaused(specification), for: machine, placement, &effects)
            return
        }
        let (reason, cause) = explainAbsence(machine, placement, progress, session: own)
        observe(.stopped(reason, cause: cause), machine, placement, &effects)
    }

    /// Why no domain of the placement exists, as truly as it is known.
    private func explainAbsence(
        _ machine: VirtualMachine, _ placement: MachinePlacement, _ progress: MachineProgress, session own: SessionNumber
    ) -> (MachineStopReason, String) {
        if machine.intent == .stopped {
            // A stop has its task until it has ended; without one it is a start that was cancelled.
            let isCancelled = machine.task == nil
            return (.requested, isCancelled ? "Its start was cancelled; nothing of it runs." : MachineStopReason.requested.sentence)
        }
        if machine.intent == .suspended, machine.image?.phase == .whole { return (.requested, "Its memory is in its image.") }
        if let loss = progress.lossCause { return (.vanished, loss) }
        if machine.intent == .rebooting { return (.requested, "It was stopped to be rebooted.") }
        if let ended = machine.ended {
            let sentence = ended.reason.sentence + (ended.dump.map { " \($0.sentence)" } ?? "")
            guard ended.isTooSoon else { return (ended.reason, sentence) }
            let floor = settings.restartFloor.components.seconds
            return (ended.reason, "\(sentence) It is not started anew: it had run for less than \(floor) s.")
        }
        if !placement.isStarted {
            let what = placement.image == nil ? "start" : "resume"
            if let failure = progress.startFailure ?? progress.failure { return (.startFailed, "The \(what) failed: \(failure)") }
            // Seen after the start was decided, and before it was done.
            if let words = sightingWords(of: machine.id) { return (.startFailed, "It was not started: \(words).") }
            if !progress.wasCreated || placement.session != own { return (.startInterrupted, MachineStopReason.startInterrupted.sentence) }
        }
        return (.vanished, MachineStopReason.vanished.sentence)
    }

    mutating func perform(
        _ operation: DomainOperation, for machine: VirtualMachine, _ placement: MachinePlacement, _ effects: inout [AgentEffect]
    ) {
        let id = DomainOperationID(reconciler.nextOperation)
        reconciler.nextOperation += 1
        reconciler.operations[id] = RunningOperation(
            machine: machine.id, epoch: placement.epoch, operation: operation, began: now.monotonic)
        reconciler.machines[machine.id]?.operation = id
        reconciler.machines[machine.id]?.isSilenceSaid = false
        effects.append(.perform(id, operation))
    }

    /// Placements that ended need no memory, once nothing is under way for them.
    private mutating func forgetEndedPlacements(_ placed: [VirtualMachineID]) {
        guard reconciler.machines.count > placed.count else { return }
        let kept = Set(placed)
        reconciler.machines = reconciler.machines.filter { kept.contains($0.key) || $0.value.operation != nil }
    }
}
