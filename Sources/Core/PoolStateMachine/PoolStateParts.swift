import DequeModule
import Placement
package import PoolModel

/// Everything of a pool's state that a snapshot has to hold, in a fixed order. What is derived is rebuilt.
package struct PoolStateParts: Sendable {
    package var pool: PoolSummary?
    package var formatVersion = 1
    package var settings = PoolSettings()
    package var poolTime = PoolTime.zero
    package var appliedIndex = LogIndex.zero
    package var nextServer: UInt64 = 1
    package var nextMachine: UInt64 = 1
    /// Each list sorted by identifier.
    package var servers: [Server] = []
    package var machines: [VirtualMachine] = []
    package var rules: [Rule] = []
    package var tokens: [StoredToken] = []
    package var credentials: [StoredCredential] = []
    package var tasks: [PoolTask] = []
    /// The ended tasks, in the order in which they ended.
    package var endedTasks: [TaskID] = []
    package var events: [PoolEvent] = []
    package var eventsDroppedUpTo = LogIndex.zero
    package var eventDigest: UInt64 = 0
    package var requests: [(member: ServerID, history: RequestHistory)] = []
    /// In the order in which they expire.
    package var idempotencyKeys: [KeptIdempotencyKey] = []

    package init() {}
}

extension PoolState {
    /// The state as parts.
    package var parts: PoolStateParts {
        var parts = PoolStateParts()
        parts.pool = pool
        parts.formatVersion = formatVersion
        parts.settings = settings
        parts.poolTime = poolTime
        parts.appliedIndex = appliedIndex
        parts.nextServer = nextServer
        parts.nextMachine = nextMachine
        parts.servers = servers.values.sorted { $0.id < $1.id }
        parts.machines = machines.values.sorted { $0.id < $1.id }
        parts.rules = rules.values.sorted { $0.id < $1.id }
        parts.tokens = tokens.values.sorted { $0.id < $1.id }
        parts.credentials = credentials.values.sorted { $0.id < $1.id }
        parts.tasks = tasks.values.sorted { $0.id < $1.id }
        parts.endedTasks = Array(endedTasks)
        parts.events = Array(events.events)
        parts.eventsDroppedUpTo = events.droppedUpTo
        parts.eventDigest = events.digest
        parts.requests = requests.sorted { $0.key < $1.key }.map { (member: $0.key, history: $0.value) }
        parts.idempotencyKeys = idempotency.keys
        return parts
    }

    /// Rebuilds the state, with everything that is derived.
    ///
    /// - Throws: one sentence when the parts contradict each other; then they were never a state of a pool.
    package init(restoring parts: PoolStateParts) throws(PoolStateRestoringError) {
        self.init()
        pool = parts.pool
        formatVersion = parts.formatVersion
        settings = parts.settings
        poolTime = parts.poolTime
        appliedIndex = parts.appliedIndex
        nextServer = parts.nextServer
        nextMachine = parts.nextMachine
        for server in parts.servers {
            guard servers[server.id] == nil, server.id.number < nextServer else {
                throw PoolStateRestoringError(message: "Server \(server.name) is in the snapshot twice, or has a number never given.")
            }
            servers[server.id] = server
        }
        for token in parts.tokens { tokens[token.id] = token }
        for credential in parts.credentials { store(credential.credential, as: credential.id) }
        for task in parts.tasks { tasks[task.id] = task }
        endedTasks = .init(parts.endedTasks)
        events = EventHistory(restoring: parts.events, droppedUpTo: parts.eventsDroppedUpTo, digest: parts.eventDigest)
        for request in parts.requests { requests[request.member] = request.history }
        for key in parts.idempotencyKeys { idempotency.keep(key) }
        // The rules first: each machine that is placed is counted among the members of those it belongs to.
        for rule in parts.rules { try restore(rule) }
        for machine in parts.machines { try restore(machine) }
        for server in parts.servers { try restore(server.strays, on: server) }
    }

    private mutating func restore(_ strays: [StrayDomain], on server: Server) throws(PoolStateRestoringError) {
        guard Self.areInOrder(strays), strays.allSatisfy({ machines[$0.machine] != nil }) else {
            throw PoolStateRestoringError(
                message: "Server \(server.name) sees domains of virtual machines that are not in the snapshot, or sees one twice.")
        }
        index(strays, on: server.id)
    }

    private mutating func restore(_ rule: Rule) throws(PoolStateRestoringError) {
        guard rules[rule.id] == nil, self.rule(named: rule.definition.name) == nil else {
            throw PoolStateRestoringError(message: "Rule \(rule.definition.name) is in the snapshot twice.")
        }
        rules[rule.id] = rule
        ruleIndex.add(rule, placed: [])
    }

    private mutating func restore(_ machine: VirtualMachine) throws(PoolStateRestoringError) {
        guard machines[machine.id] == nil, machinesByName[machine.name] == nil, machinesByUUID[machine.uuid] == nil,
            machine.id.number < nextMachine
        else {
            throw PoolStateRestoringError(message: "Virtual machine \(machine.name) is in the snapshot twice, or has a number never given.")
        }
        var restored = machine
        restored.tagDigest = machine.tags.reduce(0) { $0 &+ Self.digest(of: $1.key, $1.value) }
        machines[machine.id] = restored
        machinesByName[machine.name] = machine.id
        machinesByUUID[machine.uuid] = machine.id
        indexConfiguredName(of: machine)
        if machine.image != nil { machinesWithImages.insert(machine.id) }
        try restoreMigration(of: machine)
        tagBytes += machine.tags.reduce(0) { $0 + $1.key.text.utf8.count + $1.value.utf8.count }
        guard let placement = machine.placement else { return }
        guard servers[placement.server] != nil else {
            throw PoolStateRestoringError(message: "Virtual machine \(machine.name) is placed on a server that is not in the snapshot.")
        }
        machinesByServer[placement.server, default: []].insert(machine.id)
        ruleIndex.place(machine.id, machine.tags, on: placement.server)
        reservations[placement.server, default: .init()].add(machine.reserved)
    }

    /// What is derived, compared with what it is derived from: a sentence for the first difference. For tests and simulation.
    package var inconsistency: String? {
        let rebuilt: PoolState
        do {
            rebuilt = try PoolState(restoring: parts)
        } catch {
            return error.message
        }
        for id in servers.keys.sorted() {
            if rebuilt.reservations(on: id) != reservations(on: id) { return "The reservations on server \(id) do not add up." }
            if rebuilt.machines(on: id) != machines(on: id) { return "The machines on server \(id) are not those placed there." }
        }
        if rebuilt.machinesByName != machinesByName { return "The index of names is wrong." }
        if rebuilt.machinesByUUID != machinesByUUID { return "The index of UUIDs is wrong." }
        if rebuilt.machinesByConfiguredName != machinesByConfiguredName { return "The index of configured names is wrong." }
        if rebuilt.machinesWithImages != machinesWithImages { return "The index of the machines with images is wrong." }
        if rebuilt.machinesComing.filter({ !$0.value.isEmpty }) != machinesComing.filter({ !$0.value.isEmpty }) {
            return "The index of the machines that are coming to servers is wrong."
        }
        if rebuilt.machinesWithRemnants.filter({ !$0.value.isEmpty }) != machinesWithRemnants.filter({ !$0.value.isEmpty }) {
            return "The index of what migrations left on servers is wrong."
        }
        if rebuilt.strayServers != strayServers { return "The index of the domains seen unasked is wrong." }
        if rebuilt.ruleIndex != ruleIndex { return "The index of the rules' members is wrong." }
        if rebuilt.tagBytes != tagBytes { return "The tags take \(rebuilt.tagBytes) bytes, not \(tagBytes)." }
        if rebuilt.digest != digest { return "The state's digest does not survive a snapshot." }
        return nil
    }
}

/// Parts that contradict each other.
package struct PoolStateRestoringError: Error, Hashable, Sendable {
    package let message: String

    package init(message: String) { self.message = message }
}
