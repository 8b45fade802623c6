import PoolModel
import PoolStateMachine

// The dump of the memory of a guest that ended by itself, between the word that it ended and the end of its domain.
extension AgentCore {
    /// Dumps it, and says to the log what came of that: only then is the domain destroyed, so that no other run of the agent dumps again.
    mutating func dumpCore(
        _ machine: VirtualMachine, _ placement: MachinePlacement, _ domain: DomainReport, _ effects: inout [AgentEffect]
    ) {
        guard let dump = reconciler.machines[machine.id]?.dump else {
            return perform(.dumpCore(domain: domain.domain), for: machine, placement, &effects)
        }
        observe(.dumped(dump), machine, placement, &effects)
    }

    /// A dump is under way. A forced stop does not wait for it, nor does anything wait longer than its patience.
    ///
    /// The domain is then destroyed although its memory is being read: Xen keeps what is read from in place until it is let go, and what is
    /// not written by then is lost. The operation is forgotten here, and may end whenever it likes.
    mutating func waitForDump(
        _ running: RunningOperation, _ machine: VirtualMachine, _ placement: MachinePlacement, _ effects: inout [AgentEffect]
    ) {
        if machine.isDumpAwaited {
            let patience = settings.dumpPatience(of: machine.reserved.memory)
            guard now.monotonic - running.began >= patience else { return }
            if reconciler.machines[machine.id]?.dump == nil {
                fail(machine.id, "It was not done after \(patience.components.seconds) s, and is no longer waited for.", &effects)
            }
            if let dump = reconciler.machines[machine.id]?.dump { observe(.dumped(dump), machine, placement, &effects) }
            return
        }
        reconciler.machines[machine.id]?.operation = nil
        reconciler.machines[machine.id]?.leastListing = reconciler.askedNumber + 1
        requestListing(&effects)
    }

    /// Keeps what came of a dump until the log has it.
    mutating func noteDump(_ running: RunningOperation, _ result: DomainOperationResult, _ effects: inout [AgentEffect]) {
        // Given up before, and said so: one word a dump.
        guard reconciler.machines[running.machine]?.dump == nil else { return }
        switch result {
        case .dumped(let path):
            reconciler.machines[running.machine]?.dump = .made(path: path)
            effects.append(.notice(.information, "Virtual machine \(name(of: running.machine)): its memory was dumped to \(path)."))
        case .failed(let cause): fail(running.machine, cause, &effects)
        case .done: fail(running.machine, "The hypervisor did not say where to.", &effects)
        }
    }

    private mutating func fail(_ machine: VirtualMachineID, _ cause: String, _ effects: inout [AgentEffect]) {
        reconciler.machines[machine]?.dump = .failed(cause: cause)
        effects.append(.notice(.warning, "Virtual machine \(name(of: machine)): its memory could not be dumped. \(cause)"))
    }
}

extension AgentSettings {
    /// How long a dump of so much memory may take.
    func dumpPatience(of memory: Mebibytes) -> Duration { dumpPatience + .seconds(memory.count / max(1, dumpRate.count)) }
}

extension MachineDump {
    /// What became of it, as a sentence.
    var sentence: String {
        switch self {
        case .made(let path): "Its memory is in \(path) on its server."
        case .failed(let cause): "Its memory could not be dumped: \(cause)"
        }
    }
}
