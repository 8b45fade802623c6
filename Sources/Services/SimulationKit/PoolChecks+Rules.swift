import PoolModel
import PoolStateMachine

extension PoolChecks {
    /// A machine has just been placed: no hard rule may be broken by that. Who is a member is worked out from the rules' own words, and
    /// not from the state machine's index.
    ///
    /// - Returns: a sentence when one is.
    func ruleBroken(byPlacing id: VirtualMachineID) -> String? {
        guard let machine = reference.machines[id], let server = machine.placement?.server else { return nil }
        for rule in reference.rulesInOrder.map(\.definition) where rule.strength == .hard {
            guard rule.includes(machine.name, tags: machine.tags) else { continue }
            let others = reference.machines.values.filter { $0.id != id && rule.includes($0.name, tags: $0.tags) }
            let servers = others.compactMap(\.placement?.server)
            let isKept = rule.kind == .affinity ? servers.isEmpty || servers.contains(server) : !servers.contains(server)
            if !isKept { return "Virtual machine \(id) was placed on server \(server), which breaks the hard rule \(rule.name)." }
        }
        return nil
    }
}
