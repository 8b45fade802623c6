import Placement
import PoolModel
import PoolStateMachine
import QueryModel

/// A server with the state that it was found in, taken off the agent's loop: asking where each of its machines would fit takes long.
struct ServerSight: Sendable {
    let server: Server
    let state: PoolState
    let master: ServerID?

    /// The server with its machines by name.
    var document: ServerDocument {
        var document = ServerDocument(server, state, master: master)
        let machines = state.machines(on: server.id).compactMap { state.machines[$0] }.sorted { $0.name < $1.name }
        document.machines = machines.prefix(QueryLimits.machinesOfServer).map {
            PlacedMachineDocument(name: $0.name.text, status: $0.status.rawValue, obstacle: obstacle(to: $0))
        }
        document.processorGaps = state.processorGaps(from: server)
        return document
    }

    /// Why no other server could run a machine now; nil when one could. Each machine is asked about by itself, by the function that
    /// places starts: together they may need more than is free.
    private func obstacle(to machine: VirtualMachine) -> String? {
        let decision = state.decidePlacement(for: machine, without: [server.id])
        guard decision.chosen == nil else { return nil }
        let reasons = decision.verdicts.filter { $0.server != server.id }.compactMap { verdict -> String? in
            guard case .refused(let refusal) = verdict.finding else { return nil }
            return "\(verdict.name) \(refusal.message)"
        }
        guard !reasons.isEmpty else { return "There is no other server." }
        return reasons.prefix(3).joined(separator: "; ") + (reasons.count > 3 ? "; and \(reasons.count - 3) more." : ".")
    }
}
