/// One virtual machine (`GET /v1/vms/{name}`).
package struct MachineDocument: Codable, Hashable, Sendable {
    package var name: String
    package var id: UInt64
    package var uuid: String
    /// The manuals' word: `Initializing`, `Running`, `ShuttingDown`, `Rebooting`, `Pausing`, `Unpausing`, `Suspending`, `Suspended`,
    /// `Resuming`, `Migrating`, `PoweredOff`, `Paused`, `Error`, `Unknown`.
    package var status: String
    /// Why it is in this status, in a sentence; absent when there is nothing to say.
    package var cause: String?
    /// What its users want: `running`, `stopped`, `paused`, `rebooting` or `suspended`.
    package var intent: String
    /// The server that it is placed on; absent when it is placed nowhere.
    package var server: String?
    /// Where a domain of it is seen that the pool did not ask for: while there is one, it is not started. Absent when there is none.
    package var seenOn: [SightingDocument]?
    /// Counts its placements.
    package var epoch: UInt64
    package var requirements: RequirementsDocument
    /// The names of its preferred servers; empty means every server of the pool.
    package var preferredServers: [String]
    package var tagCount: Int
    /// The names of the rules that it is a member of, by its name or by a tag; only where one machine is asked for.
    package var rules: [String]?
    /// The task that works on it; absent when none does.
    package var task: UInt64?
    /// The vm.cfg text as given; only where one machine is asked for.
    package var configuration: String?
    /// What of the vm.cfg is not carried out, or in another way, by the hypervisor of its server (of one that is placed nowhere, of the
    /// servers that it may run on); only where one machine is asked for, and absent when there is nothing.
    package var warnings: [ConfigurationWarningDocument]?
    /// What can be asked of it in its status: `start`, `stop`, `reboot`, `pause`, `unpause`, `suspend`, `resume`, `migrate`, `resize`, `delete`,
    /// `reset-status`.
    package var operations: [String]
    /// Where its memory is, or is being written to or read from; absent when it has no image.
    package var image: ImageDocument?
    /// Where a suspend would write its memory to now; only where one machine is asked for that can be suspended.
    package var suspendsTo: ImageDocument?
    /// The migration that is under way; absent when none is.
    package var migration: MigrationDocument?
    /// The servers that have not taken down yet what ended migrations left there; absent when there are none.
    package var remnantsOn: [String]?

    package init(
        name: String, id: UInt64, uuid: String, status: String, cause: String?, intent: String, server: String?, epoch: UInt64,
        requirements: RequirementsDocument, preferredServers: [String], tagCount: Int, task: UInt64?, configuration: String?,
        operations: [String], seenOn: [SightingDocument]? = nil, warnings: [ConfigurationWarningDocument]? = nil, rules: [String]? = nil,
        image: ImageDocument? = nil, suspendsTo: ImageDocument? = nil, migration: MigrationDocument? = nil, remnantsOn: [String]? = nil
    ) {
        self.name = name
        self.id = id
        self.uuid = uuid
        self.status = status
        self.cause = cause
        self.intent = intent
        self.server = server
        self.epoch = epoch
        self.requirements = requirements
        self.preferredServers = preferredServers
        self.tagCount = tagCount
        self.task = task
        self.configuration = configuration
        self.operations = operations
        self.seenOn = seenOn
        self.warnings = warnings
        self.rules = rules
        self.image = image
        self.suspendsTo = suspendsTo
        self.migration = migration
        self.remnantsOn = remnantsOn
    }
}

/// Where the memory of a suspended virtual machine lies.
package struct ImageDocument: Codable, Hashable, Sendable {
    /// The server that wrote it.
    package var server: String
    /// The shared storage root that it lies below; absent where it lies on the server's own disk, and can be resumed there only.
    package var sharedRoot: String?

    package init(server: String, sharedRoot: String?) {
        self.server = server
        self.sharedRoot = sharedRoot
    }
}

/// A domain of a virtual machine that its server sees although the pool did not ask for it there.
package struct SightingDocument: Codable, Hashable, Sendable {
    package var server: String
    /// Xen's number of it there.
    package var domain: UInt32

    package init(server: String, domain: UInt32) {
        self.server = server
        self.domain = domain
    }
}

/// What a virtual machine needs of a server.
package struct RequirementsDocument: Codable, Hashable, Sendable {
    /// `pv`, `pvh` or `hvm`.
    package var domainType: String
    package var memoryMiB: Int
    package var virtualCPUs: Int
    package var interfaces: [InterfaceDocument]
    /// Host paths of the disks, without empty CD drives.
    package var diskPaths: [String]
    /// Space for images that are still to be created.
    package var newImageMiB: Int
    /// Up to where memory and virtual CPUs can grow while it runs.
    package var maximumMemoryMiB: Int
    package var maximumVirtualCPUs: Int
    /// What becomes of it when its guest ends by itself: `destroy`, `restart`, `preserve`, `coredump-destroy` or `coredump-restart`.
    package var onPowerOff: String
    package var onReboot: String
    package var onCrash: String

    package init(
        domainType: String, memoryMiB: Int, virtualCPUs: Int, interfaces: [InterfaceDocument], diskPaths: [String], newImageMiB: Int,
        maximumMemoryMiB: Int, maximumVirtualCPUs: Int, onPowerOff: String, onReboot: String, onCrash: String
    ) {
        self.domainType = domainType
        self.memoryMiB = memoryMiB
        self.virtualCPUs = virtualCPUs
        self.interfaces = interfaces
        self.diskPaths = diskPaths
        self.newImageMiB = newImageMiB
        self.maximumMemoryMiB = maximumMemoryMiB
        self.maximumVirtualCPUs = maximumVirtualCPUs
        self.onPowerOff = onPowerOff
        self.onReboot = onReboot
        self.onCrash = onCrash
    }
}

/// A virtual network interface's needs.
package struct InterfaceDocument: Codable, Hashable, Sendable {
    package var bridge: String
    /// Kilobits (1,000 bits) a second.
    package var rateKbps: Int

    package init(bridge: String, rateKbps: Int) {
        self.bridge = bridge
        self.rateKbps = rateKbps
    }
}

/// All virtual machines, by name (`GET /v1/vms`).
package struct MachineListDocument: PagedDocument, Hashable {
    package var machines: [MachineDocument]
    /// For `after`, where more follow.
    package var next: String?

    package init(machines: [MachineDocument], next: String? = nil) {
        self.machines = machines
        self.next = next
    }

    package mutating func append(_ page: MachineListDocument) {
        machines += page.machines
        next = page.next
    }
}

/// A virtual machine that was created, and what to look at in its configuration (`POST /v1/vms`).
package struct MachineCreatedDocument: Codable, Hashable, Sendable {
    package var machine: MachineDocument
    package var warnings: [ConfigurationWarningDocument]

    package init(machine: MachineDocument, warnings: [ConfigurationWarningDocument]) {
        self.machine = machine
        self.warnings = warnings
    }
}

/// Something in a vm.cfg that was accepted but should be looked at.
package struct ConfigurationWarningDocument: Codable, Hashable, Sendable {
    /// Counted from 1.
    package var line: Int
    /// Counted from 1 in Unicode scalars.
    package var column: Int
    package var message: String

    package init(line: Int, column: Int, message: String) {
        self.line = line
        self.column = column
        self.message = message
    }
}

/// Where a start would place a virtual machine, and why (`GET /v1/vms/{name}/explain`).
package struct ExplanationDocument: Codable, Hashable, Sendable {
    package var machine: String
    /// The name of the server that a start would choose; absent when every server refuses.
    package var chosen: String?
    /// Every server: candidates first, the best one first; then those that were refused, by name.
    package var servers: [ServerExplanationDocument]

    package init(machine: String, chosen: String?, servers: [ServerExplanationDocument]) {
        self.machine = machine
        self.chosen = chosen
        self.servers = servers
    }
}

/// One server's score, or the first rule that refused it.
package struct ServerExplanationDocument: Codable, Hashable, Sendable {
    package var server: String
    /// The smallest share, in millionths; absent when the server is refused.
    package var score: Int?
    /// Absent when the server is refused.
    package var shares: SharesDocument?
    /// Absent when the server is a candidate.
    package var refusal: RefusalDocument?
    /// The soft rules that a start there would break; absent where it would break none. The fewer, the better, whatever the score.
    package var brokenRules: [BrokenRuleDocument]?

    package init(
        server: String, score: Int?, shares: SharesDocument?, refusal: RefusalDocument?, brokenRules: [BrokenRuleDocument]? = nil
    ) {
        self.server = server
        self.score = score
        self.shares = shares
        self.refusal = refusal
        self.brokenRules = brokenRules
    }
}

/// What share of each resource would remain free after the start, in millionths.
package struct SharesDocument: Codable, Hashable, Sendable {
    package var memory: Int
    package var virtualCPUs: Int
    package var network: Int
    package var disk: Int

    package init(memory: Int, virtualCPUs: Int, network: Int, disk: Int) {
        self.memory = memory
        self.virtualCPUs = virtualCPUs
        self.network = network
        self.disk = disk
    }
}

/// Why a server was passed over.
package struct RefusalDocument: Codable, Hashable, Sendable {
    /// A stable word, such as `not-enough-memory`.
    package var type: String
    /// A sentence with the figures.
    package var message: String

    package init(type: String, message: String) {
        self.type = type
        self.message = message
    }
}
