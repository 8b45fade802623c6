/// What founds a pool.
package struct PoolFoundation: Hashable, Sendable {
    package let pool: PoolID
    /// 1 to 63 of `[A-Za-z0-9._-]`.
    package let name: String
    /// SHA-256 of the pool authority's public key.
    package let authority: SHA256Digest
    /// The founder, which gets server identifier 1.
    package let founder: NewServer
    /// The first operator's credential.
    package let credential: OperatorCredential

    package init(pool: PoolID, name: String, authority: SHA256Digest, founder: NewServer, credential: OperatorCredential) {
        self.pool = pool
        self.name = name
        self.authority = authority
        self.founder = founder
        self.credential = credential
    }
}

/// A server as it introduces itself at bootstrap and join.
package struct NewServer: Hashable, Sendable {
    package let name: ServerName
    /// `HOST:PORT` of the peer network.
    package let peerAddress: String
    /// `HOST:PORT` of the query port.
    package let queryAddress: String
    package let roles: ServerRoles
    /// SHA-256 of the server's public key.
    package let key: SHA256Digest
    /// Made with the data directory: a known server with another one has lost its disk and is refused.
    package let storage: UniqueIdentifier
    /// The SMBIOS UUID of its mainboard, which the server's identity is bound to; nil while none is known.
    package let hardware: UniqueIdentifier?

    package init(
        name: ServerName, peerAddress: String, queryAddress: String, roles: ServerRoles, key: SHA256Digest, storage: UniqueIdentifier,
        hardware: UniqueIdentifier? = nil
    ) {
        self.name = name
        self.peerAddress = peerAddress
        self.queryAddress = queryAddress
        self.roles = roles
        self.key = key
        self.storage = storage
        self.hardware = hardware
    }
}

/// The opening of a session.
package struct ServerHello: Hashable, Sendable {
    package let server: ServerID
    /// The number of the session to open: the current one plus 1.
    package let session: SessionNumber
    /// Identifies the boot of the server (`/proc/sys/kernel/random/boot_id`; the simulated host's process).
    package let boot: UniqueIdentifier
    /// Random, made at the start of the agent's process: tells the agent that this HELLO is its own run's.
    package let run: UniqueIdentifier
    package let storage: UniqueIdentifier
    /// The SMBIOS UUID of the mainboard that the agent runs on; nil where the firmware tells none.
    package let hardware: UniqueIdentifier?
    /// The format versions that this agent can apply: 1 up to this.
    package let formatVersion: Int
    /// The agent's version, for people.
    package let agentVersion: String
    package let facts: ServerFacts
    /// The domains of the pool's machines that the server sees unasked, sorted by machine.
    package let strays: [StrayDomain]

    package init(
        server: ServerID, session: SessionNumber, boot: UniqueIdentifier, run: UniqueIdentifier, storage: UniqueIdentifier,
        hardware: UniqueIdentifier? = nil, formatVersion: Int, agentVersion: String, facts: ServerFacts, strays: [StrayDomain] = []
    ) {
        self.server = server
        self.session = session
        self.boot = boot
        self.run = run
        self.storage = storage
        self.hardware = hardware
        self.formatVersion = formatVersion
        self.agentVersion = agentVersion
        self.facts = facts
        self.strays = strays
    }
}

/// A domain of a virtual machine of the pool that no placement on its server asks for: started behind the pool's back, or left over.
package struct StrayDomain: Hashable, Sendable {
    package let machine: VirtualMachineID
    /// Xen's number of the domain on its server's present boot.
    package let domain: UInt32
    /// The placement that the pool created it for; nil for a domain that the pool did not create.
    package let epoch: PlacementEpoch?

    package init(machine: VirtualMachineID, domain: UInt32, epoch: PlacementEpoch? = nil) {
        self.machine = machine
        self.domain = domain
        self.epoch = epoch
    }
}

/// A domain of a virtual machine that its server sees although no placement there asks for it.
package struct MachineSighting: Hashable, Sendable {
    package let server: ServerID
    package let name: ServerName
    /// Xen's number of it there.
    package let domain: UInt32

    package init(server: ServerID, name: ServerName, domain: UInt32) {
        self.server = server
        self.name = name
        self.domain = domain
    }

    /// What is so, to stand within a sentence.
    package var words: String { "domain \(domain) of it is seen on server \(name), where the pool did not ask for it" }
}

/// A join token as stored: the secret only as a digest.
package struct JoinToken: Hashable, Sendable {
    package let secret: SHA256Digest
    package let roles: ServerRoles
    /// How long the token lives from the pool time at which it was applied; 1 minute to 30 days, in milliseconds.
    package let lifetimeMilliseconds: Int64

    package init(secret: SHA256Digest, roles: ServerRoles, lifetimeMilliseconds: Int64) {
        self.secret = secret
        self.roles = roles
        self.lifetimeMilliseconds = lifetimeMilliseconds
    }
}

/// A join, as the member that answered the joiner proposes it.
package struct JoinRequest: Hashable, Sendable {
    package let token: TokenID
    /// Digest of the secret that the joiner showed.
    package let secret: SHA256Digest
    package let server: NewServer

    package init(token: TokenID, secret: SHA256Digest, server: NewServer) {
        self.token = token
        self.secret = secret
        self.server = server
    }
}

/// A virtual machine to be created.
package struct MachineDefinition: Hashable, Sendable {
    package let name: VirtualMachineName
    package let uuid: UniqueIdentifier
    /// The vm.cfg text as given, at most 64 KiB.
    package let configuration: String
    package let requirements: MachineRequirements
    /// The servers it may run on; empty means every server of the pool. Sorted, without duplicates, at most 64.
    package let preferredServers: [ServerID]
    /// The name in the configuration where that is another one, at most 255 bytes: so is a domain called that somebody makes of the text.
    package let configuredName: String?

    package init(
        name: VirtualMachineName, uuid: UniqueIdentifier, configuration: String, requirements: MachineRequirements,
        preferredServers: [ServerID], configuredName: String? = nil
    ) {
        self.name = name
        self.uuid = uuid
        self.configuration = configuration
        self.requirements = requirements
        self.preferredServers = Array(Set(preferredServers)).sorted()
        self.configuredName = configuredName == name.text ? nil : configuredName
    }
}

/// A change to a virtual machine; nil leaves a value as it is. Memory and virtual CPUs change
/// while it is powered off and, within the maximum that it was started with, while it runs.
package struct MachineChange: Hashable, Sendable {
    package let memory: Mebibytes?
    package let virtualCPUs: Int?
    package let preferredServers: [ServerID]?
    /// Rules that are to name it, and rules that are to name it no longer; sorted, without duplicates.
    package let addedRules: [RuleID]
    package let removedRules: [RuleID]

    package init(
        memory: Mebibytes? = nil, virtualCPUs: Int? = nil, preferredServers: [ServerID]? = nil, addedRules: [RuleID] = [],
        removedRules: [RuleID] = []
    ) {
        self.memory = memory
        self.virtualCPUs = virtualCPUs
        self.preferredServers = preferredServers.map { Array(Set($0)).sorted() }
        self.addedRules = Array(Set(addedRules)).sorted()
        self.removedRules = Array(Set(removedRules)).sorted()
    }
}

/// An operator's credential: a bearer secret as a digest.
package struct OperatorCredential: Hashable, Sendable {
    /// 1 to 64 of `[A-Za-z0-9._-]`.
    package let name: String
    package let secret: SHA256Digest
    package let role: OperatorRole

    package init(name: String, secret: SHA256Digest, role: OperatorRole) {
        self.name = name
        self.secret = secret
        self.role = role
    }
}

/// What an operator may do; each role includes the ones before it.
package enum OperatorRole: Int, Hashable, Sendable, CaseIterable {
    /// Reads everything but secrets.
    case viewer = 1
    /// Also creates, changes, starts and stops virtual machines.
    case user = 2
    /// Also tokens, servers and settings.
    case administrator = 3
}

/// A change of pool-wide settings, range-checked where it is applied; nil leaves one as it is.
package struct PoolSettingsChange: Hashable, Sendable {
    /// Virtual CPUs for each physical one; 1 to 64.
    package let overcommitRatio: Int?
    /// The most voters: 1, 3, 5 or 7.
    package let voterLimit: Int?
    /// How long a voter is silent before a caught-up server votes in its place; whole seconds, 10 s to 30 days.
    package let voterReplacement: Duration?

    package init(overcommitRatio: Int? = nil, voterLimit: Int? = nil, voterReplacement: Duration? = nil) {
        self.overcommitRatio = overcommitRatio
        self.voterLimit = voterLimit
        self.voterReplacement = voterReplacement
    }
}
