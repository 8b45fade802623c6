/// One Oracle VM Server (`GET /v1/servers/{name}`).
package struct ServerDocument: Codable, Hashable, Sendable {
    package var id: UInt64
    package var name: String
    /// Of `vm`, `utility`.
    package var roles: [String]
    /// `active`, `maintenance`, `unreachable`, `stopped` (its agent, in good order), or `joining` before its agent has introduced itself.
    package var status: String
    package var isMaster: Bool
    package var isReachable: Bool
    package var inMaintenance: Bool
    /// `HOST:PORT` of the peer network.
    package var peerAddress: String
    /// `HOST:PORT` of the query port.
    package var queryAddress: String
    /// Absent before its agent has introduced itself.
    package var session: SessionDocument?
    /// Absent before its agent has introduced itself.
    package var facts: ServerFactsDocument?
    /// What virtual machines may take together.
    package var capacity: ResourcesDocument
    /// What is left of it.
    package var free: ResourcesDocument
    /// By how much the memory that is reserved exceeds the capacity, in MiB; absent while it does not.
    package var overcommittedMiB: Int?
    /// How many virtual machines are placed here.
    package var machineCount: Int
    package var joinedAt: QueryTime
    /// The SMBIOS UUID of the mainboard that it is bound to; absent until its firmware has told one.
    package var hardware: String?
    /// The virtual machines placed here, by name, at most 1,000; absent in lists.
    package var machines: [PlacedMachineDocument]?
    /// The domains of the pool's virtual machines that it sees, or saw last, although the pool did not ask for them, by name; absent
    /// when there are none.
    package var strays: [StrayDocument]?
    /// The servers that virtual machines could not move to live from here, by name; absent when there are none, and in lists.
    package var processorGaps: [ProcessorGapDocument]?

    package init(
        id: UInt64, name: String, roles: [String], status: String, isMaster: Bool, isReachable: Bool, inMaintenance: Bool,
        peerAddress: String, queryAddress: String, session: SessionDocument?, facts: ServerFactsDocument?, capacity: ResourcesDocument,
        free: ResourcesDocument, overcommittedMiB: Int? = nil, machineCount: Int, joinedAt: QueryTime,
        hardware: String? = nil, machines: [PlacedMachineDocument]? = nil, strays: [StrayDocument]? = nil,
        processorGaps: [ProcessorGapDocument]? = nil
    ) {
        self.id = id
        self.name = name
        self.roles = roles
        self.status = status
        self.isMaster = isMaster
        self.isReachable = isReachable
        self.inMaintenance = inMaintenance
        self.peerAddress = peerAddress
        self.queryAddress = queryAddress
        self.session = session
        self.facts = facts
        self.capacity = capacity
        self.free = free
        self.overcommittedMiB = overcommittedMiB
        self.machineCount = machineCount
        self.joinedAt = joinedAt
        self.hardware = hardware
        self.machines = machines
        self.strays = strays
        self.processorGaps = processorGaps
    }
}

/// A domain of a virtual machine of the pool that was started behind the pool's back, or left over.
package struct StrayDocument: Codable, Hashable, Sendable {
    package var machine: String
    /// Xen's number of it on the server.
    package var domain: UInt32

    package init(machine: String, domain: UInt32) {
        self.machine = machine
        self.domain = domain
    }
}

/// A virtual machine on the server that holds it.
package struct PlacedMachineDocument: Codable, Hashable, Sendable {
    package var name: String
    /// As of the virtual machine.
    package var status: String
    /// Why no other server could run it now, by itself; absent when one could.
    package var obstacle: String?

    package init(name: String, status: String, obstacle: String?) {
        self.name = name
        self.status = status
        self.obstacle = obstacle
    }
}

/// One run of a server's agent.
package struct SessionDocument: Codable, Hashable, Sendable {
    package var number: UInt64
    /// Identifies the server's boot.
    package var boot: String
    package var agentVersion: String
    /// False once the agent was stopped in good order.
    package var isOpen: Bool

    package init(number: UInt64, boot: String, agentVersion: String, isOpen: Bool) {
        self.number = number
        self.boot = boot
        self.agentVersion = agentVersion
        self.isOpen = isOpen
    }
}

/// What a server has to offer.
package struct ServerFactsDocument: Codable, Hashable, Sendable {
    package var totalMemoryMiB: Int
    /// What Xen itself, Domain-0 and domains outside the pool take.
    package var reservedMemoryMiB: Int
    /// Physical CPUs (hardware threads).
    package var processors: Int
    package var cards: [CardDocument]
    package var bridges: [BridgeDocument]
    package var storageRoots: [StorageRootDocument]
    /// Of `pv`, `pvh`, `hvm`.
    package var domainTypes: [String]
    /// `simulated`, or Xen's version.
    package var hypervisor: String
    /// Absent where an older agent does not tell.
    package var processor: ProcessorDocument?

    package init(
        totalMemoryMiB: Int, reservedMemoryMiB: Int, processors: Int, cards: [CardDocument], bridges: [BridgeDocument],
        storageRoots: [StorageRootDocument], domainTypes: [String], hypervisor: String, processor: ProcessorDocument? = nil
    ) {
        self.totalMemoryMiB = totalMemoryMiB
        self.reservedMemoryMiB = reservedMemoryMiB
        self.processors = processors
        self.cards = cards
        self.bridges = bridges
        self.storageRoots = storageRoots
        self.domainTypes = domainTypes
        self.hypervisor = hypervisor
        self.processor = processor
    }
}

/// A network interface card.
package struct CardDocument: Codable, Hashable, Sendable {
    package var name: String
    /// Kilobits (1,000 bits) a second.
    package var speedKbps: Int

    package init(name: String, speedKbps: Int) {
        self.name = name
        self.speedKbps = speedKbps
    }
}

/// A bridge and the names of the cards behind it.
package struct BridgeDocument: Codable, Hashable, Sendable {
    package var name: String
    package var cards: [String]

    package init(name: String, cards: [String]) {
        self.name = name
        self.cards = cards
    }
}

/// A directory below which images lie.
package struct StorageRootDocument: Codable, Hashable, Sendable {
    package var path: String
    /// Whether other servers see the same files.
    package var isShared: Bool
    package var capacityMiB: Int

    package init(path: String, isShared: Bool, capacityMiB: Int) {
        self.path = path
        self.isShared = isShared
        self.capacityMiB = capacityMiB
    }
}

/// All servers, by name (`GET /v1/servers`).
package struct ServerListDocument: PagedDocument, Hashable {
    package var servers: [ServerDocument]
    /// For `after`, where more follow.
    package var next: String?

    package init(servers: [ServerDocument], next: String? = nil) {
        self.servers = servers
        self.next = next
    }

    package mutating func append(_ page: ServerListDocument) {
        servers += page.servers
        next = page.next
    }
}
