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
    /// Up to where memory and virtual CPUs can grow while it runs (`maxmem`, `maxvcpus`); never less than what it starts with.
    package var maximumMemory: Mebibytes
    package var maximumVirtualCPUs: Int
    /// What becomes of it when its guest ends by itself.
    package var endActions: MachineEndActions

    /// - Parameters:
    ///   - maximumMemory: nil, or less than `memory`, means `memory`; `maximumVirtualCPUs` likewise.
    package init(
        domainType: DomainType, memory: Mebibytes, virtualCPUs: Int, interfaces: [InterfaceRequirement] = [], diskPaths: [String] = [],
        newImageSize: Mebibytes = .zero, maximumMemory: Mebibytes? = nil, maximumVirtualCPUs: Int? = nil,
        endActions: MachineEndActions = MachineEndActions()
    ) {
        self.domainType = domainType
        self.memory = memory
        self.virtualCPUs = virtualCPUs
        self.interfaces = interfaces
        self.diskPaths = diskPaths
        self.newImageSize = newImageSize
        self.maximumMemory = max(memory, maximumMemory ?? memory)
        self.maximumVirtualCPUs = max(virtualCPUs, maximumVirtualCPUs ?? virtualCPUs)
        self.endActions = endActions
    }
}

/// What becomes of a virtual machine whose guest ended by itself (xl.cfg(5), "Event Actions").
package enum MachineEndAction: String, Hashable, Sendable, CaseIterable {
    /// The domain goes, the machine is powered off; after a crash it is in Error.
    case destroy
    /// The machine is started anew, on the same server.
    case restart
    /// The domain is kept, for somebody to look at; it holds its memory until it is stopped.
    case preserve
    /// The guest's memory is written to a file on its server first; then as `destroy` and `restart`, whatever became of the file.
    case coreDumpDestroy = "coredump-destroy"
    case coreDumpRestart = "coredump-restart"

    package var isRestart: Bool { self == .restart || self == .coreDumpRestart }
    package var isCoreDump: Bool { self == .coreDumpDestroy || self == .coreDumpRestart }
}

/// The actions for the ways in which a guest ends by itself; xl's defaults (xl.cfg(5)).
package struct MachineEndActions: Hashable, Sendable {
    package var onPowerOff = MachineEndAction.destroy
    package var onReboot = MachineEndAction.restart
    package var onCrash = MachineEndAction.destroy

    package init() {}

    package init(onPowerOff: MachineEndAction, onReboot: MachineEndAction, onCrash: MachineEndAction) {
        self.onPowerOff = onPowerOff
        self.onReboot = onReboot
        self.onCrash = onCrash
    }

    /// The action for an end; nil for an end that no action is for.
    package func action(for reason: MachineStopReason) -> MachineEndAction? {
        switch reason {
        case .poweredOffItself: onPowerOff
        case .rebootedItself: onReboot
        case .crashed: onCrash
        case .requested, .vanished, .startFailed, .startInterrupted: nil
        }
    }
}

/// What the pool's users want of a virtual machine.
package enum MachineIntent: String, Hashable, Sendable, CaseIterable {
    case running
    case stopped
    case paused
    /// Stopped, then running again on the same server.
    case rebooting
    /// Its memory in an image, and no domain.
    case suspended
}

/// The states of a virtual machine (Oracle VM 2.2, in the manuals' words).
package enum MachineStatus: String, Hashable, Sendable, CaseIterable {
    /// Placed on a server; its domain is being built.
    case initializing = "Initializing"
    case running = "Running"
    case shuttingDown = "ShuttingDown"
    /// Its guest has been asked to end, or has ended, and it is started anew on the same server.
    case rebooting = "Rebooting"
    case pausing = "Pausing"
    case unpausing = "Unpausing"
    case poweredOff = "PoweredOff"
    /// Paused by an operator or by the hypervisor.
    case paused = "Paused"
    /// Its memory is being written to an image.
    case suspending = "Suspending"
    /// Its memory is in an image, and no domain of it exists.
    case suspended = "Suspended"
    /// Its domain is being built from its image.
    case resuming = "Resuming"
    /// The last operation failed; the cause says how.
    case error = "Error"
    /// It is on its way to another server.
    case migrating = "Migrating"
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
    /// The image that its domain is built from, until it is started: then the image is consumed.
    package var image: SuspendedImage?

    package init(server: ServerID, session: SessionNumber, epoch: PlacementEpoch, isStarted: Bool, image: SuspendedImage? = nil) {
        self.server = server
        self.session = session
        self.epoch = epoch
        self.isStarted = isStarted
        self.image = image
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
    /// The guest ended by itself; its domain still exists. Said before it is destroyed, so that the reason outlives this agent.
    /// `isTooSoon`: so soon after its start that to start it anew would most likely not help.
    case ended(MachineStopReason, isTooSoon: Bool)
    /// The ended guest's memory was dumped, or cannot be. Said before its domain is destroyed, so that it is not dumped a second time.
    case dumped(MachineDump)
    /// Its memory is in its image, whole and durable; its domain stands still and is destroyed once this is committed.
    case suspended
    /// Memory and virtual CPUs are as the requirements say.
    case resized
    /// The device that this task is about is as its change says.
    case deviceChanged(TaskID)
    /// The operation of this task failed, and nothing has changed: `cause` is a sentence.
    case failed(TaskID, cause: String)
    /// The operation of this task is still not answered: `cause` is a sentence.
    case waiting(TaskID, cause: String)
    /// No domain of this placement exists, and this server will never run this epoch again. `cause` is a sentence.
    case stopped(MachineStopReason, cause: String)
}

/// What became of the core dump of a guest that ended by itself.
package enum MachineDump: Hashable, Sendable {
    /// The file on its server that holds the guest's memory.
    case made(path: String)
    /// There is none: `cause` is a sentence.
    case failed(cause: String)
}

/// Why the domain of a placement is gone.
package enum MachineStopReason: String, Hashable, Sendable {
    /// It was asked to stop.
    case requested
    /// The guest powered itself off.
    case poweredOffItself
    /// The guest asked for a reboot.
    case rebootedItself
    /// The guest crashed.
    case crashed
    /// It vanished and nobody says why.
    case vanished
    /// The start failed; nothing runs.
    case startFailed
    /// The agent was ended between the placement and the start.
    case startInterrupted
}
