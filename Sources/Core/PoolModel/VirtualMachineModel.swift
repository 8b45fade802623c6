/// A virtual network interface's needs.
package struct InterfaceRequirement: Hashable, Sendable {
    package let bridge: String
    /// The vif's `rate`; 10 Mb/s where the configuration gives none.
    package let rate: KilobitsPerSecond

    /// What a vif without a `rate` is counted as.
    package static let defaultRate = KilobitsPerSecond(10_000)

    package init(bridge: String, rate: KilobitsPerSecond) {
        self.bridge = bridge
        self.rate = rate
    }
}

/// What a virtual machine needs of a server, extracted from its vm.cfg when it is created or changed.
package struct MachineRequirements: Hashable, Sendable {
    package var domainType: DomainType
    package var memory: Mebibytes
    package var virtualCPUs: Int
    package var interfaces: [InterfaceRequirement]
    /// Host paths of the disks, without empty CD drives.
    package var diskPaths: [String]
    /// Space for images that are still to be created in a local storage root.
    package var newImageSize: Mebibytes

    package init(
        domainType: DomainType, memory: Mebibytes, virtualCPUs: Int, interfaces: [InterfaceRequirement] = [], diskPaths: [String] = [],
        newImageSize: Mebibytes = .zero
    ) {
        self.domainType = domainType
        self.memory = memory
        self.virtualCPUs = virtualCPUs
        self.interfaces = interfaces
        self.diskPaths = diskPaths
        self.newImageSize = newImageSize
    }
}

/// What the pool's users want of a virtual machine.
package enum MachineIntent: String, Hashable, Sendable {
    case running
    case stopped
}

/// The states of a virtual machine (Oracle VM 2.2, in the manuals' words).
package enum MachineStatus: String, Hashable, Sendable, CaseIterable {
    /// Placed on a server; its domain is being built.
    case initializing = "Initializing"
    case running = "Running"
    case shuttingDown = "ShuttingDown"
    case poweredOff = "PoweredOff"
    /// Paused by an operator or by the hypervisor.
    case paused = "Paused"
    /// The last operation failed; the cause says how.
    case error = "Error"
    /// Its server has not been heard of: it may or may not run. It is started nowhere else.
    case unknown = "Unknown"
}

/// Where a virtual machine may run, by one server's current word: a promise of at most one domain.
package struct MachinePlacement: Hashable, Sendable {
    package let server: ServerID
    /// The server's session that the placement was made for, or that adopted it.
    package var session: SessionNumber
    package let epoch: PlacementEpoch
    /// Whether the server has said that the domain was started. A start that was said is never done again for the same epoch.
    package var isStarted: Bool

    package init(server: ServerID, session: SessionNumber, epoch: PlacementEpoch, isStarted: Bool) {
        self.server = server
        self.session = session
        self.epoch = epoch
        self.isStarted = isStarted
    }
}

/// What a server says of the placement of a virtual machine (always in its current session).
package enum MachineObservation: Hashable, Sendable {
    /// The domain runs (also: was adopted after a restart of the agent).
    case running
    /// The domain exists and is paused.
    case paused
    /// The domain has been asked to shut down and still exists.
    case shuttingDown
    /// No domain of this placement exists, and this server will never run this epoch again. `cause` is a sentence.
    case stopped(MachineStopReason, cause: String)
}

/// Why the domain of a placement is gone.
package enum MachineStopReason: String, Hashable, Sendable {
    /// It was asked to stop.
    case requested
    /// The guest powered itself off.
    case poweredOffItself
    /// The guest crashed.
    case crashed
    /// It vanished and nobody says why.
    case vanished
    /// The start failed; nothing runs.
    case startFailed
    /// The agent was ended between the placement and the start.
    case startInterrupted
}
