import Placement
import PoolModel

extension PoolState {
    func existing(_ id: VirtualMachineID) throws(Refused) -> VirtualMachine {
        guard let machine = machines[id] else {
            throw Refused(.machineNotFound, "There is no such virtual machine. List the virtual machines to see their names.")
        }
        return machine
    }

    // MARK: Create, change, delete

    mutating func create(_ definition: MachineDefinition, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        guard machinesByName[definition.name] == nil else {
            throw Refused(.machineNameTaken, "There is a virtual machine named \(definition.name). Choose another name.")
        }
        if let owner = machinesByUUID[definition.uuid].flatMap({ machines[$0] }) {
            throw Refused(
                .machineUUIDTaken, "Virtual machine \(owner.name) has the uuid \(definition.uuid). Leave uuid out, or give a new one.")
        }
        guard machines.count < PoolLimits.machines else {
            throw Refused(
                .tooManyMachines, "The pool has \(PoolLimits.machines) virtual machines, the most there can be. Delete some first.")
        }
        guard definition.configuration.utf8.count <= PoolLimits.configurationBytes else {
            throw Refused(.invalidValue, "The configuration is longer than \(PoolLimits.configurationBytes) bytes. Make it shorter.")
        }
        try check(definition.requirements)
        try checkPreferred(definition.preferredServers)
        let id = VirtualMachineID(nextMachine)
        nextMachine += 1
        var machine = VirtualMachine(id: id, definition)
        machine.createdAt = appliedIndex
        machine.changedAt = appliedIndex
        machines[id] = machine
        machinesByName[machine.name] = id
        machinesByUUID[machine.uuid] = id
        note(entry, "vm", machine.name.text, "vm-created", "Virtual machine \(machine.name) was created.")
        return .machine(id)
    }

    private func check(_ requirements: MachineRequirements) throws(Refused) {
        guard (1...PoolLimits.memoryMebibytes).contains(requirements.memory.count) else {
            throw Refused(.invalidValue, "A memory of \(requirements.memory) is out of range. Give 1 to \(PoolLimits.memoryMebibytes) MiB.")
        }
        guard (1...PoolLimits.virtualCPUs).contains(requirements.virtualCPUs) else {
            throw Refused(.invalidValue, "\(requirements.virtualCPUs) virtual CPUs are out of range. Give 1 to \(PoolLimits.virtualCPUs).")
        }
        guard requirements.diskPaths.count <= PoolLimits.diskPaths, requirements.interfaces.count <= PoolLimits.interfaces else {
            throw Refused(
                .invalidValue,
                "The configuration has more than \(PoolLimits.diskPaths) disks or \(PoolLimits.interfaces) interfaces. Remove some.")
        }
        guard
            requirements.diskPaths.allSatisfy({ $0.utf8.count <= PoolLimits.pathBytes }),
            requirements.interfaces.allSatisfy({ $0.bridge.utf8.count <= PoolLimits.factBytes })
        else {
            throw Refused(
                .invalidValue,
                "A disk's path is longer than \(PoolLimits.pathBytes) bytes, or a bridge's name than \(PoolLimits.factBytes). Shorten it.")
        }
        guard requirements.interfaces.allSatisfy({ $0.rate.count <= PoolLimits.interfaceRate }) else {
            throw Refused(.invalidValue, "An interface has a rate that no network has. Give a smaller one.")
        }
    }

    private func checkPreferred(_ preferred: [ServerID]) throws(Refused) {
        guard preferred.count <= PoolLimits.servers else {
            throw Refused(.invalidValue, "There are more than \(PoolLimits.servers) preferred servers. Name fewer.")
        }
        for server in preferred { _ = try activeServer(server) }
    }

    mutating func change(_ id: VirtualMachineID, _ change: MachineChange, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        let machine = try existing(id)
        var requirements = machine.requirements
        if let memory = change.memory { requirements.memory = memory }
        if let count = change.virtualCPUs { requirements.virtualCPUs = count }
        if requirements != machine.requirements, machine.placement != nil {
            throw Refused(
                .machineStateForbids,
                "Memory and virtual CPUs of \(machine.name) cannot change while it is \(machine.status.rawValue). Stop it first.")
        }
        try check(requirements)
        if let preferred = change.preferredServers { try checkPreferred(preferred) }
        guard requirements != machine.requirements || (change.preferredServers ?? machine.preferredServers) != machine.preferredServers
        else { return .none }
        machines[id]?.requirements = requirements
        if let preferred = change.preferredServers { machines[id]?.preferredServers = preferred }
        machines[id]?.changedAt = appliedIndex
        note(entry, "vm", machine.name.text, "vm-changed", "Virtual machine \(machine.name) was changed.")
        return .none
    }

    mutating func delete(_ id: VirtualMachineID, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        let machine = try existing(id)
        guard machine.placement == nil else {
            throw Refused(
                .machineStateForbids,
                "Virtual machine \(machine.name) cannot be deleted while it is \(machine.status.rawValue). Stop it first.")
        }
        machines[id] = nil
        machinesByName[machine.name] = nil
        machinesByUUID[machine.uuid] = nil
        tagBytes -= machine.tags.reduce(0) { $0 + $1.key.text.utf8.count + $1.value.utf8.count }
        note(entry, "vm", machine.name.text, "vm-deleted", "Virtual machine \(machine.name) was deleted; its images were left alone.")
        return .none
    }

    // MARK: Start and stop

    mutating func start(_ id: VirtualMachineID, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        let machine = try existing(id)
        if let placement = machine.placement {
            let server = servers[placement.server]?.name.text ?? placement.server.description
            throw Refused(
                .machineStateForbids,
                "Virtual machine \(machine.name) cannot be started: it is \(machine.status.rawValue) on server \(server). \(Self.cure(machine))"
            )
        }
        let decision = decidePlacement(for: machine)
        guard let chosen = decision.chosen, let server = servers[chosen] else {
            let reasons = decision.verdicts.compactMap { verdict -> String? in
                guard case .refused(let refusal) = verdict.finding else { return nil }
                return "\(verdict.name) \(refusal.message)"
            }
            throw Refused(
                .noServerFits,
                "No server can take virtual machine \(machine.name): \(Self.shortened(reasons)). Free room, or change what it needs or prefers."
            )
        }
        let epoch = machine.epoch.next
        place(id, MachinePlacement(server: chosen, session: server.session, epoch: epoch, isStarted: false))
        machines[id]?.intent = .running
        machines[id]?.isStopForced = false
        let cause = "It is being started on server \(server.name)."
        setStatus(of: id, .initializing, cause: cause, entry, isNoted: false)
        let task = beginTask(.start, machine, cause: cause, entry)
        note(
            entry, "vm", machine.name.text, "vm-placed",
            "Virtual machine \(machine.name) was placed on server \(server.name): \(Self.explain(decision)).")
        return .task(task)
    }

    private static func cure(_ machine: VirtualMachine) -> String {
        switch machine.status {
        case .unknown: "Wait until its server is heard again, or stop it there."
        case .running, .paused: "Nothing needs to be done."
        default: "Wait until that has ended."
        }
    }

    private static func shortened(_ reasons: [String]) -> String {
        let shown = reasons.prefix(8).joined(separator: "; ")
        return reasons.count > 8 ? "\(shown); and \(reasons.count - 8) more" : shown
    }

    private static func explain(_ decision: PlacementDecision) -> String {
        let scores = decision.verdicts.prefix(4).compactMap { verdict -> String? in
            guard case .score(let score) = verdict.finding else { return nil }
            return "\(verdict.name) \(score.smallest)"
        }
        return "free shares in millionths: \(scores.joined(separator: ", "))"
    }

    mutating func stop(_ id: VirtualMachineID, force: Bool, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        let machine = try existing(id)
        guard let placement = machine.placement else {
            throw Refused(
                .machineStateForbids, "Virtual machine \(machine.name) is \(machine.status.rawValue). There is nothing to stop.")
        }
        let server = servers[placement.server]
        let name = server?.name.text ?? placement.server.description
        if machine.intent == .stopped, machine.isStopForced || !force, let task = machine.task { return .task(task) }
        endTask(of: id, .cancelled, cause: force ? "A forced stop took its place." : "A stop took its place.")
        machines[id]?.intent = .stopped
        machines[id]?.isStopForced = force
        let isHeard = (server?.isReachable ?? false) && (server?.isSessionOpen ?? false)
        let cause = isHeard ? "Server \(name) is stopping it." : "It is stopped as soon as server \(name) is heard again."
        if isHeard { setStatus(of: id, .shuttingDown, cause: cause, entry, isNoted: false) }
        let task = beginTask(.stop, machine, cause: cause, entry, state: isHeard ? .running : .waiting)
        note(
            entry, "vm", machine.name.text, "vm-stopping",
            "Virtual machine \(machine.name) is to be stopped\(force ? " by force" : "") on server \(name).")
        return .task(task)
    }

    mutating func resetStatus(_ id: VirtualMachineID, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        let machine = try existing(id)
        guard machine.status == .error, machine.placement == nil else {
            throw Refused(
                .machineStateForbids,
                "The status of virtual machine \(machine.name) is \(machine.status.rawValue), which is true. Only an Error can be reset.")
        }
        setStatus(of: id, .poweredOff, cause: "", entry)
        return .none
    }

    // MARK: Tags

    mutating func putTag(
        _ id: VirtualMachineID, _ key: TagKey, _ value: String, _ entry: PoolEntry
    ) throws(Refused) -> CommandResult {
        guard let count = machines[id]?.tags.count, let name = machines[id]?.name else { _ = try existing(id); return .none }
        guard value.utf8.count <= PoolLimits.tagValueBytes else {
            throw Refused(.invalidValue, "The tag's value is longer than \(PoolLimits.tagValueBytes) bytes. Make it shorter.")
        }
        let former = machines[id]?.tags[key]
        guard former != nil || count < PoolLimits.tagsPerMachine else {
            throw Refused(
                .tooManyTags, "Virtual machine \(name) has \(PoolLimits.tagsPerMachine) tags, the most there can be. Delete some first.")
        }
        let added = value.utf8.count + (former.map { -$0.utf8.count } ?? key.text.utf8.count)
        guard tagBytes + added <= PoolLimits.tagBytes else {
            throw Refused(.tooManyTags, "The pool's tags take \(PoolLimits.tagBytes) bytes, the most there can be. Delete some first.")
        }
        tagBytes += added
        let change = Self.digest(of: key, value) &- (former.map { Self.digest(of: key, $0) } ?? 0)
        machines[id]?.tags[key] = value
        machines[id]?.tagDigest &+= change
        machines[id]?.changedAt = appliedIndex
        note(entry, "vm", name.text, "tag-set", "Tag \(key) was set.")
        return .none
    }

    mutating func deleteTag(_ id: VirtualMachineID, _ key: TagKey, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        guard let name = machines[id]?.name else { _ = try existing(id); return .none }
        guard let former = machines[id]?.tags.removeValue(forKey: key) else {
            throw Refused(.tagNotFound, "Virtual machine \(name) has no tag \(key). List its tags to see them.")
        }
        tagBytes -= key.text.utf8.count + former.utf8.count
        machines[id]?.tagDigest &-= Self.digest(of: key, former)
        machines[id]?.changedAt = appliedIndex
        note(entry, "vm", name.text, "tag-deleted", "Tag \(key) was deleted.")
        return .none
    }

    static func digest(of key: TagKey, _ value: String) -> UInt64 {
        var digest = StateDigest()
        digest.add(key.text)
        digest.add(value)
        return digest.result
    }
}
