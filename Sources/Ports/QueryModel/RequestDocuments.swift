/// A virtual machine to be created (`POST /v1/vms`).
package struct CreateMachineRequest: Codable, Hashable, Sendable {
    /// The vm.cfg text, at most 64 KiB.
    package var configuration: String
    /// Names of the servers that it may run on; absent or empty means every server of the pool.
    package var preferredServers: [String]?
    /// Its name in the pool; absent takes the configuration's.
    package var name: String?

    package init(configuration: String, preferredServers: [String]? = nil, name: String? = nil) {
        self.configuration = configuration
        self.preferredServers = preferredServers
        self.name = name
    }
}

/// A change to a virtual machine; what is absent stays as it is (`PATCH /v1/vms/{name}`).
package struct ChangeMachineRequest: Codable, Hashable, Sendable {
    package var memoryMiB: Int?
    package var virtualCPUs: Int?
    /// An empty list means every server of the pool.
    package var preferredServers: [String]?
    /// Rules between virtual machines that are to name it, and that are to name it no longer.
    package var addRules: [String]?
    package var removeRules: [String]?

    package init(
        memoryMiB: Int? = nil, virtualCPUs: Int? = nil, preferredServers: [String]? = nil, addRules: [String]? = nil,
        removeRules: [String]? = nil
    ) {
        self.memoryMiB = memoryMiB
        self.virtualCPUs = virtualCPUs
        self.preferredServers = preferredServers
        self.addRules = addRules
        self.removeRules = removeRules
    }
}

/// A disk to be attached (`POST /v1/vms/{name}/disks`).
package struct AttachDiskRequest: Codable, Hashable, Sendable {
    /// An element of the vm.cfg's `disk`, such as `phy:/dev/vg/data,xvdb,w`.
    package var disk: String

    package init(disk: String) { self.disk = disk }
}

/// A network interface to be attached (`POST /v1/vms/{name}/interfaces`).
package struct AttachInterfaceRequest: Codable, Hashable, Sendable {
    /// An element of the vm.cfg's `vif`, such as `bridge=xenbr0`.
    package var interface: String

    package init(interface: String) { self.interface = interface }
}

/// A medium to be put into a CD drive (`PUT /v1/vms/{name}/cds/{drive}`).
package struct InsertMediumRequest: Codable, Hashable, Sendable {
    /// A file or device on the server that the machine runs on.
    package var path: String

    package init(path: String) { self.path = path }
}

/// A change of pool-wide settings; what is absent stays as it is (`PATCH /v1/pool/settings`).
package struct ChangeSettingsRequest: Codable, Hashable, Sendable {
    /// Virtual CPUs for each physical one: 1 to 64.
    package var overcommitRatio: Int?
    /// The most servers that vote: 1, 3, 5 or 7.
    package var voterLimit: Int?
    /// 10 to 2,592,000 (30 days): how long a voter is silent before a caught-up server votes in its place.
    package var voterReplacementSeconds: Int64?

    package init(overcommitRatio: Int? = nil, voterLimit: Int? = nil, voterReplacementSeconds: Int64? = nil) {
        self.overcommitRatio = overcommitRatio
        self.voterLimit = voterLimit
        self.voterReplacementSeconds = voterReplacementSeconds
    }
}

/// How to stop or reboot a virtual machine (`POST /v1/vms/{name}/stop` and `/reboot`); an absent body asks the guest.
package struct StopMachineRequest: Codable, Hashable, Sendable {
    /// Destroys the domain: at once, or where `timeoutSeconds` is given when that time is up.
    package var force: Bool?
    /// 1 to 86,400: how long the guest may take once it is asked, before its domain is destroyed, with or without `force`; absent: as
    /// long as it likes.
    package var timeoutSeconds: Int?

    package init(force: Bool? = nil, timeoutSeconds: Int? = nil) {
        self.force = force
        self.timeoutSeconds = timeoutSeconds
    }
}

/// A join token to be created (`POST /v1/tokens`).
package struct CreateTokenRequest: Codable, Hashable, Sendable {
    /// Of `vm`, `utility`; absent means both.
    package var roles: [String]?
    /// 60 (a minute) to 2,592,000 (30 days); absent means 10,800 (3 hours).
    package var ttlSeconds: Int64?

    /// What an absent `ttlSeconds` means.
    package static let defaultTTLSeconds: Int64 = 10_800

    package init(roles: [String]? = nil, ttlSeconds: Int64? = nil) {
        self.roles = roles
        self.ttlSeconds = ttlSeconds
    }
}
