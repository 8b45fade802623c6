import PoolModel
import PoolStateMachine
import RaftCore

// Suspend to an image, and what is done with a domain whose guest is suspended.
extension AgentCore {
    /// Begins the suspend of a running guest, once in a run of this agent.
    mutating func suspend(
        _ machine: VirtualMachine, _ placement: MachinePlacement, _ domain: DomainReport, _ effects: inout [AgentEffect]
    ) {
        guard case .suspend(let task)? = pendingTask(machine), let image = machine.image else { return }
        guard image.phase == .writing else {
            // Its image was whole, and it goes on all the same: nobody may go on from there.
            return observe(.failed(task, cause: "Its guest goes on, though it had been suspended."), machine, placement, &effects)
        }
        tryOnce(
            .suspend(domain: domain.domain, to: DomainImage(image, of: machine.id, named: machine.name, pool: identity.pool)), for: task,
            machine, placement, "The hypervisor says that it is suspended; it runs.", &effects)
    }

    /// The guest stands still, and its memory may be in an image. It is destroyed only once the log has the image; where the log does not
    /// want one, the guest goes on.
    mutating func reconcileSuspended(
        _ machine: VirtualMachine, _ placement: MachinePlacement, _ domain: DomainReport, _ effects: inout [AgentEffect]
    ) {
        // Who stops a guest without force asks it to end: for that it goes on first, as one does whose move was given up.
        let isDestroyed = machine.intent == .stopped && (machine.isStopForced || machine.image != nil)
        if isDestroyed || machine.image?.phase == .discarded || reconciler.machines[machine.id]?.lossCause != nil {
            return insist(on: .destroy(domain: domain.domain), machine, placement, &effects)
        }
        if machine.migration != nil, machine.intent == .running { return reconcileSent(machine, placement, &effects) }
        guard machine.intent == .suspended, let image = machine.image else {
            return insist(on: .unsuspend(domain: domain.domain), machine, placement, &effects)
        }
        if image.phase == .whole { return insist(on: .destroy(domain: domain.domain), machine, placement, &effects) }
        guard let progress = reconciler.machines[machine.id], progress.tried == machine.task, progress.failure == nil else {
            // Of an agent that ended meanwhile: the hypervisor knows whether the image is whole.
            return suspend(machine, placement, domain, &effects)
        }
        observe(.suspended, machine, placement, &effects)
    }

    /// A suspended guest that cannot go on is lost, and its domain with it.
    mutating func noteLostGuest(_ running: RunningOperation, _ cause: String) {
        // A guest that stands still because of it does not wait to go on.
        switch running.operation {
        case .suspend, .sendDomain: reconciler.machines[running.machine]?.retryAt = nil
        default: break
        }
        guard case .unsuspend = running.operation else { return }
        reconciler.machines[running.machine]?.lossCause = "It was not suspended, and its guest could not be let go on: \(cause)"
        reconciler.machines[running.machine]?.failure = nil
        reconciler.machines[running.machine]?.retryAt = nil
    }

    // MARK: Images that are thrown away

    /// Removes those of the log's discarded images that this server wrote, and says so.
    mutating func removeImages(session own: SessionNumber, _ effects: inout [AgentEffect]) {
        let machines = state.imagesToRemove(by: identity.server)
        guard !machines.isEmpty || !reconciler.removals.isEmpty else { return }
        let wanted = Set(machines.map(\.id))
        reconciler.removals = reconciler.removals.filter { wanted.contains($0.key) || $0.value.result == nil }
        for machine in machines {
            guard let image = machine.image else { continue }
            guard let removal = reconciler.removals[machine.id], removal.epoch == image.epoch else {
                beginRemoval(of: machine, image, &effects)
                continue
            }
            guard let result = removal.result else { continue }
            if let said = removal.saidAt, now.monotonic - said < settings.proposalRetry { continue }
            guard raft.status.leader != nil else { continue }
            reconciler.removals[machine.id]?.saidAt = now.monotonic
            var failure: String?
            if case .failed(let cause) = result { failure = cause }
            say(
                .imageRemoved(machine.id, server: identity.server, session: own, epoch: image.epoch, failure: failure),
                as: .server(identity.server), &effects)
        }
    }

    private mutating func beginRemoval(of machine: VirtualMachine, _ image: SuspendedImage, _ effects: inout [AgentEffect]) {
        let operation = DomainOperation.removeImage(DomainImage(image, of: machine.id, named: machine.name, pool: identity.pool))
        let id = DomainOperationID(reconciler.nextOperation)
        reconciler.nextOperation += 1
        reconciler.operations[id] = RunningOperation(
            machine: machine.id, epoch: image.epoch, operation: operation, began: now.monotonic)
        reconciler.removals[machine.id] = ImageRemoval(epoch: image.epoch, operation: id)
        effects.append(.perform(id, operation))
    }
}

extension AgentSettings {
    /// How long the hypervisor may be silent about an operation: as long as it takes to write or read the memory that it is about.
    func patience(with operation: DomainOperation, _ memory: Mebibytes) -> Duration {
        switch operation {
        case .suspend: dumpPatience(of: memory)
        case .sendDomain(_, let transfer), .receiveDomain(_, let transfer):
            // A guest that writes a lot is sent more than once, and the other end may come late.
            operationPatience + dumpPatience(of: memory) * 4
                + .seconds(transfer.bandwidth.map { transfer.memory.count * 2 / $0 } ?? 0)
        case .createPaused(let specification): specification.image == nil ? operationPatience : dumpPatience(of: memory)
        default: operationPatience
        }
    }
}
