/// A virtual machine on its way to another server: one attempt. It ends by being handed over or given up, whichever is committed first; the
/// other is void then (fencing: migration).
package struct MachineMigration: Hashable, Sendable {
    /// The server that it goes to, and the session in which that server was asked.
    package let target: ServerID
    package let session: SessionNumber
    /// The epoch that its placement there will have. No other attempt has it, and no other placement.
    package let epoch: PlacementEpoch
    /// Whether its guest runs on while its memory is sent.
    package let isLive: Bool
    /// At most so many MiB a second; nil: as fast as it goes.
    package let bandwidth: Int?

    package init(target: ServerID, session: SessionNumber, epoch: PlacementEpoch, isLive: Bool, bandwidth: Int?) {
        self.target = target
        self.session = session
        self.epoch = epoch
        self.isLive = isLive
        self.bandwidth = bandwidth
    }
}

/// What an operator asks for who wants a virtual machine on another server.
package struct MigrationWish: Hashable, Sendable {
    /// The server; nil: that which placement chooses.
    package let target: ServerID?
    /// At most so many MiB a second, 1 to ``mostBandwidth``; nil: as fast as it goes.
    package let bandwidth: Int?

    package static let mostBandwidth = 100_000

    package init(target: ServerID? = nil, bandwidth: Int? = nil) {
        self.target = target
        self.bandwidth = bandwidth
    }
}

/// What is left on a server of a migration that has ended: the copy that was given up, or the suspended domain that was handed over. It never
/// runs again, and is taken down by its server, which then says so.
package struct MachineRemnant: Hashable, Sendable {
    package let server: ServerID
    package let epoch: PlacementEpoch
    /// What it may hold there.
    package let memory: Mebibytes

    package init(server: ServerID, epoch: PlacementEpoch, memory: Mebibytes) {
        self.server = server
        self.epoch = epoch
        self.memory = memory
    }
}

/// What the receiving server says of a migration.
package enum MigrationWord: Hashable, Sendable {
    /// All of the guest is here, in a domain that stands paused.
    case received
    /// It cannot be received: `cause` is a sentence.
    case failed(cause: String)
}
