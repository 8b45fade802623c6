import PoolModel
import PoolStateMachine
import RaftCore

// Domains of the pool's machines that nobody asked for here. They are said to the log and shown; they are never touched.
extension AgentCore {
    /// The domains of the pool's machines that no placement here asks for, one for each machine, sorted by machine.
    func strays(among domains: [DomainReport]) -> [StrayDomain] {
        var found: [VirtualMachineID: StrayDomain] = [:]
        for domain in domains.sorted(by: { $0.domain < $1.domain }) {
            for stray in strays(in: domain) where found[stray.machine] == nil { found[stray.machine] = stray }
        }
        return found.keys.sorted().compactMap { found[$0] }
    }

    /// What the domain is although nobody asked for it. By its UUID it may be one machine, by its name others: that of a machine, or that
    /// in the configurations of machines that the pool calls otherwise. Which of several it is nobody can tell, so it is each of them.
    private func strays(in domain: DomainReport) -> [StrayDomain] {
        if let ownership = domain.ownership, ownership.pool == identity.pool {
            guard state.machines[ownership.machine] != nil, !isAskedFor(ownership) else { return [] }
            return [StrayDomain(machine: ownership.machine, domain: domain.domain, epoch: ownership.epoch)]
        }
        let named = VirtualMachineName(domain.name).flatMap { state.machine(named: $0) }
        let known = [state.machine(withUUID: domain.uuid)?.id, named?.id].compactMap { $0 }
        return Set(known + state.machines(configuredAs: domain.name)).sorted()
            .filter { !isBeingCreated($0) }.map { StrayDomain(machine: $0, domain: domain.domain) }
    }

    /// Whether a placement here is about this domain, or something is being done with it.
    private func isAskedFor(_ ownership: DomainOwnership) -> Bool {
        if let placement = state.machines[ownership.machine]?.placement, placement.server == identity.server,
            placement.epoch == ownership.epoch
        {
            return true
        }
        if isOfMigration(ownership) { return true }
        guard let operation = reconciler.machines[ownership.machine]?.operation else { return false }
        return reconciler.operations[operation]?.epoch == ownership.epoch
    }

    /// Whose domain is being built may be listed before its owner is written beside it, and that listing says nothing afterwards.
    private func isBeingCreated(_ machine: VirtualMachineID) -> Bool {
        if isBeingReceived(machine) { return true }
        guard let progress = reconciler.machines[machine] else { return false }
        guard progress.leastListing <= reconciler.answeredNumber else { return true }
        guard let operation = progress.operation, let running = reconciler.operations[operation] else { return false }
        if case .createPaused = running.operation { return true }
        return false
    }

    /// Where another instance of the machine is seen, here or by the log, to stand within a sentence; nil where none is.
    func sightingWords(of machine: VirtualMachineID) -> String? {
        if let stray = reconciler.strays.first(where: { $0.machine == machine }) {
            return "domain \(stray.domain) of it is seen on this server, where the pool did not ask for it"
        }
        return state.sightingWords(of: machine)
    }

    /// Says what is seen here unasked, whenever the log has it otherwise; again after a while, until the log has it so.
    mutating func keepStrays(_ domains: [DomainReport], session own: SessionNumber, _ effects: inout [AgentEffect]) {
        let strays = strays(among: domains)
        reconciler.strays = strays
        report(strays, domains, &effects)
        guard let server = state.servers[identity.server], server.strays != strays else {
            reconciler.straysSaid = nil
            return
        }
        if reconciler.straysSaid == strays, let said = reconciler.straysSaidAt, now.monotonic - said < settings.proposalRetry { return }
        guard raft.status.leader != nil else { return }
        reconciler.straysSaid = strays
        reconciler.straysSaidAt = now.monotonic
        say(.strays(server: identity.server, session: own, strays), as: .server(identity.server), &effects)
    }

    /// The facts that the pool is to reckon with: memory that a leftover of the pool holds is nobody's to promise.
    var factsToSay: ServerFacts? {
        guard let facts = session.facts else { return nil }
        let leftovers = (reconciler.domains ?? []).filter { domain in
            guard let ownership = domain.ownership, ownership.pool == identity.pool else { return false }
            return !isAskedFor(ownership)
        }
        return leftovers.isEmpty ? facts : facts.reserving(leftovers.reduce(.zero) { $0 + $1.memory })
    }

    /// Shows each once, here too: who looks at this server's log need not ask the pool.
    private mutating func report(_ strays: [StrayDomain], _ domains: [DomainReport], _ effects: inout [AgentEffect]) {
        for stray in strays where reconciler.reported.insert(stray.domain).inserted {
            let name = domains.first { $0.domain == stray.domain }?.name ?? ""
            let isPlaced = state.machines[stray.machine]?.placement != nil
            effects.append(
                .notice(
                    isPlaced ? .error : .warning,
                    """
                    Domain \(stray.domain) (\(name)) is virtual machine \(self.name(of: stray.machine)), which \
                    \(isPlaced ? "is placed elsewhere or anew: both use its disks" : "the pool did not place here"). It is left alone, and \
                    the virtual machine is not started while it is there; end it by hand.
                    """))
        }
        for domain in domains where domain.ownership?.pool == identity.pool && domain.state != .dying {
            guard let machine = domain.ownership?.machine, state.machines[machine] == nil else { continue }
            guard reconciler.reported.insert(domain.domain).inserted else { continue }
            effects.append(
                .notice(
                    .warning,
                    """
                    Domain \(domain.domain) (\(domain.name)) belongs to the pool, but virtual machine number \(machine) does not exist any \
                    more. It is left alone; look at it, and destroy it by hand if it is a leftover.
                    """))
        }
    }
}
