package import PoolModel

// Domains of the pool's machines that the pool did not ask for: they are shown, and while one is seen its machine is not started.
extension PoolState {
    /// Where a domain of the machine is, or was last, seen that no placement there asks for; by the servers' numbers.
    package func sightings(of machine: VirtualMachineID) -> [MachineSighting] {
        (strayServers[machine] ?? []).compactMap { id in
            guard let server = servers[id], let stray = server.strays.first(where: { $0.machine == machine }) else { return nil }
            return MachineSighting(server: id, name: server.name, domain: stray.domain)
        }
    }

    /// The first of these, to stand within a sentence; nil where nothing is seen.
    package func sightingWords(of machine: VirtualMachineID) -> String? { sightings(of: machine).first?.words }

    /// What can be asked of a machine now, by its status and by what is seen of it.
    package func allowedOperations(of machine: VirtualMachine) -> [MachineOperation] {
        guard strayServers[machine.id] != nil else { return machine.allowedOperations }
        return machine.allowedOperations.filter { operation in
            switch operation {
            case .start, .reboot, .unpause, .resume, .migrate, .delete: false
            case .stop, .pause, .suspend, .resize, .changeDevices, .resetStatus: true
            }
        }
    }

    /// Refuses what would let the machine run a second time, or would forget that it runs.
    func requireUnseen(_ machine: VirtualMachine, for operation: MachineOperation) throws(Refused) {
        guard let sighting = sightings(of: machine.id).first, let server = servers[sighting.server] else { return }
        let cure =
            server.isSessionOpen && server.isReachable
            ? "Shut that domain down there, for example with `xl shutdown \(sighting.domain)`, then try again."
            : "That server is not heard now: start its agent or boot it anew, so that it can say what it sees."
        throw Refused(
            .machineSeenOutside,
            "Virtual machine \(machine.name) cannot be \(operation.participle): \(sighting.words). \(cure)")
    }

    // MARK: The servers' words

    /// A server's word on what it sees unasked: the whole of it.
    mutating func changeStrays(
        _ id: ServerID, _ session: SessionNumber, _ strays: [StrayDomain], _ entry: PoolEntry
    ) throws(Refused) -> CommandResult {
        _ = try server(id, in: session)
        try checkStrays(strays)
        setStrays(of: id, to: strays, entry)
        return .none
    }

    func checkStrays(_ strays: [StrayDomain]) throws(Refused) {
        guard strays.count <= PoolLimits.machines, Self.areInOrder(strays) else {
            throw Refused(
                .invalidValue,
                "The server names more than \(PoolLimits.machines) domains, or not in order. Install the pool's version of the agent there."
            )
        }
    }

    /// Whether each machine is named once, in the order of their numbers.
    static func areInOrder(_ strays: [StrayDomain]) -> Bool {
        zip(strays, strays.dropFirst()).allSatisfy { $0.machine < $1.machine }
    }

    /// Both together; of one machine the newer word counts.
    static func merged(_ former: [StrayDomain], _ newer: [StrayDomain]) -> [StrayDomain] {
        let named = Set(newer.map(\.machine))
        return (newer + former.filter { !named.contains($0.machine) }).sorted { $0.machine < $1.machine }
    }

    /// - Precondition: `said` is in order.
    mutating func setStrays(of id: ServerID, to said: [StrayDomain], _ entry: PoolEntry) {
        guard let former = servers[id]?.strays else { return }
        // What the server has not heard of yet does not count: a machine that is gone, or a placement that asks for the domain.
        let strays = said.filter { stray in
            guard let machine = machines[stray.machine] else { return false }
            return machine.placement?.server != id || stray.epoch == nil || stray.epoch != machine.placement?.epoch
        }
        guard strays != former else { return }
        servers[id]?.strays = strays
        servers[id]?.changedAt = appliedIndex
        for stray in former { unindex(stray, on: id) }
        index(strays, on: id)
        let (seen, left) = (Set(strays.map(\.machine)), Set(former.map(\.machine)))
        for stray in former where !seen.contains(stray.machine) { noteGone(stray, on: id, entry) }
        for stray in strays where !former.contains(stray) { noteSeen(stray, on: id, isNew: !left.contains(stray.machine), entry) }
    }

    mutating func index(_ strays: [StrayDomain], on server: ServerID) {
        for stray in strays {
            let known = strayServers[stray.machine] ?? []
            strayServers[stray.machine] = (known + [server]).sorted()
        }
    }

    private mutating func unindex(_ stray: StrayDomain, on server: ServerID) {
        let left = (strayServers[stray.machine] ?? []).filter { $0 != server }
        strayServers[stray.machine] = left.isEmpty ? nil : left
    }

    // MARK: Events

    private mutating func noteSeen(_ stray: StrayDomain, on id: ServerID, isNew: Bool, _ entry: PoolEntry) {
        guard let machine = machines[stray.machine], let server = servers[id] else { return }
        machines[stray.machine]?.changedAt = appliedIndex
        guard isNew else { return }
        let sighting = MachineSighting(server: id, name: server.name, domain: stray.domain)
        guard let placement = machine.placement else {
            note(
                entry, .machine, machine.name.text, .machineSeenOutside,
                "Virtual machine \(machine.name): \(sighting.words). It is left alone, and its virtual machine is not started while it is seen."
            )
            return
        }
        let place = servers[placement.server]?.name.text ?? placement.server.description
        note(
            entry, .machine, machine.name.text, .machineSeenTwice,
            """
            Virtual machine \(machine.name) is placed on server \(place), and at the same time \(sighting.words). Both use its disks: end \
            one of them at once.
            """)
    }

    private mutating func noteGone(_ stray: StrayDomain, on id: ServerID, _ entry: PoolEntry) {
        guard let machine = machines[stray.machine], let server = servers[id] else { return }
        machines[stray.machine]?.changedAt = appliedIndex
        note(
            entry, .machine, machine.name.text, .machineGoneOutside,
            "Virtual machine \(machine.name): domain \(stray.domain) of it is not seen on server \(server.name) any more.")
    }
}
