package import Placement
package import PoolModel

// Migration to another server (fencing: migration). An attempt ends by HANDED_OVER or ABORTED, whichever is committed first; the other is void.
// Neither server acts on its own view of the end: the source lets its guest go on only after ABORTED and takes it down only after HANDED_OVER,
// and the target lets the guest run only after HANDED_OVER. So it never runs twice, whatever dies, and whatever was sent.

/// What is known about a migration before it begins.
package struct MigrationOutlook: Hashable, Sendable {
    /// The server that it would go to, and what each of the others says; the one that was named, or the best.
    package let decision: PlacementDecision
    /// Whether its guest would run on meanwhile. Else it stands still from the beginning to the end.
    package let isLive: Bool

    package init(decision: PlacementDecision, isLive: Bool) {
        self.decision = decision
        self.isLive = isLive
    }
}

extension PoolState {
    // MARK: Looking

    /// Where a placed machine would move to now, with the reason for every server: the very function that a migration uses.
    ///
    /// - Parameter target: the only server to be chosen; nil: any.
    /// - Returns: nil for a machine that is placed nowhere, or whose server has told no facts.
    package func migrationOutlook(of machine: VirtualMachine, to target: ServerID?) -> MigrationOutlook? {
        guard let source = machine.placement.flatMap({ servers[$0.server] }), let facts = source.facts else { return nil }
        let place = MovePlace(server: source.id, name: source.name, facts: facts)
        let found = decide(machine, without: [], memory: nil, virtualCPUs: nil, moving: place)
        var chosen = found.chosen
        if let target {
            let verdict = found.verdicts.first { $0.server == target }
            if case .score? = verdict?.finding { chosen = target } else { chosen = nil }
        }
        return MigrationOutlook(
            decision: PlacementDecision(chosen: chosen, verdicts: found.verdicts),
            isLive: facts.processor?.liveDomainTypes.contains(machine.requirements.domainType) ?? false)
    }

    /// The machines that a migration brings to a server, by number.
    package func machines(comingTo server: ServerID) -> [VirtualMachineID] { (machinesComing[server] ?? []).sorted() }

    /// The machines of which a migration has left something on a server, by number.
    package func machines(leavingRemnantsOn server: ServerID) -> [VirtualMachineID] { (machinesWithRemnants[server] ?? []).sorted() }

    // MARK: Asked for

    /// MIGRATING.
    mutating func migrate(_ id: VirtualMachineID, _ wish: MigrationWish, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        let machine = try existing(id)
        try require(.migrate, machine)
        try requireUnseen(machine, for: .migrate)
        if let bandwidth = wish.bandwidth, !(1...MigrationWish.mostBandwidth).contains(bandwidth) {
            throw Refused(
                .invalidValue, "A migration cannot be held to \(bandwidth) MiB a second. Give 1 to \(MigrationWish.mostBandwidth).")
        }
        if let target = wish.target { _ = try activeServer(target) }
        if let kind = machine.task.flatMap({ tasks[$0]?.kind }) {
            throw Refused(
                .machineStateForbids,
                "Virtual machine \(machine.name) has a \(kind.rawValue) under way. Wait until that has ended, then migrate it.")
        }
        guard machine.formerRequirements == nil else {
            throw Refused(
                .machineStateForbids, "Virtual machine \(machine.name) is changing its size. Wait until it has, then migrate it.")
        }
        guard machine.remnants.count < PoolLimits.remnants else {
            throw Refused(
                .machineStateForbids,
                """
                \(machine.remnants.count) earlier migrations of virtual machine \(machine.name) left something on servers that have not \
                taken it down. Start their agents, then try again.
                """)
        }
        guard let placement = machine.placement, let source = servers[placement.server], source.isSessionOpen, source.isReachable,
            placement.session == source.session, let outlook = migrationOutlook(of: machine, to: wish.target)
        else {
            throw Refused(
                .machineStateForbids,
                "Server \(serverName(of: machine)), which runs virtual machine \(machine.name), is not heard. Try again when it is.")
        }
        let target = try chosen(for: machine, outlook, wish)
        let epoch = machine.epoch.next
        // Its number is given whatever comes of it: what is left of this attempt is never taken for another.
        machines[id]?.epoch = epoch
        setMigration(
            of: id,
            MachineMigration(
                target: target.id, session: target.session, epoch: epoch, isLive: outlook.isLive, bandwidth: wish.bandwidth))
        reservations[target.id, default: .init()].add(machine.reserved)
        let manner =
            outlook.isLive
            ? "while it runs"
            : "while it stands still, as its server cannot send a \(machine.requirements.domainType.rawValue) guest that runs"
        let cause = "It moves from server \(source.name) to server \(target.name), \(manner)."
        setStatus(of: id, .migrating, cause: cause, entry, isNoted: false)
        let task = beginTask(.migrate, machine, cause: cause, entry)
        note(
            entry, .machine, machine.name.text, .machineMigrating,
            "Virtual machine \(machine.name) is to move from server \(source.name) to server \(target.name), \(manner).")
        return .task(task)
    }

    private func chosen(
        for machine: VirtualMachine, _ outlook: MigrationOutlook, _ wish: MigrationWish
    ) throws(Refused) -> Server {
        if let chosen = outlook.decision.chosen, let server = servers[chosen] { return server }
        if let wanted = wish.target, let verdict = outlook.decision.verdicts.first(where: { $0.server == wanted }),
            case .refused(let refusal) = verdict.finding
        {
            throw Refused(
                .noServerFits,
                "Virtual machine \(machine.name) cannot move to server \(verdict.name), which \(refusal.message). Take another server, or remove what hinders it."
            )
        }
        let (server, _) = try self.chosen(of: outlook.decision, for: machine, "receive")
        return server
    }

    // MARK: Said by servers

    mutating func reportMigration(
        of id: VirtualMachineID, _ serverID: ServerID, _ session: SessionNumber, _ epoch: PlacementEpoch, _ word: MigrationWord,
        _ entry: PoolEntry
    ) throws(Refused) -> CommandResult {
        let server = try server(serverID, in: session)
        let machine = try existing(id)
        guard let migration = machine.migration, migration.target == serverID, migration.epoch == epoch, migration.session == session else {
            throw Refused(
                .staleObservation,
                "Migration \(epoch) of virtual machine \(machine.name) to server \(server.name) is not under way. The agent reads the log anew."
            )
        }
        switch word {
        case .received:
            guard let hindrance = hindrance(to: machine, on: server) else {
                handOver(machine, migration, to: server, entry)
                break
            }
            giveUpMigration(of: id, .failed, cause: Self.bounded("It was not handed over: \(hindrance)."), entry)
        case .failed(let cause): giveUpMigration(of: id, .failed, cause: Self.bounded(cause), entry)
        }
        return .none
    }

    /// What has come up since a migration began that forbids its end; at the source its guest goes on.
    private func hindrance(to machine: VirtualMachine, on target: Server) -> String? {
        // The target would not let it run beside another, and its guest would be lost.
        if let sighting = sightings(of: machine.id).first { return sighting.words }
        // Rules and tags change, and other members start, while the memory is on its way.
        for rule in placementRules(of: machine) where rule.strength == .hard {
            guard let conflict = rule.conflict(on: target.id, named: { servers[$0]?.name }) else { continue }
            return "server \(target.name) \(conflict.refusal)"
        }
        return nil
    }

    /// HANDED_OVER: from here on the machine is the target's, and nothing of it runs at the source again.
    private mutating func handOver(_ machine: VirtualMachine, _ migration: MachineMigration, to server: Server, _ entry: PoolEntry) {
        guard let former = machine.placement else { return }
        let source = serverName(of: machine)
        setMigration(of: machine.id, nil)
        reservations[migration.target]?.remove(machine.reserved)
        unplace(machine)
        leave(MachineRemnant(server: former.server, epoch: former.epoch, memory: machine.reserved.memory), of: machine.id)
        place(
            machine.id, MachinePlacement(server: server.id, session: migration.session, epoch: migration.epoch, isStarted: false))
        machines[machine.id]?.intent = .running
        let cause = "All of it is on server \(server.name), where it goes on."
        setTask(of: machine.id, .running, cause: cause)
        setStatus(of: machine.id, .migrating, cause: cause, entry, isNoted: false)
        note(
            entry, .machine, machine.name.text, .machineMigrated,
            "Virtual machine \(machine.name) was handed over from server \(source) to server \(server.name).")
    }

    /// ABORTED: the copy is void, and the machine stays with its source, which lets it go on and says so. Nothing where none is under way.
    mutating func giveUpMigration(of id: VirtualMachineID, _ state: PoolTaskState, cause: String, _ entry: PoolEntry) {
        guard let machine = machines[id], let migration = machine.migration else { return }
        let name = servers[migration.target]?.name.text ?? "\(migration.target)"
        dropMigration(of: id)
        endTask(of: id, kind: .migrate, state, cause: cause)
        note(
            entry, .machine, machine.name.text, .machineMigrationFailed,
            "The migration of virtual machine \(machine.name) to server \(name) ended: \(cause)")
        guard machine.status == .migrating else { return }
        // That it runs is its server's to say: its guest may stand still for the last part of its memory.
        setStatus(
            of: id, .migrating,
            cause: "The migration to server \(name) ended, and server \(serverName(of: machine)) lets it go on: \(cause)",
            entry, isNoted: false)
    }

    mutating func forgetRemnant(
        of id: VirtualMachineID, _ serverID: ServerID, _ session: SessionNumber, _ epoch: PlacementEpoch
    ) throws(Refused) -> CommandResult {
        let server = try server(serverID, in: session)
        let machine = try existing(id)
        guard let remnant = machine.remnants.first(where: { $0.server == serverID && $0.epoch == epoch }) else {
            throw Refused(
                .staleObservation,
                "Nothing of placement \(epoch) of virtual machine \(machine.name) is left on server \(server.name). The agent reads the log anew."
            )
        }
        remove(remnant, of: id)
        return .none
    }

    // MARK: When servers come and go

    /// Ends what a server had to do with migrations in a session that has ended.
    mutating func endMigrations(with server: Server, because reason: String, wasBooted: Bool, _ entry: PoolEntry) {
        endMigrations(to: server, because: reason, entry)
        if wasBooted {
            forgetRemnants(on: server)
            // What it ran is gone, and with it each of their migrations.
            return
        }
        for id in machines(on: server.id) {
            giveUpMigration(of: id, .failed, cause: "Server \(server.name), which sent it, ended the attempt: \(reason).", entry)
        }
    }

    mutating func endMigrations(to server: Server, because reason: String, _ entry: PoolEntry) {
        for id in machines(comingTo: server.id) {
            giveUpMigration(of: id, .failed, cause: "Server \(server.name), which was to take it, ended the attempt: \(reason).", entry)
        }
    }

    func requireNoMigrations(on server: Server) throws(Refused) {
        let isHeard = server.isSessionOpen && server.isReachable
        // What is left on a server that nobody hears never runs, and the server is not let in again.
        let left = isHeard ? machines(leavingRemnantsOn: server.id).first : nil
        guard let id = machines(comingTo: server.id).first ?? left else { return }
        throw Refused(
            .serverInUse,
            """
            Server \(server.name) has a part in a migration of virtual machine \(machines[id]?.name.text ?? "?"), or holds what is left of \
            one. Wait until it has taken that down, then remove the server.
            """)
    }

    /// Nobody waits for what a removed server was to take down.
    mutating func forgetRemnants(on server: Server) {
        for id in machines(leavingRemnantsOn: server.id) {
            for remnant in machines[id]?.remnants ?? [] where remnant.server == server.id { remove(remnant, of: id) }
        }
    }

    func requireNoRemnants(of machine: VirtualMachine) throws(Refused) {
        guard let remnant = machine.remnants.first else { return }
        let name = servers[remnant.server]?.name.text ?? "\(remnant.server)"
        throw Refused(
            .machineStateForbids,
            "Virtual machine \(machine.name) cannot be deleted: server \(name) is taking down what a migration left there. Try again when it has."
        )
    }

    // MARK: Within

    /// Ends the attempt in the books alone.
    mutating func dropMigration(of id: VirtualMachineID) {
        guard let machine = machines[id], let migration = machine.migration else { return }
        setMigration(of: id, nil)
        reservations[migration.target]?.remove(machine.reserved)
        leave(MachineRemnant(server: migration.target, epoch: migration.epoch, memory: machine.reserved.memory), of: id)
    }

    /// The only place where a machine gets a migration, or loses it.
    private mutating func setMigration(of id: VirtualMachineID, _ migration: MachineMigration?) {
        if let former = machines[id]?.migration { machinesComing[former.target]?.remove(id) }
        if let migration { machinesComing[migration.target, default: []].insert(id) }
        machines[id]?.migration = migration
        machines[id]?.changedAt = appliedIndex
    }

    private mutating func leave(_ remnant: MachineRemnant, of id: VirtualMachineID) {
        machines[id]?.remnants.append(remnant)
        machines[id]?.changedAt = appliedIndex
        index(remnant, of: id)
    }

    private mutating func index(_ remnant: MachineRemnant, of id: VirtualMachineID) {
        machinesWithRemnants[remnant.server, default: []].insert(id)
        let memory = reservations(on: remnant.server).memory
        reservations[remnant.server, default: .init()].memory = memory + remnant.memory
    }

    private mutating func remove(_ remnant: MachineRemnant, of id: VirtualMachineID) {
        machines[id]?.remnants.removeAll { $0 == remnant }
        machines[id]?.changedAt = appliedIndex
        let memory = reservations(on: remnant.server).memory
        reservations[remnant.server, default: .init()].memory = memory - remnant.memory
        guard machines[id]?.remnants.contains(where: { $0.server == remnant.server }) != true else { return }
        machinesWithRemnants[remnant.server]?.remove(id)
    }

    /// Takes over what a snapshot says of a machine's migrations.
    mutating func restoreMigration(of machine: VirtualMachine) throws(PoolStateRestoringError) {
        let named = machine.remnants.map(\.server) + [machine.migration?.target].compactMap { $0 }
        guard named.allSatisfy({ servers[$0] != nil }), machine.migration == nil || machine.placement != nil else {
            throw PoolStateRestoringError(
                message: "Virtual machine \(machine.name) moves from nowhere, or to a server that is not in the snapshot.")
        }
        for remnant in machine.remnants { index(remnant, of: machine.id) }
        guard let migration = machine.migration else { return }
        machinesComing[migration.target, default: []].insert(machine.id)
        reservations[migration.target, default: .init()].add(machine.reserved)
    }
}
