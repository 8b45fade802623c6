import Placement
import PoolModel

// Disks, interfaces and media that come and go.
extension PoolState {
    /// The digest of a configuration text, which a change of its devices names as its basis.
    package static func digest(ofConfiguration text: String) -> UInt64 {
        var digest = StateDigest()
        digest.add(text)
        return digest.result
    }

    mutating func changeDevice(_ id: VirtualMachineID, _ change: DeviceChange, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        let machine = try existing(id)
        try require(.changeDevices, machine)
        try requireDevicesAtRest(machine, "change them")
        // Not the index of the machine's last change: that moves with each tag and each word of its server.
        guard change.basis == Self.digest(ofConfiguration: machine.configuration) else {
            throw Refused(
                .changedMeanwhile, "The devices of virtual machine \(machine.name) were changed meanwhile. Look at them, then decide anew.")
        }
        try check(change)
        try check(change.applied(to: machine.requirements))
        guard machine.placement != nil else {
            take(change, id, entry)
            return .none
        }
        if machine.task.flatMap({ tasks[$0]?.kind }) == .resize {
            throw Refused(
                .machineStateForbids, "Virtual machine \(machine.name) is changing its size. Wait until it has, then change its devices.")
        }
        try requireHardwareForMedium(machine, change.operation)
        try checkRoom(for: change, machine)
        endTask(of: id, .cancelled, cause: "A change of its devices took its place.")
        let task = beginTask(.changeDevice, machine, cause: "Server \(serverName(of: machine)) is changing its devices.", entry)
        setDeviceChange(of: id, change)
        return .task(task)
    }

    /// Refuses what would meet a change of the machine's devices half way.
    func requireDevicesAtRest(_ machine: VirtualMachine, _ verb: String) throws(Refused) {
        guard let change = machine.deviceChange else { return }
        throw Refused(
            .machineStateForbids,
            """
            \(change.operation.subject) of virtual machine \(machine.name) is being changed. Wait until that has ended, then \(verb) \
            \(verb == "change them" ? "anew" : "it").
            """)
    }

    private func check(_ change: DeviceChange) throws(Refused) {
        guard change.configuration.utf8.count <= PoolLimits.configurationBytes else {
            throw Refused(
                .invalidValue, "With that the configuration is longer than \(PoolLimits.configurationBytes) bytes. Detach something first.")
        }
        guard change.operation.element.utf8.count <= PoolLimits.deviceElementBytes,
            (1...PoolLimits.deviceNameBytes).contains(change.operation.device.utf8.count)
        else {
            throw Refused(
                .invalidValue, "A device is described by more than \(PoolLimits.deviceElementBytes) bytes, or has no name. Make it shorter."
            )
        }
    }

    /// Xen puts another medium into emulated drives only.
    private func requireHardwareForMedium(_ machine: VirtualMachine, _ operation: DeviceOperation) throws(Refused) {
        guard operation.kind.isAboutMedium, machine.requirements.domainType != .hvm else { return }
        throw Refused(
            .machineStateForbids,
            """
            \(operation.subject) of virtual machine \(machine.name) keeps its medium while it runs, as its domain is no hardware \
            virtualized one. Stop it first, or detach the drive and attach another one.
            """)
    }

    /// What comes must find its storage, its bridge and its share of the network on the machine's server.
    private func checkRoom(for change: DeviceChange, _ machine: VirtualMachine) throws(Refused) {
        guard change.operation.kind.needsRoom, let placement = machine.placement, let server = servers[placement.server],
            let facts = server.facts
        else { return }
        var reserved = reservations(on: server.id)
        reserved.remove(machine.reserved)
        let isInterface = change.operation.kind == .attachInterface
        let known = Set(machine.requirements.diskPaths)
        let refusal = PlacementPlanner.refusal(
            of: change.applied(to: machine.requirements), newDisks: isInterface ? [] : change.diskPaths.filter { !known.contains($0) },
            newInterfaces: isInterface ? Array(change.interfaces.suffix(1)) : [], on: facts, reserved: reserved)
        guard let refusal else { return }
        throw Refused(
            .noServerFits,
            """
            \(change.operation.subject) cannot be given to virtual machine \(machine.name): server \(server.name) \(refusal.message). \
            Give one that the server has, or stop the machine and let it start on another one.
            """)
    }

    /// Keeps or forgets the change that is under way, and with it what is reserved for it.
    mutating func setDeviceChange(of id: VirtualMachineID, _ change: DeviceChange?) {
        guard let machine = machines[id], machine.deviceChange != change else { return }
        if let placement = machine.placement { reservations[placement.server]?.remove(machine.reserved) }
        machines[id]?.deviceChange = change
        machines[id]?.changedAt = appliedIndex
        if let placement = machine.placement, let changed = machines[id] {
            reservations[placement.server, default: .init()].add(changed.reserved)
        }
    }

    /// The device is as the change says: so are the machine's text and its needs from here on.
    private mutating func take(_ change: DeviceChange, _ id: VirtualMachineID, _ entry: PoolEntry) {
        guard let machine = machines[id] else { return }
        setRequirements(of: id, change.applied(to: machine.requirements), former: machine.formerRequirements)
        machines[id]?.configuration = change.configuration
        note(
            entry, .machine, machine.name.text, .machineDeviceChanged,
            "Virtual machine \(machine.name) has other devices. \(change.operation.result)")
    }

    mutating func observeDeviceChanged(_ machine: VirtualMachine, _ task: TaskID, _ entry: PoolEntry) {
        guard machine.task == task, let change = machine.deviceChange else { return }
        setDeviceChange(of: machine.id, nil)
        take(change, machine.id, entry)
        endTask(of: machine.id, kind: .changeDevice, .done, cause: change.operation.result)
    }
}
