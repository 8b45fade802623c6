import PoolModel

// Looking at a virtual machine's consoles changes nothing, and is noted: whoever types there may do anything in the guest.
extension PoolState {
    /// Notes that a console of the placement `epoch` is opened.
    mutating func openConsole(
        _ id: VirtualMachineID, _ epoch: PlacementEpoch, _ kind: ConsoleKind, _ entry: PoolEntry
    ) throws(Refused) -> CommandResult {
        let machine = try existing(id)
        guard let placement = machine.placement, placement.epoch == epoch else {
            throw Refused(
                .machineStateForbids,
                "Virtual machine \(machine.name) has been stopped or started anew since its console was asked for. Ask for it again.")
        }
        note(
            entry, .machine, machine.name.text, .machineConsoleOpened,
            "The \(Self.noun(kind)) of virtual machine \(machine.name) on server \(serverName(of: machine)) was opened.")
        return .none
    }

    private static func noun(_ kind: ConsoleKind) -> String {
        switch kind {
        case .text: "text console"
        case .display: "display"
        case .log: "console log"
        }
    }
}
