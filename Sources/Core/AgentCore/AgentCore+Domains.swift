import PoolModel
import PoolStateMachine
import RaftCore

// What becomes of a domain that exists, by what is wanted of its virtual machine.
extension AgentCore {
    mutating func reconcileRunning(
        _ machine: VirtualMachine, _ placement: MachinePlacement, _ domain: DomainReport, session own: SessionNumber,
        _ effects: inout [AgentEffect]
    ) {
        if reconciler.machines[machine.id]?.runningSince == nil { reconciler.machines[machine.id]?.runningSince = now.monotonic }
        // Whatever was said of letting it go on: it does.
        reconciler.machines[machine.id]?.lossCause = nil
        let isNews = !placement.isStarted || placement.session != own || machine.status == .unknown
        switch machine.intent {
        case .running:
            if let migration = machine.migration { return send(machine, migration, placement, domain, &effects) }
            if case .resize(let task)? = pendingTask(machine) { return resize(machine, placement, domain, task, &effects) }
            if case .changeDevice(let task)? = pendingTask(machine), !isNews {
                return changeDevice(machine, placement, domain, task, &effects)
            }
            let isSaid = machine.status == .running && !isNews && machine.task.flatMap { state.tasks[$0]?.kind } == nil
            if !isSaid { observe(.running, machine, placement, &effects) }
        case .paused:
            if isNews { observe(.running, machine, placement, &effects) }
            if case .pause(let task)? = pendingTask(machine) {
                tryOnce(
                    .pause(domain: domain.domain), for: task, machine, placement, "The hypervisor says that it is paused; it runs.",
                    &effects)
            } else {
                observe(.running, machine, placement, &effects)
            }
        case .rebooting:
            if isNews { observe(.running, machine, placement, &effects) }
            end(machine, placement, domain, by: .reboot(domain: domain.domain), &effects)
        case .suspended:
            // What adopts it says that it runs: that it is on its way into an image does not change.
            if isNews { return observe(.running, machine, placement, &effects) }
            suspend(machine, placement, domain, &effects)
        case .stopped:
            if isNews { observe(.shuttingDown, machine, placement, &effects) }
            end(machine, placement, domain, by: .shutdown(domain: domain.domain), &effects)
        }
    }

    mutating func reconcilePaused(
        _ machine: VirtualMachine, _ placement: MachinePlacement, _ domain: DomainReport, session own: SessionNumber,
        _ effects: inout [AgentEffect]
    ) {
        guard placement.isStarted else {
            // Built, and never run. Only the session that it was placed for may let it run (fencing: sessions).
            let isRefused = reconciler.machines[machine.id]?.startFailure != nil
            // A guest that was handed over would be lost with its domain: it is let run by an agent that stops, and to be asked to end.
            let isHandedOver = reconciler.receptions[machine.id]?.epoch == placement.epoch
            let isWanted = machine.intent == .running || isHandedOver && machine.intent == .stopped && !machine.isStopForced
            let isDue = isWanted && placement.session == own && (stopping == nil || isHandedOver) && !isRefused
            if isDue, reconciler.machines[machine.id]?.wasCreated == true, sightingWords(of: machine.id) == nil {
                insist(on: .unpause(domain: domain.domain), machine, placement, &effects)
            } else {
                insist(on: .destroy(domain: domain.domain), machine, placement, &effects)
            }
            return
        }
        switch machine.intent {
        case .running, .paused:
            if machine.migration != nil, case .migrate(let task)? = pendingTask(machine) {
                return observe(.failed(task, cause: "It is paused, and only a running guest can move."), machine, placement, &effects)
            }
            let isNews = machine.status != .paused || placement.session != own
            if case .unpause(let task)? = pendingTask(machine) {
                if placement.session != own || machine.status == .unknown { observe(.paused, machine, placement, &effects) }
                tryOnce(
                    .unpause(domain: domain.domain), for: task, machine, placement, "The hypervisor says that it runs; it is paused.",
                    &effects)
            } else if isNews || machine.task.flatMap({ state.tasks[$0]?.kind }) == .pause {
                observe(.paused, machine, placement, &effects)
            } else if case .resize(let task)? = pendingTask(machine) {
                giveUpResize(machine, placement, domain, task, &effects)
            } else if case .changeDevice(let task)? = pendingTask(machine) {
                giveUpDeviceChange(machine, placement, task, &effects)
            }
        case .suspended:
            // Somebody else paused it: no guest can be suspended that stands still.
            guard let task = machine.task else { return observe(.paused, machine, placement, &effects) }
            observe(.failed(task, cause: "It is paused, and only a running guest can be suspended."), machine, placement, &effects)
        case .stopped, .rebooting:
            if machine.isStopForced { return insist(on: .destroy(domain: domain.domain), machine, placement, &effects) }
            // A guest must run to end by itself.
            insist(on: .unpause(domain: domain.domain), machine, placement, &effects)
        }
    }

    /// The guest ended by itself. That is said before its domain goes: whoever comes after this agent knows it then.
    mutating func reconcileEnded(
        _ machine: VirtualMachine, _ placement: MachinePlacement, _ domain: DomainReport, _ end: DomainEnd, _ effects: inout [AgentEffect]
    ) {
        let reason = MachineStopReason(end)
        guard let ended = machine.ended else {
            let ranFor = reconciler.machines[machine.id]?.runningSince.map { now.monotonic - $0 }
            // What ran before this run of the agent ran long enough.
            let isOwnDoing = machine.intent != .rebooting && reason != .poweredOffItself
            let isTooSoon = isOwnDoing && (ranFor.map { $0 < settings.restartFloor } ?? false)
            return observe(.ended(reason, isTooSoon: isTooSoon), machine, placement, &effects)
        }
        let isKept = machine.requirements.endActions.action(for: ended.reason) == .preserve
        if isKept, machine.intent != .stopped, machine.intent != .rebooting {
            if machine.status == .unknown { observe(.ended(ended.reason, isTooSoon: ended.isTooSoon), machine, placement, &effects) }
            return
        }
        if machine.isDumpAwaited { return dumpCore(machine, placement, domain, &effects) }
        insist(on: .destroy(domain: domain.domain), machine, placement, &effects)
    }

    // MARK: Doing

    /// The operation that a task wants of a domain that stands as it is.
    enum PendingTask {
        case suspend(TaskID)
        case migrate(TaskID)
        case pause(TaskID)
        case unpause(TaskID)
        case resize(TaskID)
        case changeDevice(TaskID)
    }

    func pendingTask(_ machine: VirtualMachine) -> PendingTask? {
        guard let task = machine.task, let kind = state.tasks[task]?.kind else { return nil }
        switch kind {
        case .pause: return .pause(task)
        case .unpause: return .unpause(task)
        case .resize: return .resize(task)
        case .changeDevice: return .changeDevice(task)
        case .suspend: return .suspend(task)
        case .migrate: return .migrate(task)
        case .start, .resume, .stop, .reboot: return nil
        }
    }

    /// Begins a task's operation once in a run of this agent; a failure, or an answer that is not so, ends the task.
    mutating func tryOnce(
        _ operation: DomainOperation, for task: TaskID, _ machine: VirtualMachine, _ placement: MachinePlacement, _ contradiction: String,
        _ effects: inout [AgentEffect]
    ) {
        guard let progress = reconciler.machines[machine.id] else { return }
        if progress.tried == task {
            observe(.failed(task, cause: progress.failure ?? contradiction), machine, placement, &effects)
        } else {
            reconciler.machines[machine.id]?.tried = task
            perform(operation, for: machine, placement, &effects)
        }
    }

    private mutating func resize(
        _ machine: VirtualMachine, _ placement: MachinePlacement, _ domain: DomainReport, _ task: TaskID, _ effects: inout [AgentEffect]
    ) {
        let wanted = machine.requirements
        if domain.memory == wanted.memory, domain.virtualCPUs == wanted.virtualCPUs {
            return observe(.resized, machine, placement, &effects)
        }
        tryOnce(
            .resize(domain: domain.domain, memory: wanted.memory, virtualCPUs: wanted.virtualCPUs), for: task, machine, placement,
            "The hypervisor left it at \(domain.memory) and \(domain.virtualCPUs) virtual CPUs.", &effects)
    }

    /// The machine was paused after its resize was taken: a guest that stands still takes no other size, and may stand so for long.
    private mutating func giveUpResize(
        _ machine: VirtualMachine, _ placement: MachinePlacement, _ domain: DomainReport, _ task: TaskID, _ effects: inout [AgentEffect]
    ) {
        if domain.memory == machine.requirements.memory, domain.virtualCPUs == machine.requirements.virtualCPUs {
            return observe(.resized, machine, placement, &effects)
        }
        let progress = reconciler.machines[machine.id]
        let failure = progress?.tried == task ? progress?.failure : nil
        observe(
            .failed(task, cause: failure ?? "It was paused meanwhile, and only a running machine changes."), machine, placement, &effects)
    }

    /// Asks the guest to end, once for each task; destroys the domain where that is wanted, or the guest's time is up.
    private mutating func end(
        _ machine: VirtualMachine, _ placement: MachinePlacement, _ domain: DomainReport, by request: DomainOperation,
        _ effects: inout [AgentEffect]
    ) {
        guard let progress = reconciler.machines[machine.id] else { return }
        let destruction = DomainOperation.destroy(domain: domain.domain)
        if machine.isStopForced { return insist(on: destruction, machine, placement, &effects) }
        if progress.endAskedAt == nil || progress.tried != machine.task {
            reconciler.machines[machine.id]?.endAskedAt = now.monotonic
            reconciler.machines[machine.id]?.tried = machine.task
            return perform(request, for: machine, placement, &effects)
        }
        if let patience = machine.stopPatience, let asked = progress.endAskedAt {
            if now.monotonic - asked >= patience { insist(on: destruction, machine, placement, &effects) }
        } else if let failure = progress.failure, let task = machine.task {
            observe(.failed(task, cause: failure), machine, placement, &effects)
        }
    }

    /// Does what must come about; after a failure again, after a while.
    mutating func insist(
        on operation: DomainOperation, _ machine: VirtualMachine, _ placement: MachinePlacement, _ effects: inout [AgentEffect]
    ) {
        if let retry = reconciler.machines[machine.id]?.retryAt, now.monotonic < retry {
            if let failure = reconciler.machines[machine.id]?.failure {
                tellWaiting("\(failure) It is tried again.", machine, placement, &effects)
            }
            return
        }
        perform(operation, for: machine, placement, &effects)
    }

    /// Says why the machine's task is not done yet, for as long as the log does not show it.
    mutating func tellWaiting(
        _ cause: String, _ machine: VirtualMachine, _ placement: MachinePlacement, _ effects: inout [AgentEffect]
    ) {
        guard let task = machine.task, state.tasks[task]?.cause != PoolState.bounded(cause) else { return }
        observe(.waiting(task, cause: cause), machine, placement, &effects)
    }

    /// Says what is so to the log; again after a while, for as long as the log does not show it.
    mutating func observe(
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
}

extension MachineStopReason {
    init(_ end: DomainEnd) {
        switch end {
        case .powerOff: self = .poweredOffItself
        case .reboot: self = .rebootedItself
        case .crash: self = .crashed
        }
    }
}

extension DomainOperation {
    /// The operation in a sentence.
    var words: String {
        switch self {
        case .createPaused: "the request to build its domain"
        case .unpause: "the request to let its domain run"
        case .pause: "the request to pause its domain"
        case .shutdown: "the request to shut its guest down"
        case .reboot: "the request to reboot its guest"
        case .resize: "the request to change its size"
        case .changeDevice: "the request to change its devices"
        case .destroy: "the request to destroy its domain"
        case .suspend: "the request to suspend its guest"
        case .unsuspend: "the request to let its suspended guest go on"
        case .removeImage: "the request to remove its image"
        case .sendDomain: "the request to send its guest"
        case .receiveDomain: "the request to receive its guest"
        case .dumpCore: "the request to dump its guest's memory"
        }
    }
}
