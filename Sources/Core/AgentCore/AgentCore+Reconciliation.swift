import RaftCore
import PoolModel
import PoolStateMachine

extension AgentCore {
    // MARK: Listing

    mutating func requestListing(_ effects: inout [AgentEffect]) {
        guard !reconciler.isListing else {
            reconciler.isListingWanted = true
            return
        }
        reconciler.isListing = true
        reconciler.isListingWanted = false
        reconciler.askedNumber += 1
        effects.append(.listDomains(number: reconciler.askedNumber))
    }

    /// The periodic look, for what no hint announced.
    mutating func keepListing(_ effects: inout [AgentEffect]) {
        if let listed = reconciler.listedAt, now.monotonic - listed < settings.listInterval { return }
        if !reconciler.isListing { requestListing(&effects) }
    }

    mutating func domainsChanged(_ effects: inout [AgentEffect]) { requestListing(&effects) }

    mutating func domainsListed(_ domains: [DomainReport]?, number: UInt64, _ effects: inout [AgentEffect]) {
        guard number == reconciler.askedNumber else { return }
        reconciler.isListing = false
        reconciler.listedAt = now.monotonic
        if let domains {
            let isFirst = reconciler.domains == nil
            reconciler.domains = domains
            reconciler.answeredNumber = number
            reconciler.isSilent = false
            reconciler.isDue = true
            if isFirst { keepSession(&effects) }
        } else if !reconciler.isSilent {
            reconciler.isSilent = true
            effects.append(.notice(.error, "The hypervisor does not list its domains; virtual machines stay as they are until it does."))
        }
        if reconciler.isListingWanted { requestListing(&effects) }
    }

    mutating func operationEnded(_ id: DomainOperationID, _ result: DomainOperationResult, _ effects: inout [AgentEffect]) {
        guard let running = reconciler.operations.removeValue(forKey: id) else { return }
        if reconciler.removals[running.machine]?.operation == id {
            reconciler.removals[running.machine]?.result = result
            reconciler.isDue = true
            return
        }
        if migrationEnded(id, running, result, &effects) { return }
        if reconciler.machines[running.machine]?.operation == id {
            reconciler.machines[running.machine]?.operation = nil
            reconciler.machines[running.machine]?.leastListing = reconciler.askedNumber + 1
            reconciler.machines[running.machine]?.failure = nil
            if case .dumpCore = running.operation {
                noteDump(running, result, &effects)
            } else if case .changeDevice = running.operation, result == .done {
                // A machine has one operation at a time: this is what was tried last.
                let task = reconciler.machines[running.machine]?.tried
                reconciler.machines[running.machine]?.changedDevice = task
            } else if case .failed(let cause) = result {
                reconciler.machines[running.machine]?.failure = cause
                let retry = now.monotonic + settings.operationRetry
                reconciler.machines[running.machine]?.retryAt = retry
                noteFailedStart(running, cause)
                noteLostGuest(running, cause)
                effects.append(.notice(.warning, "Virtual machine \(name(of: running.machine)): \(cause)"))
            }
        }
        requestListing(&effects)
    }

    /// A domain that has never run and may not run is taken down at once, and not asked to run again: whoever wants the machine is told.
    private mutating func noteFailedStart(_ running: RunningOperation, _ cause: String) {
        guard case .unpause = running.operation, state.machines[running.machine]?.placement?.isStarted == false else { return }
        reconciler.machines[running.machine]?.startFailure = cause
        reconciler.machines[running.machine]?.failure = nil
        reconciler.machines[running.machine]?.retryAt = nil
    }

    func name(of machine: VirtualMachineID) -> String { state.machines[machine]?.name.text ?? "number \(machine)" }
}
