package import PoolModel

/// What the pool is.
package struct PoolSummary: Hashable, Sendable {
    package let pool: PoolID
    package let name: String
    /// SHA-256 of the pool authority's public key.
    package let authority: SHA256Digest

    package init(pool: PoolID, name: String, authority: SHA256Digest) {
        self.pool = pool
        self.name = name
        self.authority = authority
    }
}

/// Pool-wide settings; a new pool has these.
package struct PoolSettings: Hashable, Sendable {
    /// Virtual CPUs for each physical one.
    package var overcommitRatio = 4
    /// The most servers that vote.
    package var voterLimit = 5
    /// How long a voter is silent before a caught-up server votes in its place.
    package var voterReplacement: Duration = .seconds(600)
    /// The index of the last change; zero before the first.
    package var changedAt = LogIndex.zero

    package init() {}
}

/// An Oracle VM Server as the pool knows it.
package struct Server: Hashable, Sendable {
    package let id: ServerID
    package var name: ServerName
    package var peerAddress: String
    package var queryAddress: String
    package var roles: ServerRoles
    package var key: SHA256Digest
    package var storage: UniqueIdentifier
    /// The SMBIOS UUID of the mainboard that it is bound to; nil until it names one.
    package var hardware: UniqueIdentifier?
    package var facts: ServerFacts?
    /// The current session; it is open unless released.
    package var session = SessionNumber.none
    package var isSessionOpen = false
    package var boot: UniqueIdentifier?
    package var run: UniqueIdentifier?
    package var formatVersion = 1
    package var agentVersion = ""
    package var isReachable = true
    package var isInMaintenance = false
    /// The domains of the pool's machines that it last saw unasked, sorted by machine; kept while it is not heard.
    package var strays: [StrayDomain] = []
    /// Removed servers are kept by name and number only, so that their number is never given again and they are told.
    package var isRemoved = false
    /// When it joined, in pool time.
    package var joinedAt = PoolTime.zero
    /// The index of the last change.
    package var changedAt = LogIndex.zero

    package init(id: ServerID, _ server: NewServer) {
        self.id = id
        name = server.name
        peerAddress = server.peerAddress
        queryAddress = server.queryAddress
        roles = server.roles
        key = server.key
        storage = server.storage
        hardware = server.hardware
    }
}

/// A virtual machine as the pool knows it.
package struct VirtualMachine: Hashable, Sendable {
    package let id: VirtualMachineID
    package let name: VirtualMachineName
    package let uuid: UniqueIdentifier
    package internal(set) var configuration: String
    /// The name in the configuration where that is another one.
    package let configuredName: String?
    package var requirements: MachineRequirements
    package var preferredServers: [ServerID]
    package var intent = MachineIntent.stopped
    /// Whether a stop or a reboot destroys the domain instead of asking the guest.
    package var isStopForced = false
    /// How long the guest may take to end once it is asked to, before its domain is destroyed; nil: as long as it likes.
    package var stopPatience: Duration?
    package var status = MachineStatus.poweredOff
    /// What happened last, as a sentence; empty when nothing did.
    package var cause = ""
    package var placement: MachinePlacement?
    /// What the running domain had before a resize that is not done yet: until it is, the larger of both stays reserved.
    package var formerRequirements: MachineRequirements?
    /// The change of a device that its server is carrying out; until that is done the machine's text is as before.
    package var deviceChange: DeviceChange?
    /// How the placement's guest ended by itself, once its server has said so.
    package var ended: MachineEnd?
    /// Its memory's image: of its placement while it is written, of no placement while it is suspended or the image is being removed.
    package var image: SuspendedImage?
    /// The attempt to migrate it that has not ended; its placement is the source's until then.
    package var migration: MachineMigration?
    /// What ended migrations left on servers, oldest first.
    package var remnants: [MachineRemnant] = []
    /// The epoch of the newest placement there ever was, or was to be.
    package var epoch = PlacementEpoch.none
    /// The task that has not ended.
    package var task: TaskID?
    package var tags: [TagKey: String] = [:]
    /// The sum of each tag's digest: equal tags, equal digest, whatever their order.
    package var tagDigest: UInt64 = 0
    package var createdAt = LogIndex.zero
    package var changedAt = LogIndex.zero

    package init(id: VirtualMachineID, _ definition: MachineDefinition) {
        self.id = id
        name = definition.name
        uuid = definition.uuid
        configuration = definition.configuration
        configuredName = definition.configuredName
        requirements = definition.requirements
        preferredServers = definition.preferredServers
    }

    /// For a snapshot: what cannot change after creation.
    package init(
        id: VirtualMachineID, name: VirtualMachineName, uuid: UniqueIdentifier, configuration: String, requirements: MachineRequirements,
        preferredServers: [ServerID], configuredName: String?
    ) {
        self.id = id
        self.name = name
        self.uuid = uuid
        self.configuration = configuration
        self.configuredName = configuredName
        self.requirements = requirements
        self.preferredServers = preferredServers
    }

    /// What is reserved for it where it is placed.
    package var reserved: MachineRequirements {
        var reserved = requirements
        if let former = formerRequirements {
            reserved.memory = max(former.memory, requirements.memory)
            reserved.virtualCPUs = max(former.virtualCPUs, requirements.virtualCPUs)
        }
        // An interface that comes has its room before it is there, and one that goes keeps it until it is gone.
        if let change = deviceChange, change.operation.kind == .attachInterface { reserved.interfaces = change.interfaces }
        return reserved
    }

    /// Whether the domain of its ended guest is kept until its memory is dumped. Who forces a stop or a reboot does not wait for that.
    package var isDumpAwaited: Bool {
        guard let ended, ended.dump == nil, !isStopForced else { return false }
        return requirements.endActions.action(for: ended.reason)?.isCoreDump ?? false
    }
}

/// How a guest ended by itself.
package struct MachineEnd: Hashable, Sendable {
    package let reason: MachineStopReason
    /// So soon after its start that it is not started anew.
    package let isTooSoon: Bool
    /// What became of its core dump; nil while that is not known, and for ever where none is wanted.
    package var dump: MachineDump?

    package init(reason: MachineStopReason, isTooSoon: Bool, dump: MachineDump? = nil) {
        self.reason = reason
        self.isTooSoon = isTooSoon
        self.dump = dump
    }
}

/// A placement rule as the pool keeps it.
package struct Rule: Hashable, Sendable {
    package let id: RuleID
    package let definition: RuleDefinition
    /// The index of its last change; at first that of its creation, by which it is numbered.
    package let changedAt: LogIndex

    /// - Parameter changedAt: nil for a rule that never changed.
    package init(id: RuleID, definition: RuleDefinition, changedAt: LogIndex? = nil) {
        self.id = id
        self.definition = definition
        self.changedAt = changedAt ?? LogIndex(id.number)
    }
}

/// A join token as the pool keeps it.
package struct StoredToken: Hashable, Sendable {
    package let id: TokenID
    package let token: JoinToken
    package let expiresAt: PoolTime
    package let createdBy: String
    package var isRevoked = false
    /// The key that used it, and the server that it became.
    package var usedBy: SHA256Digest?
    package var server: ServerID?

    package init(id: TokenID, token: JoinToken, expiresAt: PoolTime, createdBy: String) {
        self.id = id
        self.token = token
        self.expiresAt = expiresAt
        self.createdBy = createdBy
    }
}

/// An operator's credential as the pool keeps it.
package struct StoredCredential: Hashable, Sendable {
    package let id: CredentialID
    package let credential: OperatorCredential
    package var isRevoked = false

    package init(id: CredentialID, credential: OperatorCredential) {
        self.id = id
        self.credential = credential
    }
}

/// What a task does.
package enum PoolTaskKind: String, Hashable, Sendable, CaseIterable {
    case start
    case stop
    case reboot
    case pause
    case unpause
    case suspend
    case resume
    /// Memory or virtual CPUs change while it runs.
    case resize
    case migrate
    /// A disk or an interface comes or goes, or a drive gets another medium, while it runs.
    case changeDevice = "change-device"
}

/// How far a task is.
package enum PoolTaskState: String, Hashable, Sendable, CaseIterable {
    case waiting
    case running
    case done
    case failed
    case cancelled

    package var hasEnded: Bool { self == .done || self == .failed || self == .cancelled }
}

/// An operation that outlasts its request.
package struct PoolTask: Hashable, Sendable {
    package let id: TaskID
    package let kind: PoolTaskKind
    package let machine: VirtualMachineID
    package let machineName: VirtualMachineName
    package let principal: String
    package let startedAt: PoolTime
    package var endedAt: PoolTime?
    package var state: PoolTaskState
    /// Why it is as it is: a sentence.
    package var cause: String
    /// The index of the last change.
    package var changedAt: LogIndex

    package init(
        id: TaskID, kind: PoolTaskKind, machine: VirtualMachineID, machineName: VirtualMachineName, principal: String,
        startedAt: PoolTime, endedAt: PoolTime? = nil, state: PoolTaskState, cause: String, changedAt: LogIndex
    ) {
        self.id = id
        self.kind = kind
        self.machine = machine
        self.machineName = machineName
        self.principal = principal
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.state = state
        self.cause = cause
        self.changedAt = changedAt
    }
}

/// One thing that happened in the pool.
package struct PoolEvent: Hashable, Sendable {
    package let index: LogIndex
    /// Counts the events of one entry from 0.
    package let ordinal: Int
    package let time: PoolTime
    package let principal: String
    /// What the caller gave; empty when nothing.
    package let reason: String
    /// A `PoolObjectKind`; as text, since the log may be older or newer than this program.
    package let objectKind: String
    package let object: String
    /// A `PoolEventKind`, as text for the same reason.
    package let kind: String
    /// A sentence for people.
    package let text: String

    package init(
        index: LogIndex, ordinal: Int, time: PoolTime, principal: String, reason: String, objectKind: String, object: String,
        kind: String, text: String
    ) {
        self.index = index
        self.ordinal = ordinal
        self.time = time
        self.principal = principal
        self.reason = reason
        self.objectKind = objectKind
        self.object = object
        self.kind = kind
        self.text = text
    }

    /// About how many bytes it takes.
    var size: Int {
        96 + principal.utf8.count + reason.utf8.count + objectKind.utf8.count + object.utf8.count + kind.utf8.count + text.utf8.count
    }
}
