/// What kinds of things events are about; the words are stable, and the first half of an event's target.
package enum PoolObjectKind: String, Hashable, Sendable, CaseIterable {
    case pool
    case server
    /// A virtual machine.
    case machine = "vm"
    case rule
    /// A join token.
    case token
    case task
    /// An operator's.
    case credential
}

/// What happens in a pool; the words are stable, and what events are filtered by.
package enum PoolEventKind: String, Hashable, Sendable, CaseIterable {
    case poolCreated = "pool-created"
    case formatRaised = "format-raised"
    case settingChanged = "setting-changed"
    case credentialCreated = "credential-created"
    case credentialRevoked = "credential-revoked"
    case tokenCreated = "token-created"
    case tokenRevoked = "token-revoked"
    case serverJoined = "server-joined"
    case serverRemoved = "server-removed"
    /// What a server has to offer has changed.
    case serverFacts = "server-facts"
    case serverLost = "server-lost"
    case serverReachable = "server-reachable"
    /// It has named the mainboard that it is bound to from now on.
    case serverHardwareBound = "server-hardware-bound"
    case sessionOpened = "session-opened"
    case sessionReleased = "session-released"
    case maintenanceOn = "maintenance-on"
    case maintenanceOff = "maintenance-off"
    case machineCreated = "vm-created"
    case machineChanged = "vm-changed"
    case machineDeleted = "vm-deleted"
    /// A disk or an interface was attached or detached, or a drive got another medium.
    case machineDeviceChanged = "vm-device-changed"
    case machinePlaced = "vm-placed"
    case machineStopping = "vm-stopping"
    case machineRebooting = "vm-rebooting"
    case machineSuspending = "vm-suspending"
    /// It is to move to another server.
    case machineMigrating = "vm-migrating"
    /// It was handed over to another server.
    case machineMigrated = "vm-migrated"
    /// It was not, and stays where it is.
    case machineMigrationFailed = "vm-migration-failed"
    /// The image of its memory was thrown away.
    case machineImageDiscarded = "vm-image-discarded"
    /// Somebody looks at its text console, its display or the log of what it has printed.
    case machineConsoleOpened = "vm-console-opened"
    /// Its status is another.
    case machineStatus = "vm-status"
    /// The memory of its ended guest is in a file on its server.
    case machineCoreDumped = "vm-core-dumped"
    /// It could not be written there.
    case machineCoreDumpFailed = "vm-core-dump-failed"
    /// A domain of it is seen that the pool did not start.
    case machineSeenOutside = "vm-seen-outside"
    /// Domains of it are seen on two servers or more.
    case machineSeenTwice = "vm-seen-twice"
    /// Such a domain is not seen any more.
    case machineGoneOutside = "vm-gone-outside"
    case tagSet = "tag-set"
    case tagDeleted = "tag-deleted"
    case ruleCreated = "rule-created"
    case ruleChanged = "rule-changed"
    case ruleDeleted = "rule-deleted"
    case taskCancelled = "task-cancelled"
}
