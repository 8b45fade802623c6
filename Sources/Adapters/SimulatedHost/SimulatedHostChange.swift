package import AgentCore
package import PoolModel

/// What has come of the passing of time on a simulated host, in the order in which it happened.
package enum SimulatedHostChange: Hashable, Sendable {
    /// To be kept by whoever looks for overlaps, before anything that follows is told to anyone.
    case event(SimulatedHostEvent)
    case completed(DomainOperationID, DomainOperationResult)
    /// What a send brings to the other host. It comes before the operation is completed, also where that is then said to have failed.
    case sent(DomainOperationID, TravellingDomain)
}

/// One fact in the life of a simulated host.
package struct SimulatedHostEvent: Hashable, Sendable {
    package let kind: SimulatedHostEventKind
    /// When it happened, on the clock of whoever drives the model.
    package let instant: MonotonicInstant
    package let boot: UniqueIdentifier
    /// Nil for `booted`, and for an image that is removed without its domain.
    package let domain: SimulatedDomainIdentity?
}

/// What happened.
package enum SimulatedHostEventKind: Hashable, Sendable {
    /// The host came up; every domain of an earlier boot is gone.
    case booted
    /// A domain exists, and is paused.
    case created
    /// A domain runs from here on: after its first unpause or a later one.
    case started
    /// A domain does not run from here on, but may again.
    case paused
    /// The guest has ended; the domain never runs again.
    case ended(DomainEnd)
    /// The memory of an ended domain is in this file.
    case dumped(path: String)
    /// The memory of a suspended domain is in this file, whole.
    case imageWritten(path: String)
    /// This file is gone, as a domain is let run that was built from it.
    case imageConsumed(path: String)
    /// This file is gone, unused.
    case imageRemoved(path: String)
    /// All of the domain is on its way to another host; it is suspended.
    case sent
    /// The domain that was just created has come from another host.
    case received
    /// The domain is gone.
    case stopped
}

extension SimulatedHostEventKind {
    /// The file that the event is about; nil where it is about none.
    var path: String? {
        switch self {
        case .dumped(let path), .imageWritten(let path), .imageConsumed(let path), .imageRemoved(let path): path
        case .booted, .created, .started, .paused, .ended, .sent, .received, .stopped: nil
        }
    }
}

/// Which domain an event is about.
package struct SimulatedDomainIdentity: Hashable, Sendable {
    package let number: UInt32
    package let name: String
    package let uuid: UniqueIdentifier
    /// Nil for a foreign domain.
    package let ownership: DomainOwnership?
}
