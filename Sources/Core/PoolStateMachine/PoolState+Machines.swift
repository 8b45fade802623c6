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
        guard (definition.configuredName?.utf8.count ?? 0) <= PoolLimits.factBytes else {
            throw Refused(.invalidValue, "The name in the configuration is longer than \(PoolLimits.factBytes) bytes. Make it shorter.")
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
        indexConfiguredName(of: machine)
        note(entry, .machine, machine.name.text, .machineCreated, "Virtual machine \(machine.name) was created.")
        return .machine(id)
    }

    mutating func indexConfiguredName(of machine: VirtualMachine) {
        guard let name = machine.configuredName else { return }
        machinesByConfiguredName[name, default: []].insert(machine.id)
    }

    private mutating func forgetConfiguredName(of machine: VirtualMachine) {
        guard let name = machine.configuredName else { return }
        machinesByConfiguredName[name]?.remove(machine.id)
        if machinesByConfiguredName[name]?.isEmpty == true { machinesByConfiguredName[name] = nil }
    }

    func check(_ requirements: MachineRequirements) throws(Refused) {
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
        if machine.placement == nil {
            requirements.maximumMemory = max(requirements.maximumMemory, requirements.memory)
            requirements.maximumVirtualCPUs = max(requirements.maximumVirtualCPUs, requirements.virtualCPUs)
        }
        try check(requirements)
        if let preferred = change.preferredServers { try checkPreferred(preferred) }
        // A guest that goes on from its image finds what it had.
        if requirements != machine.requirements, machine.image != nil { try require(.resize, machine) }
        let isResize = requirements != machine.requirements && machine.placement != nil
        if isResize { try checkResize(machine, to: requirements) }
        let preferred = change.preferredServers ?? machine.preferredServers
        // The last that may be refused: whatever follows changes.
        let transitions = try changeRules(of: machine, by: change)
        guard requirements != machine.requirements || preferred != machine.preferredServers || !transitions.isEmpty else { return .none }
        machines[id]?.preferredServers = preferred
        machines[id]?.changedAt = appliedIndex
        note(entry, .machine, machine.name.text, .machineChanged, Self.description(of: machine, requirements, preferred, transitions))
        for transition in transitions { note(transition, entry) }
        guard isResize else {
            machines[id]?.requirements = requirements
            return .none
        }
        return .task(resize(machine, to: requirements, entry))
    }

    private static func description(
        of machine: VirtualMachine, _ new: MachineRequirements, _ preferred: [ServerID], _ transitions: [RuleTransition]
    ) -> String {
        var changes: [String] = []
        let old = machine.requirements
        if old.memory != new.memory { changes.append("memory from \(old.memory) to \(new.memory)") }
        if old.virtualCPUs != new.virtualCPUs { changes.append("virtual CPUs from \(old.virtualCPUs) to \(new.virtualCPUs)") }
        if preferred != machine.preferredServers {
            changes.append("preferred servers, now \(preferred.isEmpty ? "any" : "\(preferred.count)")")
        }
        let entered = transitions.filter { $0.present.machines.contains(machine.name) }.map(\.present.name.text)
        let left = transitions.filter { !$0.present.machines.contains(machine.name) }.map(\.present.name.text)
        if !entered.isEmpty { changes.append("entered into \(entered.joined(separator: ", "))") }
        if !left.isEmpty { changes.append("taken out of \(left.joined(separator: ", "))") }
        return "Virtual machine \(machine.name) was changed: \(changes.joined(separator: ", "))."
    }

    mutating func delete(_ id: VirtualMachineID, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        let machine = try existing(id)
        try require(.delete, machine)
        try requireUnseen(machine, for: .delete)
        try requireNoRemnants(of: machine)
        machines[id] = nil
        machinesByName[machine.name] = nil
        machinesByUUID[machine.uuid] = nil
        forgetConfiguredName(of: machine)
        tagBytes -= machine.tags.reduce(0) { $0 + $1.key.text.utf8.count + $1.value.utf8.count }
        note(
            entry, .machine, machine.name.text, .machineDeleted, "Virtual machine \(machine.name) was deleted; its images were left alone.")
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
        if let server = machines[id]?.placement?.server { ruleIndex.retag(id, key, from: former, to: value, on: server) }
        machines[id]?.tags[key] = value
        machines[id]?.tagDigest &+= change
        machines[id]?.changedAt = appliedIndex
        note(entry, .machine, name.text, .tagSet, "Tag \(key) was set.")
        return .none
    }

    mutating func deleteTag(_ id: VirtualMachineID, _ key: TagKey, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        guard let name = machines[id]?.name else { _ = try existing(id); return .none }
        guard let former = machines[id]?.tags.removeValue(forKey: key) else {
            throw Refused(.tagNotFound, "Virtual machine \(name) has no tag \(key). List its tags to see them.")
        }
        if let server = machines[id]?.placement?.server { ruleIndex.retag(id, key, from: former, to: nil, on: server) }
        tagBytes -= key.text.utf8.count + former.utf8.count
        machines[id]?.tagDigest &-= Self.digest(of: key, former)
        machines[id]?.changedAt = appliedIndex
        note(entry, .machine, name.text, .tagDeleted, "Tag \(key) was deleted.")
        return .none
    }

    static func digest(of key: TagKey, _ value: String) -> UInt64 {
        var digest = StateDigest()
        digest.add(key.text)
        digest.add(value)
        return digest.result
    }
}
