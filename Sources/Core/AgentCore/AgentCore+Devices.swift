import PoolModel
import PoolStateMachine

// Disks, interfaces and media of a domain that runs.
extension AgentCore {
    /// Changes the device that a task is about, once in a run of this agent. A run that finds the task begun by a former one asks anew:
    /// the hypervisor looks whether the device is as it is to be, and answers at once where it is.
    mutating func changeDevice(
        _ machine: VirtualMachine, _ placement: MachinePlacement, _ domain: DomainReport, _ task: TaskID, _ effects: inout [AgentEffect]
    ) {
        guard let change = machine.deviceChange else { return }
        if reconciler.machines[machine.id]?.changedDevice == task { return observe(.deviceChanged(task), machine, placement, &effects) }
        tryOnce(
            .changeDevice(domain: domain.domain, change.operation), for: task, machine, placement,
            "The hypervisor did not say what became of it.", &effects)
    }

    /// The machine was paused behind the pool's back: a guest that stands still takes and releases nothing, and may stand so for long.
    mutating func giveUpDeviceChange(
        _ machine: VirtualMachine, _ placement: MachinePlacement, _ task: TaskID, _ effects: inout [AgentEffect]
    ) {
        let progress = reconciler.machines[machine.id]
        if progress?.changedDevice == task { return observe(.deviceChanged(task), machine, placement, &effects) }
        let failure = progress?.tried == task ? progress?.failure : nil
        observe(
            .failed(task, cause: failure ?? "It was paused meanwhile, and only a running machine is given other devices."), machine,
            placement, &effects)
    }
}
