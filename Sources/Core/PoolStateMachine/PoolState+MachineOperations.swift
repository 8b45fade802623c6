import Placement
import PoolModel

// What operators do with virtual machines.
extension PoolState {
    // MARK: Start and stop

    mutating func start(_ id: VirtualMachineID, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        let machine = try existing(id)
        try require(.start, machine)
        try requireUnseen(machine, for: .start)
        let (server, decision) = try choice(for: machine, "take")
        let epoch = machine.epoch.next
        place(id, MachinePlacement(server: server.id, session: server.session, epoch: epoch, isStarted: false))
        machines[id]?.intent = .running
        machines[id]?.isStopForced = false
        let cause = "It is being started on server \(server.name)."
        setStatus(of: id, .initializing, cause: cause, entry, isNoted: false)
        let task = beginTask(.start, machine, cause: cause, entry)
        note(
            entry, .machine, machine.name.text, .machinePlaced,
            "Virtual machine \(machine.name) was placed on server \(server.name): \(Self.explain(decision)).")
        return .task(task)
    }

    /// The server that a machine is to run on; where there is none, every server's reason.
    func choice(for machine: VirtualMachine, _ verb: String) throws(Refused) -> (server: Server, decision: PlacementDecision) {
        try chosen(of: decidePlacement(for: machine), for: machine, verb)
    }

    func chosen(
        of decision: PlacementDecision, for machine: VirtualMachine, _ verb: String
    ) throws(Refused) -> (server: Server, decision: PlacementDecision) {
        guard let chosen = decision.chosen, let server = servers[chosen] else {
            let reasons = decision.verdicts.compactMap { verdict -> String? in
                guard case .refused(let refusal) = verdict.finding else { return nil }
                return "\(verdict.name) \(refusal.message)"
            }
            throw Refused(
                .noServerFits,
                "No server can \(verb) virtual machine \(machine.name): \(Self.shortened(reasons)). Free room, or change what it needs or prefers, or its rules."
            )
        }
        return (server, decision)
    }

    private static func shortened(_ reasons: [String]) -> String {
        let shown = reasons.prefix(8).joined(separator: "; ")
        return reasons.count > 8 ? "\(shown); and \(reasons.count - 8) more" : shown
    }

    static func explain(_ decision: PlacementDecision) -> String {
        let scores = decision.verdicts.prefix(4).compactMap { verdict -> String? in
            guard case .score(let score) = verdict.finding else { return nil }
            return "\(verdict.name) \(score.smallest)"
        }
        let broken = decision.verdicts.first?.brokenRules.map { "; it \($0.concession)" } ?? []
        return "free shares in millionths: \(scores.joined(separator: ", "))\(broken.joined())"
    }

    mutating func stop(_ id: VirtualMachineID, force: Bool, patience: Duration?, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        let machine = try existing(id)
        try require(.stop, machine)
        try check(patience: patience)
        if let task = try discardImage(of: machine, isForced: Self.isForced(force, patience), entry) { return .task(task) }
        // After an error nothing runs; it is as good as powered off, and says so.
        guard machine.placement != nil else {
            let task = beginTask(.stop, machine, cause: "Nothing of it ran.", entry)
            endTask(of: id, .done, cause: "Nothing of it ran.")
            setStatus(of: id, .poweredOff, cause: "", entry)
            return .task(task)
        }
        giveUpMigration(of: id, .cancelled, cause: "A stop took its place.", entry)
        let isForced = Self.isForced(force, patience)
        if machine.intent == .stopped, machine.isStopForced || !isForced, machine.stopPatience == patience, let task = machine.task {
            return .task(task)
        }
        machines[id]?.intent = .stopped
        machines[id]?.isStopForced = isForced
        machines[id]?.stopPatience = patience
        let task = begin(.stop, machine, .shuttingDown, doing: "stopping it", toBe: "stopped", entry)
        note(
            entry, .machine, machine.name.text, .machineStopping,
            "Virtual machine \(machine.name) is to be stopped\(Self.manner(force, patience)) on server \(serverName(of: machine)).")
        return .task(task)
    }

    mutating func reboot(_ id: VirtualMachineID, force: Bool, patience: Duration?, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        let machine = try existing(id)
        try require(.reboot, machine)
        try requireUnseen(machine, for: .reboot)
        try check(patience: patience)
        takePlace(onMachine: machine)
        machines[id]?.intent = .rebooting
        machines[id]?.isStopForced = Self.isForced(force, patience)
        machines[id]?.stopPatience = patience
        let task = begin(.reboot, machine, .rebooting, doing: "rebooting it", toBe: "rebooted", entry)
        note(
            entry, .machine, machine.name.text, .machineRebooting,
            "Virtual machine \(machine.name) is to be rebooted\(Self.manner(force, patience)) on server \(serverName(of: machine)).")
        return .task(task)
    }

    mutating func pause(_ id: VirtualMachineID, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        let machine = try existing(id)
        try require(.pause, machine)
        try requireDevicesAtRest(machine, "pause")
        takePlace(onMachine: machine)
        machines[id]?.intent = .paused
        return .task(begin(.pause, machine, .pausing, doing: "pausing it", toBe: "paused", entry))
    }

    mutating func unpause(_ id: VirtualMachineID, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        let machine = try existing(id)
        try require(.unpause, machine)
        try requireUnseen(machine, for: .unpause)
        takePlace(onMachine: machine)
        machines[id]?.intent = .running
        return .task(begin(.unpause, machine, .unpausing, doing: "letting it go on", toBe: "unpaused", entry))
    }

    /// Undoes what was wanted of a machine by a task that waits for its server, and that another is to take the place of: of a stop its
    /// force, of a suspend its image.
    mutating func takePlace(onMachine machine: VirtualMachine) {
        _ = giveUpImage(of: machine)
        machines[machine.id]?.isStopForced = false
        machines[machine.id]?.stopPatience = nil
        machines[machine.id]?.intent = machine.status == .paused ? .paused : .running
    }

    /// Begins a task that the machine's server has to do; it takes the place of one under way.
    mutating func begin(
        _ kind: PoolTaskKind, _ machine: VirtualMachine, _ status: MachineStatus, doing: String, toBe: String, _ entry: PoolEntry
    ) -> TaskID {
        endTask(of: machine.id, .cancelled, cause: "A \(kind.rawValue) took its place.")
        let server = machine.placement.flatMap { servers[$0.server] }
        let isHeard = (server?.isReachable ?? false) && (server?.isSessionOpen ?? false)
        let name = serverName(of: machine)
        let cause = isHeard ? "Server \(name) is \(doing)." : "It is \(toBe) as soon as server \(name) is heard again."
        if isHeard { setStatus(of: machine.id, status, cause: cause, entry, isNoted: false) }
        return beginTask(kind, machine, cause: cause, entry, state: isHeard ? .running : .waiting)
    }

    func serverName(of machine: VirtualMachine) -> String {
        guard let placement = machine.placement else { return "none" }
        return servers[placement.server]?.name.text ?? placement.server.description
    }

    /// Who gives a time lets the guest be asked first: force comes when the time is up.
    private static func isForced(_ force: Bool, _ patience: Duration?) -> Bool { force && patience == nil }

    private static func manner(_ force: Bool, _ patience: Duration?) -> String {
        guard let patience else { return force ? " by force" : "" }
        return ", by force after \(patience.components.seconds) s,"
    }

    private func check(patience: Duration?) throws(Refused) {
        guard let patience, !PoolLimits.stopPatience.contains(patience) else { return }
        throw Refused(.invalidValue, "A guest cannot be given that time to end. Give 1 second to 1 day, or force it at once.")
    }

    // MARK: Resize

    func checkResize(_ machine: VirtualMachine, to new: MachineRequirements) throws(Refused) {
        try require(.resize, machine)
        try requireDevicesAtRest(machine, "resize")
        guard new.memory <= machine.requirements.maximumMemory, new.virtualCPUs <= machine.requirements.maximumVirtualCPUs else {
            throw Refused(
                .machineStateForbids,
                """
                Virtual machine \(machine.name) was started for at most \(machine.requirements.maximumMemory) and \
                \(machine.requirements.maximumVirtualCPUs) virtual CPUs. Stop it, then change it; or raise maxmem and maxvcpus.
                """)
        }
        guard let placement = machine.placement, let server = servers[placement.server], let facts = server.facts else { return }
        var reserved = reservations(on: server.id)
        reserved.remove(machine.reserved)
        reserved.add(new)
        let processors = facts.processors * settings.overcommitRatio
        // Who gives back need not fit: what is left may still be more than a server that has shrunk should hold.
        let isMemoryMissing = new.memory > machine.reserved.memory && reserved.memory > facts.capacity
        let isProcessorMissing = new.virtualCPUs > machine.reserved.virtualCPUs && reserved.virtualCPUs > processors
        guard isMemoryMissing || isProcessorMissing else { return }
        throw Refused(
            .noServerFits,
            """
            Server \(server.name) has no room for that: \(reserved.memory) of \(facts.capacity) and \(reserved.virtualCPUs) of \
            \(processors) virtual CPUs would be taken. Ask for less, or free room there.
            """)
    }

    /// - Precondition: `checkResize` let it pass.
    mutating func resize(_ machine: VirtualMachine, to new: MachineRequirements, _ entry: PoolEntry) -> TaskID {
        takePlace(onMachine: machine)
        endTask(of: machine.id, .cancelled, cause: "A resize took its place.")
        setRequirements(of: machine.id, new, former: machine.reserved)
        return beginTask(.resize, machine, cause: "Server \(serverName(of: machine)) is changing its size.", entry)
    }

    /// Changes what a placed machine needs, and with it what is reserved for it.
    mutating func setRequirements(of id: VirtualMachineID, _ new: MachineRequirements, former: MachineRequirements?) {
        guard let machine = machines[id] else { return }
        // It holds its room where it is going as well.
        let servers = [machine.placement?.server, machine.migration?.target].compactMap { $0 }
        for server in servers { reservations[server]?.remove(machine.reserved) }
        machines[id]?.requirements = new
        machines[id]?.formerRequirements = former
        machines[id]?.changedAt = appliedIndex
        guard let changed = machines[id] else { return }
        for server in servers { reservations[server, default: .init()].add(changed.reserved) }
    }

    // MARK: Errors

    mutating func resetStatus(_ id: VirtualMachineID, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        let machine = try existing(id)
        try require(.resetStatus, machine)
        // Any other status is true as it is.
        guard machine.status == .error else { return .none }
        setStatus(of: id, .poweredOff, cause: "", entry)
        return .none
    }
}
