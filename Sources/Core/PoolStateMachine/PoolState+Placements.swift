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
        reservations[placement.server, default: .init()].add(machine.requirements)
    }

    /// Ends a machine's placement: its room is free again.
    mutating func endPlacement(of id: VirtualMachineID, status: MachineStatus, cause: String, _ entry: PoolEntry) {
        guard let machine = machines[id], let placement = machine.placement else { return }
        machines[id]?.placement = nil
        machinesByServer[placement.server]?.remove(id)
        reservations[placement.server]?.remove(machine.requirements)
        let wasStop = machine.task.flatMap { tasks[$0]?.kind } == .stop
        endTask(of: id, wasStop ? .done : .failed, cause: cause)
        machines[id]?.intent = .stopped
        machines[id]?.isStopForced = false
        setStatus(of: id, status, cause: cause, entry)
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
            entry, "vm", machine.name.text, "vm-status",
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
        case .shuttingDown:
            adopt(id, session)
            // A word that was under way when the server was lost does not make it heard: the machine stays Unknown.
            guard server.isReachable else { return .none }
            setStatus(of: id, .shuttingDown, cause: "Server \(server.name) is stopping it.", entry)
            setTask(of: id, .running, cause: "Server \(server.name) is stopping it.")
        case .stopped(let reason, let cause): observeStopped(machine, reason, cause: Self.bounded(cause), entry)
        }
        return .none
    }

    /// The domain exists: the placement belongs to the current session from here on.
    private mutating func adopt(_ id: VirtualMachineID, _ session: SessionNumber) {
        guard let placement = machines[id]?.placement, placement.session != session || !placement.isStarted else { return }
        machines[id]?.changedAt = appliedIndex
        machines[id]?.placement?.session = session
        machines[id]?.placement?.isStarted = true
    }

    private mutating func observeStarted(_ machine: VirtualMachine, _ server: Server, _ status: MachineStatus, _ entry: PoolEntry) {
        let isAdopted = machine.placement?.session != server.session
        adopt(machine.id, server.session)
        if let task = machine.task.flatMap({ tasks[$0] }), task.kind == .start {
            endTask(of: machine.id, .done, cause: "It runs on server \(server.name).")
        }
        // A stop under way is not undone by the news that the domain still runs.
        // Nor does a word that was under way when the server was lost make the server heard.
        if machine.intent == .stopped || !server.isReachable { return }
        let cause: String
        if machine.status == .unknown {
            cause = "Server \(server.name) is heard again; it ran on."
        } else {
            cause = isAdopted ? "Server \(server.name) adopted it after its agent was started again." : "It runs on server \(server.name)."
        }
        setStatus(of: machine.id, status, cause: cause, entry)
    }

    private mutating func observeStopped(
        _ machine: VirtualMachine, _ reason: MachineStopReason, cause: String, _ entry: PoolEntry
    ) {
        let status: MachineStatus =
            switch reason {
            case .requested, .poweredOffItself, .startInterrupted: .poweredOff
            case .crashed, .vanished, .startFailed: .error
            }
        endPlacement(of: machine.id, status: status, cause: cause, entry)
    }

    static func bounded(_ text: String) -> String {
        text.utf8.count <= PoolLimits.causeBytes ? text : String(decoding: text.utf8.prefix(PoolLimits.causeBytes), as: UTF8.self)
    }

    // MARK: Tasks

    mutating func beginTask(
        _ kind: PoolTaskKind, _ machine: VirtualMachine, cause: String, _ entry: PoolEntry, state: PoolTaskState = .running
    ) -> TaskID {
        let id = TaskID(appliedIndex.number)
        tasks[id] = PoolTask(
            id: id, kind: kind, machine: machine.id, machineName: machine.name, principal: entry.principal.description,
            startedAt: poolTime, state: state, cause: cause)
        machines[machine.id]?.task = id
        return id
    }

    mutating func setTask(of id: VirtualMachineID, _ state: PoolTaskState, cause: String) {
        guard let task = machines[id]?.task else { return }
        tasks[task]?.state = state
        tasks[task]?.cause = cause
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
        tasks[task]?.endedAt = poolTime
        machines[id]?.task = nil
        endedTasks.append(task)
        while endedTasks.count > PoolLimits.tasks, let oldest = endedTasks.popFirst() { tasks[oldest] = nil }
    }

    mutating func cancel(_ id: TaskID, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        guard let task = tasks[id] else {
            throw Refused(.taskNotFound, "There is no task \(id). List the tasks; only the newest \(PoolLimits.tasks) are kept.")
        }
        guard !task.state.hasEnded, let machine = machines[task.machine] else {
            throw Refused(.taskNotCancellable, "Task \(id) has ended: it is \(task.state.rawValue). Nothing needs to be done.")
        }
        switch task.kind {
        case .start:
            // The server that builds the domain is told to take it down again; the machine is powered off once it says so.
            machines[task.machine]?.intent = .stopped
            machines[task.machine]?.isStopForced = true
            endTask(of: task.machine, .cancelled, cause: "It was cancelled; what was built of it is taken down.")
            // Of a server that is not heard nothing is known, and the cancellation waits for it.
            let isUnknown = machine.status == .unknown
            setStatus(of: task.machine, isUnknown ? .unknown : .shuttingDown, cause: "Its start was cancelled.", entry)
        case .stop:
            guard task.state == .waiting else {
                throw Refused(
                    .taskNotCancellable,
                    "The stop of \(machine.name) is under way and cannot be undone. Wait until it has ended, then start it again.")
            }
            machines[task.machine]?.intent = .running
            machines[task.machine]?.isStopForced = false
            endTask(of: task.machine, .cancelled, cause: "It was cancelled before the server heard of it.")
        }
        note(entry, "task", id.description, "task-cancelled", "Task \(id) of virtual machine \(machine.name) was cancelled.")
        return .none
    }
}
