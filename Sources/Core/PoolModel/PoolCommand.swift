/// Everything that changes the pool's state. Each is one entry of the log, wrapped in a `PoolEntry`.
///
/// Adding a case touches, in order: this file, PoolStateMachine (apply, authorisation), WireFormat, a view, a test.
package enum PoolCommand: Hashable, Sendable {
    // MARK: The pool

    /// Founds the pool; the first command of its log, void ever after.
    case createPool(PoolFoundation)
    /// Raises the format version that chooses how commands are applied; void unless it is the current one plus 1 or more.
    case raiseFormat(version: Int)
    /// Changes pool-wide settings: all that are named, or none.
    case changeSettings(PoolSettingsChange)

    // MARK: Servers and sessions

    /// Opens session `session` of a server, void unless the previous number is current (fencing: HELLO).
    case hello(ServerHello)
    /// An orderly end of a session: domains run on and are placed nowhere else (fencing: RELEASED).
    case released(server: ServerID, session: SessionNumber)
    /// The facts of a server, in its current session.
    case serverFacts(server: ServerID, session: SessionNumber, ServerFacts)
    /// Every domain of the pool's machines that a server sees and was not asked for, in its current session: sorted by machine, one for
    /// each. What is not in it is not seen there any more.
    case strays(server: ServerID, session: SessionNumber, [StrayDomain])
    /// The master's observation whether it hears a server's current session. Void if the session is not current.
    case reachability(server: ServerID, session: SessionNumber, isReachable: Bool)
    /// Keeps new starts away from a server, or ends that.
    case maintenance(server: ServerID, isOn: Bool)
    /// Takes a server out of the pool for good; refused while placements are bound to it.
    case removeServer(ServerID)

    // MARK: Joining

    /// Stores a join token.
    case createToken(JoinToken)
    /// Withdraws a token that has not been used.
    case revokeToken(TokenID)
    /// Consumes a token for a joiner's key and gives it a server identifier; the same key may repeat it until expiry.
    case join(JoinRequest)

    // MARK: Virtual machines

    case createMachine(MachineDefinition)
    case deleteMachine(VirtualMachineID)
    case changeMachine(VirtualMachineID, MachineChange)
    /// Attaches or detaches a disk or an interface, or changes a drive's medium. While the machine runs that is a task, and its text is
    /// changed once its server has said that the device is; else the text changes at once.
    case changeDevice(VirtualMachineID, DeviceChange)
    /// Wants the machine running; begins a task. *Apply itself* decides the placement, from the state at this entry's index and by
    /// the format version's Placement function, so that racing starts never see a stale state and never overcommit a server.
    /// It makes placement epoch + 1 in the chosen server's current session, or refuses with every server's reason.
    case startMachine(VirtualMachineID)
    /// Wants the machine stopped; begins a task. `force` destroys the domain instead of asking the guest. `patience` is how long the
    /// guest may take, counted by its server from the asking on, until the domain is destroyed; nil means as long as it likes. With both
    /// the guest is asked, and the domain is destroyed when its time is up, as by `patience` alone.
    case stopMachine(VirtualMachineID, force: Bool, patience: Duration? = nil)
    /// Wants the machine stopped and started anew on the same server; begins a task. `force` and `patience` as of a stop.
    case rebootMachine(VirtualMachineID, force: Bool, patience: Duration? = nil)
    /// Wants the machine's virtual CPUs to stand still, its memory kept; begins a task.
    case pauseMachine(VirtualMachineID)
    /// Wants a paused machine to go on; begins a task.
    case unpauseMachine(VirtualMachineID)
    /// Wants the machine's memory in an image, and its domain gone; begins a task. Apply decides where the image is to lie: below a shared
    /// storage root where its server has one with room, else on the server's own disk.
    case suspendMachine(VirtualMachineID)
    /// Wants a suspended machine to go on from its image, on a server that reaches it; begins a task. Apply decides the placement, as of a
    /// start, and hands the image to it.
    case resumeMachine(VirtualMachineID)
    /// The server that had to remove the discarded image `epoch` has done so, or could not: `failure` is a sentence.
    case imageRemoved(VirtualMachineID, server: ServerID, session: SessionNumber, epoch: PlacementEpoch, failure: String?)
    /// Wants a running machine on another server; begins a task. Apply decides which, as of a start, from the state at this entry's index,
    /// and reserves room there (MIGRATING).
    case migrateMachine(VirtualMachineID, MigrationWish)
    /// The word of the receiving server on the attempt `epoch` to migrate a machine, in its current session. What is received is handed
    /// over to it by the very command (HANDED_OVER), unless the attempt was given up before (ABORTED).
    case migrationReported(VirtualMachineID, server: ServerID, session: SessionNumber, epoch: PlacementEpoch, MigrationWord)
    /// The server has nothing any more of what an ended migration left there under the placement `epoch`.
    case remnantGone(VirtualMachineID, server: ServerID, session: SessionNumber, epoch: PlacementEpoch)
    /// Notes that somebody looks at a console of the placement `epoch`; changes nothing else.
    case openConsole(VirtualMachineID, epoch: PlacementEpoch, ConsoleKind)
    /// A server's word on the placement `epoch` of a machine, in its current session.
    case observed(VirtualMachineID, server: ServerID, session: SessionNumber, epoch: PlacementEpoch, MachineObservation)
    /// Forgets an Error once its cause has been read.
    case resetMachineStatus(VirtualMachineID)
    /// Cancels a task that has not ended; what cannot be undone goes on and says so.
    case cancelTask(TaskID)

    // MARK: Tags

    /// Sets a tag: the value is at most 1,024 bytes of UTF-8.
    case putTag(VirtualMachineID, key: TagKey, value: String)
    case deleteTag(VirtualMachineID, key: TagKey)

    // MARK: Rules

    /// Keeps virtual machines together or apart from the next start on; what runs is not moved.
    case createRule(RuleDefinition)
    /// Changes a rule's strength and members, from the next start on; its name and kind stay.
    case changeRule(RuleID, RuleChange)
    case deleteRule(RuleID)

    // MARK: Operators

    /// Stores an operator's credential: only the digest of its secret.
    case createCredential(OperatorCredential)
    case revokeCredential(CredentialID)
}

/// A command on its way to, or in, the log: with who asked, when and why.
package struct PoolEntry: Hashable, Sendable {
    package let command: PoolCommand
    package let principal: Principal
    /// The proposer's clock; the state machine makes pool time of it.
    package let proposedAt: PoolTime
    /// What the caller gave as its reason; empty when none. At most 256 bytes.
    package let reason: String
    /// Which member forwards it, so that it is applied once. Nil for what is idempotent by itself (HELLO, the master's own).
    package let request: RequestIdentity?
    /// The client's key, where one was given.
    package let idempotency: IdempotencyKey?
    /// The index of the last change of what the command is to change, as the caller knows it: applied only if that is still so.
    /// Nil where the caller does not mind.
    package let expected: LogIndex?

    package init(
        command: PoolCommand, principal: Principal, proposedAt: PoolTime, reason: String = "", request: RequestIdentity? = nil,
        idempotency: IdempotencyKey? = nil, expected: LogIndex? = nil
    ) {
        self.command = command
        self.principal = principal
        self.proposedAt = proposedAt
        self.reason = reason
        self.request = request
        self.idempotency = idempotency
        self.expected = expected
    }

    /// The same by another clock.
    package func proposed(at time: PoolTime) -> PoolEntry {
        PoolEntry(
            command: command, principal: principal, proposedAt: time, reason: reason, request: request, idempotency: idempotency,
            expected: expected)
    }
}
