/// A migration that is under way.
package struct MigrationDocument: Codable, Hashable, Sendable {
    /// The server that it goes to.
    package var to: String
    /// Whether the guest runs on meanwhile.
    package var isLive: Bool
    /// At most so many MiB a second; absent: as fast as it goes.
    package var bandwidthMiB: Int?

    package init(to: String, isLive: Bool, bandwidthMiB: Int?) {
        self.to = to
        self.isLive = isLive
        self.bandwidthMiB = bandwidthMiB
    }
}

/// Asks for a migration (`POST /v1/vms/{name}/migrate`).
package struct MigrateMachineRequest: Codable, Hashable, Sendable {
    /// The server; absent: that which placement chooses.
    package var server: String?
    /// At most so many MiB a second; absent: as fast as it goes.
    package var bandwidthMiB: Int?

    package init(server: String? = nil, bandwidthMiB: Int? = nil) {
        self.server = server
        self.bandwidthMiB = bandwidthMiB
    }
}

/// Whether a virtual machine could move, and what hinders it (`GET /v1/vms/{name}/migration`).
package struct MigrationCheckDocument: Codable, Hashable, Sendable {
    package var machine: String
    /// The server that it runs on.
    package var from: String
    /// The server that it would go to; absent where none can take it.
    package var chosen: String?
    /// Whether its guest would run on meanwhile. Else it stands still from the beginning to the end, as its server cannot log which memory a
    /// guest of its type changes.
    package var isLive: Bool
    /// Why it could not be asked for now, whatever the servers say: a sentence; absent where it could.
    package var obstacle: String?
    /// Every server: those that could take it first, the best one first; then those that cannot, with what hinders it.
    package var servers: [ServerExplanationDocument]

    package init(
        machine: String, from: String, chosen: String?, isLive: Bool, obstacle: String?, servers: [ServerExplanationDocument]
    ) {
        self.machine = machine
        self.from = from
        self.chosen = chosen
        self.isLive = isLive
        self.obstacle = obstacle
        self.servers = servers
    }
}
