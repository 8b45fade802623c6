import AgentCore
import PoolModel
import RaftCore

/// Something that will happen at an instant of true time.
enum SimulationEvent {
    /// An input for one run of a server's agent; void for any other run.
    case input(ServerID, run: Int, AgentInput)
    case timer(ServerID, run: Int, at: Int64)
    case message(PeerMessage, from: ServerID, to: ServerID)
    case diskWrite(ServerID, run: Int)
    case hostOperation(ServerID, boot: Int, run: Int, DomainOperationID, DomainOperation)
    case guestEnds(ServerID, boot: Int, domain: UInt32, DomainEnd)
    case restart(ServerID)
    case crashAfterVote(ServerID, run: Int)
    case clientRequest
    case fault(FaultKind)
    case healed(Int)
}

/// The kinds of faults, each with a mean time of its own.
enum FaultKind: Int, CaseIterable {
    case crash
    case powerCut
    case pause
    case partition
    case stop
    case transfer
    case membership
    case guestEnd

    func meanMilliseconds(_ faults: SimulationFaults) -> Int {
        switch self {
        case .crash: faults.crashMilliseconds
        case .powerCut: faults.powerCutMilliseconds
        case .pause: faults.pauseMilliseconds
        case .partition: faults.partitionMilliseconds
        case .stop: faults.stopMilliseconds
        case .transfer: faults.transferMilliseconds
        case .membership: faults.membershipMilliseconds
        case .guestEnd: faults.guestEndMilliseconds
        }
    }
}
