/// What the pool is, or was, at one index of its log (`GET /v1/pool/state`): the page of servers, virtual machines, rules and tags that
/// goes into one answer. All its pages are of the same index.
package struct PoolStateDocument: PagedDocument, Hashable {
    package var index: UInt64
    /// Pool time at that index.
    package var time: QueryTime
    /// The first index that the answering server can still go back to; absent when the present was asked for.
    package var firstIndex: UInt64?
    package var pool: PoolDocument
    /// By name. Who was master is no part of the state: of a past one nobody is.
    package var servers: [ServerDocument]
    /// By name, without their vm.cfg.
    package var machines: [MachineDocument]
    /// The rules between virtual machines, by name.
    package var rules: [RuleDocument]
    /// The tags of all virtual machines, by the machine's name and by key.
    package var tags: [MachineTagDocument]
    /// How many tags there are on all pages together.
    package var tagCount: Int
    /// How many rules there are on all pages together.
    package var ruleCount: Int
    /// For `after`, where more follow.
    package var next: String?

    package init(
        index: UInt64, time: QueryTime, firstIndex: UInt64?, pool: PoolDocument, servers: [ServerDocument], machines: [MachineDocument],
        rules: [RuleDocument], tags: [MachineTagDocument], tagCount: Int, ruleCount: Int, next: String? = nil
    ) {
        self.index = index
        self.time = time
        self.firstIndex = firstIndex
        self.pool = pool
        self.servers = servers
        self.machines = machines
        self.rules = rules
        self.tags = tags
        self.tagCount = tagCount
        self.ruleCount = ruleCount
        self.next = next
    }

    package mutating func append(_ page: PoolStateDocument) {
        servers += page.servers
        machines += page.machines
        rules += page.rules
        tags += page.tags
        next = page.next
    }
}

/// A tag with the virtual machine that has it.
package struct MachineTagDocument: Codable, Hashable, Sendable {
    package var machine: String
    package var key: String
    package var value: String

    package init(machine: String, key: String, value: String) {
        self.machine = machine
        self.key = key
        self.value = value
    }
}

/// What changed between two indexes of the log, who did it and why (`GET /v1/pool/diff`).
package struct PoolDiffDocument: Codable, Hashable, Sendable {
    package var from: UInt64
    package var to: UInt64
    /// Pool time at `from`.
    package var fromTime: QueryTime
    /// Pool time at `to`.
    package var toTime: QueryTime
    /// The first index that the answering server can still go back to.
    package var firstIndex: UInt64
    /// How many objects changed; more than `objects` holds when they are too many for one answer.
    package var objectCount: Int
    /// By kind (pool, server, vm, rule, token, credential), then by name.
    package var objects: [ObjectDiffDocument]

    package init(
        from: UInt64, to: UInt64, fromTime: QueryTime, toTime: QueryTime, firstIndex: UInt64, objectCount: Int,
        objects: [ObjectDiffDocument]
    ) {
        self.from = from
        self.to = to
        self.fromTime = fromTime
        self.toTime = toTime
        self.firstIndex = firstIndex
        self.objectCount = objectCount
        self.objects = objects
    }
}

/// One object that differs.
package struct ObjectDiffDocument: Codable, Hashable, Sendable {
    /// `pool`, `server`, `vm`, `rule`, `token` or `credential`, as in events.
    package var kind: String
    package var name: String
    /// `added`, `removed` or `changed`. What was removed and made anew under its name is both removed and added.
    package var change: String
    /// What differs, by name.
    package var fields: [FieldDiffDocument]
    /// How many entries of the log did it; more than `entries` holds when they are too many for one answer.
    package var entryCount: Int
    /// The newest of them, the oldest first.
    package var entries: [ChangeEntryDocument]

    package init(
        kind: String, name: String, change: String, fields: [FieldDiffDocument], entryCount: Int, entries: [ChangeEntryDocument]
    ) {
        self.kind = kind
        self.name = name
        self.change = change
        self.fields = fields
        self.entryCount = entryCount
        self.entries = entries
    }
}

/// One field before and after, as text; cut after 1,024 characters.
package struct FieldDiffDocument: Codable, Hashable, Sendable {
    /// As in the object's own document, such as `requirements.memoryMiB`; `tags.KEY` for a tag.
    package var name: String
    /// Absent where there was none.
    package var before: String?
    /// Absent where there is none.
    package var after: String?

    package init(name: String, before: String?, after: String?) {
        self.name = name
        self.before = before
        self.after = after
    }
}

/// An entry of the log that changed an object: who, when and why.
package struct ChangeEntryDocument: Codable, Hashable, Sendable {
    package var index: UInt64
    /// Pool time.
    package var time: QueryTime
    /// Such as `operator admin`.
    package var principal: String
    /// Absent when none was given.
    package var reason: String?
    /// The event's stable word; absent where the entry noted nothing of this object.
    package var kind: String?
    /// The event's sentence.
    package var message: String?

    package init(index: UInt64, time: QueryTime, principal: String, reason: String?, kind: String?, message: String?) {
        self.index = index
        self.time = time
        self.principal = principal
        self.reason = reason
        self.kind = kind
        self.message = message
    }
}
