import AgentCore
import PoolModel
import RaftCore
import SimulatedHost

/// Something that will happen at an instant of true time.
enum SimulationEvent {
    /// An input for one run of a server's agent; void for any other run.
    case input(ServerID, run: Int, AgentInput)
    case timer(ServerID, run: Int, at: Int64)
    case message(PeerMessage, from: ServerID, to: ServerID)
    case diskWrite(ServerID, run: Int)
    /// What a run of the agent asks of the host gets there.
    case hostRequest(ServerID, boot: UniqueIdentifier, run: Int, DomainOperationID, DomainOperation)
    /// The host has something to do; void unless it still waits for this instant.
    case hostWakes(ServerID, at: Int64)
    /// What hangs on this boot of the host goes on.
    case hostReleases(ServerID, boot: UniqueIdentifier)
    /// All of a domain that another host has sent.
    case moveArrives(TravellingDomain, SimulatedMove, at: ServerID)
    /// What this operation of the host is to receive did not come.
    case moveAbandoned(ServerID, boot: UniqueIdentifier, DomainOperationID)
    /// A run of the agent ends one of its operations early.
    case hostCancels(ServerID, boot: UniqueIdentifier, run: Int, DomainOperationID)
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
    case suspension
    case clockStep
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
        case .suspension: faults.suspensionMilliseconds
        case .clockStep: faults.clockStepMilliseconds
        case .partition: faults.partitionMilliseconds
        case .stop: faults.stopMilliseconds
        case .transfer: faults.transferMilliseconds
        case .membership: faults.membershipMilliseconds
        case .guestEnd: faults.guestEndMilliseconds
        }
    }
}
