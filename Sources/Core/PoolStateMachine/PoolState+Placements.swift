import DequeModule
import Placement
import PoolModel

extension PoolState {
    /// Binds a machine to a server, and reserves its room there.
    mutating func place(_ id: VirtualMachineID, _ placement: MachinePlacement) {
        guard let machine = machines[id] else { return }
        precondition(machine.placement == nil, "virtual machine \(machine.name) was placed twice")
        machines[id]?.placement = placement
        machines[id]?.epoch = placement.epoch
        machinesByServer[placement.server, default: []].insert(id)
        ruleIndex.place(id, machine.tags, on: placement.server)
        reservations[placement.server, default: .init()].add(machine.reserved)
    }

    /// Ends a machine's placement: its room is free again.
    mutating func endPlacement(of id: VirtualMachineID, status: MachineStatus, cause: String, _ entry: PoolEntry) {
        guard let machine = machines[id], machine.placement != nil else { return }
        unplace(machine)
        let kind = machine.task.flatMap { tasks[$0]?.kind }
        let isReached = kind == .stop || kind == .suspend && status == .suspended
        endTask(of: id, isReached ? .done : .failed, cause: cause)
        machines[id]?.intent = status == .suspended ? .suspended : .stopped
        if status != .suspended { setImage(of: id, nil) }
        setStatus(of: id, status, cause: cause, entry)
    }

    mutating func unplace(_ machine: VirtualMachine) {
        guard let placement = machine.placement else { return }
        dropMigration(of: machine.id)
        machinesByServer[placement.server]?.remove(machine.id)
        ruleIndex.remove(machine.id, machine.tags, from: placement.server)
        reservations[placement.server]?.remove(machine.reserved)
        machines[machine.id]?.placement = nil
        machines[machine.id]?.formerRequirements = nil
        machines[machine.id]?.deviceChange = nil
        machines[machine.id]?.ended = nil
        machines[machine.id]?.isStopForced = false
        machines[machine.id]?.stopPatience = nil
    }

    /// Starts it anew where it was: the domain of the former epoch is gone for good, and its room is its own.
    private mutating func restart(_ machine: VirtualMachine, on server: Server, cause: String, _ entry: PoolEntry) {
        unplace(machine)
        setImage(of: machine.id, nil)
        place(
            machine.id,
            MachinePlacement(server: server.id, session: server.session, epoch: machine.epoch.next, isStarted: false))
        machines[machine.id]?.intent = .running
        if machine.task.flatMap({ tasks[$0]?.kind }) != .reboot { endTask(of: machine.id, .failed, cause: cause) }
        setTask(of: machine.id, .running, cause: "\(cause) It is started anew on server \(server.name).")
        setStatus(of: machine.id, .rebooting, cause: "\(cause) It is started anew on server \(server.name).", entry)
    }

    mutating func setStatus(
        of id: VirtualMachineID, _ status: MachineStatus, cause: String, _ entry: PoolEntry, isNoted: Bool = true
    ) {
        guard let machine = machines[id], machine.status != status || machine.cause != cause else { return }
        machines[id]?.status = status
        machines[id]?.cause = cause
        machines[id]?.changedAt = appliedIndex
        guard isNoted else { return }
        note(
            entry, .machine, machine.name.text, .machineStatus,
            "Virtual machine \(machine.name) is \(status.rawValue).\(cause.isEmpty ? "" : " \(cause)")")
    }

    /// A server's word on a placement: valid in its current session and for the placement's epoch, void otherwise.
    mutating func observe(
        _ id: VirtualMachineID, _ serverID: ServerID, _ session: SessionNumber, _ epoch: PlacementEpoch,
        _ observation: MachineObservation, _ entry: PoolEntry
    ) throws(Refused) -> CommandResult {
        let server = try server(serverID, in: session)
        let machine = try existing(id)
        guard let placement = machine.placement, placement.server == serverID, placement.epoch == epoch else {
            throw Refused(
                .staleObservation,
                "Placement \(epoch) of virtual machine \(machine.name) on server \(server.name) is not current. The agent reads the log anew."
            )
        }
        switch observation {
        case .running: observeStarted(machine, server, .running, entry)
        case .paused: observeStarted(machine, server, .paused, entry)
        case .suspended:
            adopt(id, session)
            observeSuspended(machine, server, entry)
        case .shuttingDown:
            adopt(id, session)
            // A word that was under way when the server was lost does not make it heard: the machine stays Unknown.
            guard server.isReachable else { return .none }
            setStatus(of: id, .shuttingDown, cause: "Server \(server.name) is stopping it.", entry)
            setTask(of: id, .running, cause: "Server \(server.name) is stopping it.")
        case .stopped(let reason, let cause): observeStopped(machine, server, reason, cause: Self.bounded(cause), entry)
        case .ended(let reason, let isTooSoon):
            adopt(id, session)
            giveUpMigration(of: id, .failed, cause: reason.sentence, entry)
            observeEnded(machine, server, MachineEnd(reason: reason, isTooSoon: isTooSoon), entry)
        case .dumped(let dump):
            adopt(id, session)
            observeDumped(machine, server, dump, entry)
        case .resized:
            guard machine.formerRequirements != nil else { return .none }
            setRequirements(of: id, machine.requirements, former: nil)
            endTask(
                of: id, kind: .resize, .done,
                cause: "It has \(machine.requirements.memory) and \(machine.requirements.virtualCPUs) virtual CPUs.")
        case .deviceChanged(let task): observeDeviceChanged(machine, task, entry)
        case .failed(let task, let cause): observeFailed(machine, task, cause: Self.bounded(cause), entry)
        case .waiting(let task, let cause):
            guard machine.task == task else { return .none }
            setTask(of: id, .running, cause: Self.bounded(cause))
        }
        return .none
    }

    /// The domain exists: the placement belongs to the current session from here on.
    private mutating func adopt(_ id: VirtualMachineID, _ session: SessionNumber) {
        guard let placement = machines[id]?.placement, placement.session != session || !placement.isStarted else { return }
        machines[id]?.changedAt = appliedIndex
        machines[id]?.placement?.session = session
        machines[id]?.placement?.isStarted = true
        machines[id]?.placement?.image = nil
    }

    private mutating func observeStarted(_ machine: VirtualMachine, _ server: Server, _ status: MachineStatus, _ entry: PoolEntry) {
        let isAdopted = machine.placement?.session != server.session
        adopt(machine.id, server.session)
        endTaskReached(by: machine, server, status)
        // A stop or a reboot under way is not undone by the news that the domain still runs.
        // Nor does a word that was under way when the server was lost make the server heard.
        if machine.intent == .stopped || !server.isReachable { return }
        if let shown = statusUnderWay(machine, status) {
            if machine.status == .unknown { setStatus(of: machine.id, shown, cause: "Server \(server.name) is heard again.", entry) }
            return
        }
        // Somebody else let it go on, or paused it: that is how it is now.
        if machine.intent == .paused, status == .running { machines[machine.id]?.intent = .running }
        let cause: String
        if machine.status == .unknown {
            cause = "Server \(server.name) is heard again; it ran on."
        } else if status == .paused {
            cause = "It stands still on server \(server.name)."
        } else {
            cause = isAdopted ? "Server \(server.name) adopted it after its agent was started again." : "It runs on server \(server.name)."
        }
        setStatus(of: machine.id, status, cause: cause, entry)
    }

    /// The status that a task under way gives it, while its domain is still as before.
    private func statusUnderWay(_ machine: VirtualMachine, _ observed: MachineStatus) -> MachineStatus? {
        if machine.intent == .rebooting { return .rebooting }
        guard let task = machines[machine.id]?.task, let kind = tasks[task]?.kind else { return nil }
        switch kind {
        case .pause: return observed == .running ? .pausing : nil
        case .unpause: return observed == .paused ? .unpausing : nil
        case .suspend: return observed == .running ? .suspending : nil
        case .migrate: return machine.migration == nil ? nil : .migrating
        case .start, .resume, .stop, .reboot, .resize, .changeDevice: return nil
        }
    }

    /// Ends the task whose aim is what was seen.
    private mutating func endTaskReached(by machine: VirtualMachine, _ server: Server, _ status: MachineStatus) {
        guard let kind = machine.task.flatMap({ tasks[$0]?.kind }) else { return }
        switch kind {
        case .start, .resume: endTask(of: machine.id, .done, cause: "It runs on server \(server.name).")
        case .migrate where machine.migration == nil: endTask(of: machine.id, .done, cause: "It runs on server \(server.name) now.")
        // Rebooting, the old domain may still run; the new one is wanted running.
        case .reboot where machine.intent == .running: endTask(of: machine.id, .done, cause: "It runs again on server \(server.name).")
        case .pause where status == .paused: endTask(of: machine.id, .done, cause: "It stands still on server \(server.name).")
        case .unpause where status == .running: endTask(of: machine.id, .done, cause: "It runs on server \(server.name).")
        case .reboot, .pause, .unpause, .suspend, .stop, .resize, .changeDevice, .migrate: return
        }
    }

    /// The guest ended by itself, and its domain is still there.
    private mutating func observeEnded(_ machine: VirtualMachine, _ server: Server, _ end: MachineEnd, _ entry: PoolEntry) {
        if machine.ended == nil {
            machines[machine.id]?.ended = end
            machines[machine.id]?.changedAt = appliedIndex
        }
        if giveUpImage(of: machine) { endTask(of: machine.id, kind: .suspend, .failed, cause: end.reason.sentence) }
        noteDumpAwaited(machine.id, server, entry)
        guard server.isReachable, machine.intent != .stopped, machine.intent != .rebooting,
            machine.requirements.endActions.action(for: machine.ended?.reason ?? end.reason) == .preserve
        else { return }
        let cause =
            "\(end.reason.sentence) Its domain is kept on server \(server.name), as its configuration says: stop it to free its memory."
        endTask(of: machine.id, .failed, cause: cause)
        setStatus(of: machine.id, .error, cause: cause, entry)
    }

    /// Its domain stays for as long as the dump takes, which may be minutes: it is shown what is going on.
    private mutating func noteDumpAwaited(_ id: VirtualMachineID, _ server: Server, _ entry: PoolEntry) {
        guard let machine = machines[id], machine.isDumpAwaited, let ended = machine.ended, server.isReachable else { return }
        setStatus(
            of: id, isRestartWanted(machine, ended.reason) ? .rebooting : .shuttingDown,
            cause: "\(ended.reason.sentence) Its memory is dumped on server \(server.name) before its domain is taken down.", entry)
    }

    private mutating func observeDumped(_ machine: VirtualMachine, _ server: Server, _ dump: MachineDump, _ entry: PoolEntry) {
        guard machine.ended != nil, machine.ended?.dump == nil else { return }
        machines[machine.id]?.changedAt = appliedIndex
        let name = machine.name
        switch dump {
        case .made(let path):
            let path = Self.bounded(path)
            machines[machine.id]?.ended?.dump = .made(path: path)
            note(
                entry, .machine, name.text, .machineCoreDumped,
                "The memory of virtual machine \(name) was dumped to \(path) on server \(server.name).")
        case .failed(let cause):
            let cause = Self.bounded(cause)
            machines[machine.id]?.ended?.dump = .failed(cause: cause)
            note(
                entry, .machine, name.text, .machineCoreDumpFailed,
                "The memory of virtual machine \(name) could not be dumped on server \(server.name): \(cause) It goes on without.")
        }
    }

    private mutating func observeStopped(
        _ machine: VirtualMachine, _ server: Server, _ reason: MachineStopReason, cause: String, _ entry: PoolEntry
    ) {
        if endedInImage(machine.id, cause: cause, entry) || tookImageBack(machine, reason, cause: cause, entry) { return }
        if isRestartWanted(machine, reason) {
            guard let sighting = sightings(of: machine.id).first else { return restart(machine, on: server, cause: cause, entry) }
            let why = Self.bounded("\(cause) It is not started anew: \(sighting.words).")
            return endPlacement(of: machine.id, status: .error, cause: why, entry)
        }
        let status: MachineStatus =
            switch reason {
            case .requested, .poweredOffItself, .startInterrupted: .poweredOff
            // That it is off is what its configuration asked for; that it could not be started anew is not.
            case .rebootedItself: machine.ended?.isTooSoon == true ? .error : .poweredOff
            case .crashed, .vanished, .startFailed: .error
            }
        endPlacement(of: machine.id, status: status, cause: cause, entry)
    }

    private func isRestartWanted(_ machine: VirtualMachine, _ reason: MachineStopReason) -> Bool {
        switch machine.intent {
        case .stopped: return false
        case .rebooting: return reason != .startFailed && reason != .startInterrupted
        case .running, .paused, .suspended:
            // It ran before, and is wanted running: that an agent ended amid its way back changes nothing of that. A start that an
            // operator waits for ends with the reason, as its very building may be what ends the agent.
            if reason == .startInterrupted {
                let kind = machine.task.flatMap { tasks[$0]?.kind }
                return machine.placement?.isStarted == false && kind != .start && kind != .resume
            }
            return machine.requirements.endActions.action(for: reason)?.isRestart == true && machine.ended?.isTooSoon != true
        }
    }

    /// An operation failed, and the domain is as it was: so is what is wanted of it.
    private mutating func observeFailed(_ machine: VirtualMachine, _ task: TaskID, cause: String, _ entry: PoolEntry) {
        guard machine.task == task, let kind = tasks[task]?.kind else { return }
        if kind == .migrate { return giveUpMigration(of: machine.id, .failed, cause: cause, entry) }
        endTask(of: machine.id, .failed, cause: cause)
        switch kind {
        case .start, .resume, .migrate, .changeDevice: return
        case .resize:
            if let former = machine.formerRequirements { setRequirements(of: machine.id, former, former: nil) }
            return
        case .stop, .reboot, .pause: machines[machine.id]?.intent = .running
        case .suspend: _ = giveUpImage(of: machine)
        case .unpause: machines[machine.id]?.intent = .paused
        }
        machines[machine.id]?.isStopForced = false
        machines[machine.id]?.stopPatience = nil
        guard machine.status != .unknown else { return }
        setStatus(of: machine.id, kind == .unpause ? .paused : .running, cause: "The \(kind.rawValue) failed: \(cause)", entry)
    }

    /// What is kept of a cause.
    package static func bounded(_ text: String) -> String {
        text.utf8.count <= PoolLimits.causeBytes ? text : String(decoding: text.utf8.prefix(PoolLimits.causeBytes), as: UTF8.self)
    }

    // MARK: Tasks

    mutating func beginTask(
        _ kind: PoolTaskKind, _ machine: VirtualMachine, cause: String, _ entry: PoolEntry, state: PoolTaskState = .running
    ) -> TaskID {
        let id = TaskID(appliedIndex.number)
        tasks[id] = PoolTask(
            id: id, kind: kind, machine: machine.id, machineName: machine.name, principal: entry.principal.description,
            startedAt: poolTime, state: state, cause: cause, changedAt: appliedIndex)
        machines[machine.id]?.task = id
        machines[machine.id]?.changedAt = appliedIndex
        return id
    }

    mutating func setTask(of id: VirtualMachineID, _ state: PoolTaskState, cause: String) {
        guard let task = machines[id]?.task else { return }
        guard tasks[task]?.state != state || tasks[task]?.cause != cause else { return }
        tasks[task]?.state = state
        tasks[task]?.cause = cause
        tasks[task]?.changedAt = appliedIndex
    }

    /// Moves the machine's task on, if it is in the state `from`.
    mutating func setTask(of id: VirtualMachineID, from: PoolTaskState, to state: PoolTaskState, cause: String) {
        guard let task = machines[id]?.task, tasks[task]?.state == from else { return }
        setTask(of: id, state, cause: cause)
    }

    /// Ends the machine's task, if it has one; of ended tasks the newest are kept.
    mutating func endTask(of id: VirtualMachineID, _ state: PoolTaskState, cause: String) {
        guard let task = machines[id]?.task else { return }
        setTask(of: id, state, cause: cause)
        // However it ended: what is to be kept of the change has been taken over by now.
        if tasks[task]?.kind == .changeDevice { setDeviceChange(of: id, nil) }
        tasks[task]?.endedAt = poolTime
        tasks[task]?.changedAt = appliedIndex
        machines[id]?.task = nil
        machines[id]?.changedAt = appliedIndex
        endedTasks.append(task)
        while endedTasks.count > PoolLimits.tasks, let oldest = endedTasks.popFirst() { tasks[oldest] = nil }
    }

    /// Ends the machine's task if it is of this kind.
    mutating func endTask(of id: VirtualMachineID, kind: PoolTaskKind, _ state: PoolTaskState, cause: String) {
        guard let task = machines[id]?.task, tasks[task]?.kind == kind else { return }
        endTask(of: id, state, cause: cause)
    }

    mutating func cancel(_ id: TaskID, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        guard let task = tasks[id] else {
            throw Refused(.taskNotFound, "There is no task \(id). List the tasks; only the newest \(PoolLimits.tasks) are kept.")
        }
        guard !task.state.hasEnded, let machine = machines[task.machine] else {
            throw Refused(.taskNotCancellable, "Task \(id) has ended: it is \(task.state.rawValue). Nothing needs to be done.")
        }
        switch task.kind {
        case .start, .resume:
            // The server that builds the domain is told to take it down again; the machine is powered off once it says so.
            machines[task.machine]?.intent = .stopped
            machines[task.machine]?.isStopForced = true
            endTask(of: task.machine, .cancelled, cause: "It was cancelled; what was built of it is taken down.")
            // Of a server that is not heard nothing is known, and the cancellation waits for it.
            let isUnknown = machine.status == .unknown
            setStatus(
                of: task.machine, isUnknown ? .unknown : .shuttingDown, cause: "Its \(task.kind.rawValue) was cancelled.", entry)
        case .migrate where machine.migration != nil:
            giveUpMigration(of: task.machine, .cancelled, cause: "It was cancelled.", entry)
        case .stop, .reboot, .pause, .unpause, .suspend, .resize, .changeDevice, .migrate:
            guard task.state == .waiting else {
                throw Refused(
                    .taskNotCancellable,
                    "The \(task.kind.rawValue) of \(machine.name) is under way and cannot be undone. Wait until it has ended.")
            }
            machines[task.machine]?.intent = task.kind == .unpause ? .paused : .running
            if task.kind == .suspend { _ = giveUpImage(of: machine) }
            spareImage(of: machine.id)
            machines[task.machine]?.isStopForced = false
            machines[task.machine]?.stopPatience = nil
            if task.kind == .resize, let former = machine.formerRequirements {
                setRequirements(of: machine.id, former, former: nil)
            }
            endTask(of: task.machine, .cancelled, cause: "It was cancelled before the server heard of it.")
        }
        note(entry, .task, id.description, .taskCancelled, "Task \(id) of virtual machine \(machine.name) was cancelled.")
        return .none
    }
}

extension MachineStopReason {
    /// What happened, as a sentence.
    package var sentence: String {
        switch self {
        case .requested: "It was stopped as requested."
        case .poweredOffItself: "The guest powered itself off."
        case .rebootedItself: "The guest rebooted itself."
        case .crashed: "The guest crashed."
        case .vanished: "Its domain is gone, and the hypervisor does not say why."
        case .startFailed: "The start failed."
        case .startInterrupted: "The agent was ended in the middle of the start; nothing of it runs."
        }
    }
}
