/// Who the Server Pool Master is, as the answering server believes (`GET /v1/master`).
package struct MasterDocument: Codable, Hashable, Sendable {
    /// Absent when no master is known.
    package var master: ServerReference?
    package var term: UInt64
    /// The server that answers.
    package var answeredBy: ServerReference
    /// Whether the answering server is the master and ready to serve.
    package var isMaster: Bool

    package init(master: ServerReference?, term: UInt64, answeredBy: ServerReference, isMaster: Bool) {
        self.master = master
        self.term = term
        self.answeredBy = answeredBy
        self.isMaster = isMaster
    }
}

/// A server by identifier and name, with the address to ask it at.
package struct ServerReference: Codable, Hashable, Sendable {
    package var id: UInt64
    package var name: String
    /// `HOST:PORT` of its query port.
    package var queryAddress: String

    package init(id: UInt64, name: String, queryAddress: String) {
        self.id = id
        self.name = name
        self.queryAddress = queryAddress
    }
}

/// The pool as a whole (`GET /v1/pool`).
package struct PoolDocument: Codable, Hashable, Sendable {
    /// The pool's UUID.
    package var id: String
    package var name: String
    /// SHA-256 of the pool authority's public key, in hexadecimal.
    package var authority: String
    /// Which format version commands are applied by.
    package var formatVersion: Int
    /// Pool time.
    package var time: QueryTime
    package var settings: PoolSettingsDocument
    package var servers: ServerCountsDocument
    package var machines: MachineCountsDocument
    /// Of all active servers together.
    package var capacity: ResourcesDocument
    /// What is left of it.
    package var free: ResourcesDocument

    package init(
        id: String, name: String, authority: String, formatVersion: Int, time: QueryTime, settings: PoolSettingsDocument,
        servers: ServerCountsDocument, machines: MachineCountsDocument, capacity: ResourcesDocument, free: ResourcesDocument
    ) {
        self.id = id
        self.name = name
        self.authority = authority
        self.formatVersion = formatVersion
        self.time = time
        self.settings = settings
        self.servers = servers
        self.machines = machines
        self.capacity = capacity
        self.free = free
    }
}

/// The pool-wide settings (`GET /v1/pool/settings`).
package struct PoolSettingsDocument: Codable, Hashable, Sendable {
    /// Virtual CPUs for each physical one.
    package var overcommitRatio: Int
    /// The most servers that vote.
    package var voterLimit: Int
    /// How long a voter is silent before a caught-up server votes in its place.
    package var voterReplacementSeconds: Int64
    /// The log index of the last change; 0 before the first.
    package var changedAt: UInt64

    package init(overcommitRatio: Int, voterLimit: Int, voterReplacementSeconds: Int64, changedAt: UInt64) {
        self.overcommitRatio = overcommitRatio
        self.voterLimit = voterLimit
        self.voterReplacementSeconds = voterReplacementSeconds
        self.changedAt = changedAt
    }
}

/// How many servers the pool has, and how they are.
package struct ServerCountsDocument: Codable, Hashable, Sendable {
    package var total: Int
    package var reachable: Int
    package var inMaintenance: Int

    package init(total: Int, reachable: Int, inMaintenance: Int) {
        self.total = total
        self.reachable = reachable
        self.inMaintenance = inMaintenance
    }
}

/// How many virtual machines the pool has.
package struct MachineCountsDocument: Codable, Hashable, Sendable {
    package var total: Int
    /// By status, such as `Running`; a status that no machine has is absent.
    package var byStatus: [String: Int]

    package init(total: Int, byStatus: [String: Int]) {
        self.total = total
        self.byStatus = byStatus
    }
}

/// An amount of what virtual machines need of servers.
package struct ResourcesDocument: Codable, Hashable, Sendable {
    package var memoryMiB: Int
    package var virtualCPUs: Int
    /// Kilobits (1,000 bits) a second.
    package var networkKbps: Int

    package init(memoryMiB: Int, virtualCPUs: Int, networkKbps: Int) {
        self.memoryMiB = memoryMiB
        self.virtualCPUs = virtualCPUs
        self.networkKbps = networkKbps
    }
}
