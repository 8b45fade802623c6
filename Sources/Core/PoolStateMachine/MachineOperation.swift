import PoolModel

/// What can be asked of a virtual machine, and in which states.
///
/// Oracle VM 2.2's table for what this pool does. From Running: power off, reboot, pause, suspend, live-migrate, edit, reset status. From PoweredOff:
/// power on, delete, edit, reset status. From Error: power on, power off, delete, reset status. Beyond it a machine in Error can be edited,
/// which may be the cure; one whose domain was kept after its guest's end can only be stopped, as there is something to stop; and one whose
/// memory is in an image, or on its way there or back, is stopped by force only, which throws that memory away.
package enum MachineOperation: String, Hashable, Sendable, CaseIterable {
    case start
    case stop
    case reboot
    case pause
    case unpause
    case suspend
    case resume
    case migrate
    /// Another amount of memory or number of virtual CPUs; while it runs, within the maximum that it was started with.
    case resize
    /// A disk or an interface comes or goes, or a CD drive gets another medium.
    case changeDevices = "change-devices"
    case delete
    case resetStatus = "reset-status"

    /// The word for what was done to it.
    var participle: String {
        switch self {
        case .start: "started"
        case .stop: "stopped"
        case .reboot: "rebooted"
        case .pause: "paused"
        case .unpause: "unpaused"
        case .suspend: "suspended"
        case .resume: "resumed"
        case .migrate: "migrated"
        case .resize: "resized"
        case .changeDevices: "given other devices"
        case .delete: "deleted"
        case .resetStatus: "reset"
        }
    }
}

extension VirtualMachine {
    /// What can be asked of it now.
    package var allowedOperations: [MachineOperation] {
        switch status {
        case .poweredOff: [.start, .resize, .changeDevices, .delete, .resetStatus]
        case .running: [.stop, .reboot, .pause, .suspend, .migrate, .resize, .changeDevices, .resetStatus]
        case .paused: [.stop, .unpause, .resetStatus]
        // A stop waits for the server, or takes the place of what is under way.
        case .initializing, .shuttingDown, .rebooting, .pausing, .unpausing, .suspending, .resuming, .migrating, .unknown: [.stop]
        case .suspended: [.resume, .stop]
        // A domain that was kept after its guest's end holds its room until it is stopped.
        case .error: placement == nil ? [.start, .stop, .resize, .changeDevices, .delete, .resetStatus] : [.stop]
        }
    }
}

extension PoolState {
    /// Refuses what the machine's state does not allow, by the names of both.
    func require(_ operation: MachineOperation, _ machine: VirtualMachine) throws(Refused) {
        let allowed = machine.allowedOperations
        guard !allowed.contains(operation) else { return }
        if operation == .start, machine.status == .suspended { throw refusalOfImage(machine, "started") }
        let place = machine.placement.flatMap { servers[$0.server] }.map { " on server \($0.name)" } ?? ""
        let possible = allowed.map(\.participle)
        let words = possible.count > 1 ? "\(possible.dropLast().joined(separator: ", ")) or \(possible[possible.count - 1])" : possible[0]
        throw Refused(
            .machineStateForbids,
            """
            Virtual machine \(machine.name) cannot be \(operation.participle): it is \(machine.status.rawValue)\(place). \
            In that state it can be \(words).
            """)
    }
}
