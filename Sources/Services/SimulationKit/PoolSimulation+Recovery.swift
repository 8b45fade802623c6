import AgentCore
import PoolModel
import PoolStateMachine
import RaftCore

extension PoolSimulation {
    /// A server that is master as it believes itself, of those that run.
    var master: SimulatedServer? { serversInOrder.last { $0.core?.mastershipStatus.isMaster ?? false } }

    /// How long a healed pool may take until everything is settled: stops, retries and a stop in good order have their patience.
    static let recoveryMilliseconds = 40_000

    /// Makes everything well again and looks whether the pool comes to rest, and to the truth.
    func recover() {
        isHealing = true
        network.healAll()
        for server in serversInOrder {
            server.pausedUntil = min(server.pausedUntil, max(now, server.suspendedUntil))
            if server.core == nil { restart(server.id) }
            healHost(of: server)
        }
        connectEveryone()
        guard advance(until: { $0.unsettled == nil }, milliseconds: Self.recoveryMilliseconds) else {
            if report.violations.isEmpty { violated("The healed pool does not settle: \(unsettled ?? "")") }
            return
        }
        if report.violations.isEmpty { checkEverything() }
    }

    /// What keeps the pool from being at rest, as a sentence; nil when nothing does.
    var unsettled: String? {
        guard let master, let core = master.core else { return "There is no Server Pool Master. \(rolesInWords)" }
        if !clients.open.isEmpty { return "\(clients.open.count) requests of clients are not answered." }
        if core.state.appliedIndex < checks.lastIndex { return "The master has not applied what is committed." }
        for server in checks.reference.activeServers {
            guard let member = servers[server.id] else { continue }
            guard let agent = member.core else { return "The agent of server \(server.id) does not run." }
            if agent.state.appliedIndex != core.state.appliedIndex { return "Server \(server.id) has not applied what the master has." }
            if !server.isReachable { return "Server \(server.id) counts as unreachable." }
            if server.run != agent.identity.run || !server.isSessionOpen { return "The session of server \(server.id) is not open." }
        }
        return unsettledMachine
    }

    /// What each server takes itself for: what one wants to know first of a pool without a master.
    private var rolesInWords: String {
        serversInOrder.map { server in
            guard let core = server.core else { return "Server \(server.id) \(server.hasHalted ? "has halted" : "does not run")." }
            let status = core.raft.status
            let voters = core.raft.configuration.allVoters.map(\.number)
            return """
                Server \(server.id) is \(status.role) in term \(status.term) with voters \(voters) \
                at index \(core.raft.lastIndex), \(core.raft.commitIndex) committed.
                """
        }.joined(separator: " ")
    }

    /// The first machine whose status is not what truly is so.
    private var unsettledMachine: String? {
        for machine in checks.reference.machinesInOrder {
            if let remnant = machine.remnants.first {
                return "Server \(remnant.server) has not taken down what is left of \(machine.name)."
            }
            let running = checks.serversRunning(machine.id)
            switch machine.status {
            case .running:
                if running != [machine.placement?.server] { return "Virtual machine \(machine.name) is Running, but no domain of it runs." }
            case .poweredOff, .error:
                if !running.isEmpty { return "Virtual machine \(machine.name) is \(machine.status.rawValue), but a domain of it runs." }
            case .paused where machine.task == nil:
                if !running.isEmpty { return "Virtual machine \(machine.name) is Paused, but a domain of it runs." }
            case .suspended:
                if !running.isEmpty { return "Virtual machine \(machine.name) is Suspended, but a domain of it runs." }
            case .initializing, .shuttingDown, .rebooting, .pausing, .unpausing, .paused, .suspending, .resuming, .migrating,
                .unknown:
                return "Virtual machine \(machine.name) is \(machine.status.rawValue): \(machine.cause)"
            }
        }
        for id in checks.runningMachines where checks.reference.machines[id] == nil { return "A domain of the deleted machine \(id) runs." }
        return nil
    }
}
