import RaftCore
import PoolModel
import PoolStateMachine

extension AgentCore {
    // MARK: Listing

    mutating func requestListing(_ effects: inout [AgentEffect]) {
        guard !reconciler.isListing else {
            reconciler.isListingWanted = true
            return
        }
        reconciler.isListing = true
        reconciler.isListingWanted = false
        reconciler.askedNumber += 1
        effects.append(.listDomains(number: reconciler.askedNumber))
    }

    /// The periodic look, for what no hint announced.
    mutating func keepListing(_ effects: inout [AgentEffect]) {
        if let listed = reconciler.listedAt, now.monotonic - listed < settings.listInterval { return }
        if !reconciler.isListing { requestListing(&effects) }
    }

    mutating func domainsChanged(_ effects: inout [AgentEffect]) { requestListing(&effects) }

    mutating func domainsListed(_ domains: [DomainReport]?, number: UInt64, _ effects: inout [AgentEffect]) {
        guard number == reconciler.askedNumber else { return }
        reconciler.isListing = false
        reconciler.listedAt = now.monotonic
        if let domains {
            let isFirst = reconciler.domains == nil
            reconciler.domains = domains
            reconciler.answeredNumber = number
            reconciler.isSilent = false
            reconciler.isDue = true
            if isFirst { keepSession(&effects) }
        } else if !reconciler.isSilent {
            reconciler.isSilent = true
            effects.append(.notice(.error, "The hypervisor does not list its domains; virtual machines stay as they are until it does."))
        }
        if reconciler.isListingWanted { requestListing(&effects) }
    }

    mutating func operationEnded(_ id: DomainOperationID, _ result: DomainOperationResult, _ effects: inout [AgentEffect]) {
        guard let running = reconciler.operations.removeValue(forKey: id) else { return }
        if reconciler.machines[running.machine]?.operation == id {
            reconciler.machines[running.machine]?.operation = nil
            reconciler.machines[running.machine]?.leastListing = reconciler.askedNumber + 1
            if case .failed(let cause) = result {
                reconciler.machines[running.machine]?.failure = cause
                effects.append(.notice(.warning, "Virtual machine \(name(of: running.machine)): \(cause)"))
            }
        }
        requestListing(&effects)
    }

    private func name(of machine: VirtualMachineID) -> String { state.machines[machine]?.name.text ?? "number \(machine)" }

    // MARK: Closing the difference

    /// Compares what the log says should run here with what does run here, and closes the difference.
    mutating func reconcile(_ effects: inout [AgentEffect]) {
        guard reconciler.isDue, !isHalted, let domains = reconciler.domains, let own = session.number, !session.isReleasing else { return }
        guard state.servers[identity.server]?.session == own else { return }
        reconciler.isDue = false
        var owned: [VirtualMachineID: [DomainReport]] = [:]
        for domain in domains {
            if let ownership = domain.ownership, ownership.pool == identity.pool { owned[ownership.machine, default: []].append(domain) }
        }
        let placed = state.machines(on: identity.server)
        for machine in placed { reconcile(machine, owned[machine] ?? [], session: own, &effects) }
        forgetEndedPlacements(placed)
        reportStrays(owned, placed, &effects)
    }

    private mutating func reconcile(
        _ id: VirtualMachineID, _ domains: [DomainReport], session own: SessionNumber, _ effects: inout [AgentEffect]
    ) {
        guard let machine = state.machines[id], let placement = machine.placement else { return }
        if reconciler.machines[id]?.epoch != placement.epoch { reconciler.machines[id] = MachineProgress(epoch: placement.epoch) }
        guard let progress = reconciler.machines[id], progress.operation == nil else { return }
        guard reconciler.answeredNumber >= progress.leastListing else { return }
        guard let domain = domains.first(where: { $0.ownership?.epoch == placement.epoch }) else {
            reconcileAbsent(machine, placement, progress, session: own, &effects)
            return
        }
        switch domain.state {
        case .running: reconcileRunning(machine, placement, domain, session: own, &effects)
        case .paused: reconcilePaused(machine, placement, domain, session: own, &effects)
        case .ended(let end):
            reconciler.machines[id]?.end = end
            perform(.destroy(domain: domain.domain), for: machine, placement, &effects)
        case .dying: reconciler.machines[id]?.leastListing = 0
        }
    }

    private mutating func reconcileAbsent(
        _ machine: VirtualMachine, _ placement: MachinePlacement, _ progress: MachineProgress, session own: SessionNumber,
        _ effects: inout [AgentEffect]
    ) {
        if !placement.isStarted, !progress.wasCreated, machine.intent == .running, placement.session == own, stopping == nil {
            reconciler.machines[machine.id]?.wasCreated = true
            let specification = DomainSpecification(
                ownership: DomainOwnership(pool: identity.pool, machine: machine.id, epoch: placement.epoch), name: machine.name,
                uuid: machine.uuid, configuration: machine.configuration, requirements: machine.requirements)
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
        if machine.intent == .stopped { return (.requested, "It was stopped as requested.") }
        switch progress.end {
        case .powerOff: return (.poweredOffItself, "The guest powered itself off.")
        case .reboot: return (.poweredOffItself, "The guest asked for a reboot and was powered off.")
        case .crash: return (.crashed, "The guest crashed.")
        case nil: break
        }
        if !placement.isStarted {
            if let failure = progress.failure { return (.startFailed, "The start failed: \(failure)") }
            if !progress.wasCreated || placement.session != own {
                return (.startInterrupted, "The agent was ended in the middle of the start; nothing of it runs.")
            }
        }
        return (.vanished, "Its domain is gone, and the hypervisor does not say why.")
    }

    private mutating func reconcileRunning(
        _ machine: VirtualMachine, _ placement: MachinePlacement, _ domain: DomainReport, session own: SessionNumber,
        _ effects: inout [AgentEffect]
    ) {
        guard machine.intent == .stopped else {
            if machine.status != .running || !placement.isStarted || placement.session != own {
                observe(.running, machine, placement, &effects)
            }
            return
        }
        if placement.session != own || !placement.isStarted || machine.status == .unknown {
            observe(.shuttingDown, machine, placement, &effects)
        }
        if machine.isStopForced {
            perform(.destroy(domain: domain.domain), for: machine, placement, &effects)
        } else if reconciler.machines[machine.id]?.shutdownAskedAt == nil {
            reconciler.machines[machine.id]?.shutdownAskedAt = now.monotonic
            perform(.shutdown(domain: domain.domain), for: machine, placement, &effects)
        }
    }

    private mutating func reconcilePaused(
        _ machine: VirtualMachine, _ placement: MachinePlacement, _ domain: DomainReport, session own: SessionNumber,
        _ effects: inout [AgentEffect]
    ) {
        if placement.isStarted {
            // Someone paused it. A guest must run to shut itself down.
            if machine.intent == .stopped {
                let operation: DomainOperation = machine.isStopForced ? .destroy(domain: domain.domain) : .unpause(domain: domain.domain)
                perform(operation, for: machine, placement, &effects)
            } else if machine.status != .paused || placement.session != own {
                observe(.paused, machine, placement, &effects)
            }
            return
        }
        // Built, and never run. Only the session that it was placed for may let it run (fencing: sessions).
        if machine.intent == .running, placement.session == own, stopping == nil, reconciler.machines[machine.id]?.wasCreated == true {
            perform(.unpause(domain: domain.domain), for: machine, placement, &effects)
        } else {
            perform(.destroy(domain: domain.domain), for: machine, placement, &effects)
        }
    }

    private mutating func perform(
        _ operation: DomainOperation, for machine: VirtualMachine, _ placement: MachinePlacement, _ effects: inout [AgentEffect]
    ) {
        let id = DomainOperationID(reconciler.nextOperation)
        reconciler.nextOperation += 1
        reconciler.operations[id] = RunningOperation(
            machine: machine.id, epoch: placement.epoch, operation: operation, began: now.monotonic)
        reconciler.machines[machine.id]?.operation = id
        effects.append(.perform(id, operation))
    }

    /// Says what is so to the log; again after a while, for as long as the log does not show it.
    private mutating func observe(
        _ observation: MachineObservation, _ machine: VirtualMachine, _ placement: MachinePlacement, _ effects: inout [AgentEffect]
    ) {
        guard let progress = reconciler.machines[machine.id] else { return }
        // Having said that it stopped, this server never runs the epoch again, whatever became of the word: so it is the last word.
        if case .stopped = progress.said, progress.said != observation { return sayAgain(machine, placement, progress, &effects) }
        if progress.said == observation { return sayAgain(machine, placement, progress, &effects) }
        reconciler.machines[machine.id]?.said = observation
        reconciler.machines[machine.id]?.saidAt = nil
        guard let renewed = reconciler.machines[machine.id] else { return }
        sayAgain(machine, placement, renewed, &effects)
    }

    private mutating func sayAgain(
        _ machine: VirtualMachine, _ placement: MachinePlacement, _ progress: MachineProgress, _ effects: inout [AgentEffect]
    ) {
        guard let observation = progress.said, let own = session.number else { return }
        if let said = progress.saidAt, now.monotonic - said < settings.proposalRetry { return }
        guard raft.status.leader != nil else { return }
        reconciler.machines[machine.id]?.saidAt = now.monotonic
        say(
            .observed(machine.id, server: identity.server, session: own, epoch: placement.epoch, observation),
            as: .server(identity.server), &effects)
    }

    /// Placements that ended need no memory, once nothing is under way for them.
    private mutating func forgetEndedPlacements(_ placed: [VirtualMachineID]) {
        guard reconciler.machines.count > placed.count else { return }
        let kept = Set(placed)
        reconciler.machines = reconciler.machines.filter { kept.contains($0.key) || $0.value.operation != nil }
    }

    /// Domains of the pool that no placement here asks for are shown, once, and left alone.
    private mutating func reportStrays(
        _ owned: [VirtualMachineID: [DomainReport]], _ placed: [VirtualMachineID], _ effects: inout [AgentEffect]
    ) {
        let here = Set(placed)
        for id in owned.keys.sorted() where !here.contains(id) {
            guard reconciler.machines[id]?.operation == nil else { continue }
            for domain in owned[id] ?? [] where domain.state != .dying && reconciler.reported.insert(domain.domain).inserted {
                effects.append(
                    .notice(
                        .warning,
                        """
                        Domain \(domain.domain) (\(domain.name)) belongs to the pool, but virtual machine \(name(of: id)) is not placed \
                        here. It is left alone; look at it, and destroy it by hand if it is a leftover.
                        """))
            }
        }
    }
}
