import AgentPorts
import PoolModel
import PoolStateMachine
import QueryModel

/// What became of an object between the two ends of a span.
enum ObjectChange: String, CaseIterable {
    case added
    case removed
    case changed
}

/// What differs between the two ends of a span, object by object, with the entries that did it.
struct PoolDiff {
    private let span: PoolSpan
    /// The steps that concern an object, by its kind and name, in order.
    private var stepsByObject: [ObjectName: [(step: PoolStep, event: PoolEvent?)]] = [:]
    /// As many as go into one answer.
    private(set) var objects: [ObjectDiffDocument] = []
    /// How many objects differ.
    private(set) var objectCount = 0

    /// The kinds of objects that are compared: tasks are no part of what the pool is.
    static let kinds = PoolObjectKind.allCases.filter { $0 != .task }

    private struct ObjectName: Hashable {
        let kind: String
        let name: String
    }

    /// What a document of an object shows that is no part of it: derived from others, or an inner number.
    private static let foreignServerFields: Set = ["free", "capacity", "overcommittedMiB", "isMaster", "machineCount"]
    private static let foreignMachineFields: Set = ["id", "epoch", "task", "tagCount", "operations", "rules", "suspendsTo"]

    init(_ span: PoolSpan) throws(QueryRefusal) {
        self.span = span
        for step in span.steps {
            for event in step.events { note(step, event, ObjectName(kind: event.objectKind, name: event.object)) }
            // A join consumes its token without an event of it.
            if case .joiner(let token) = step.principal {
                note(step, nil, ObjectName(kind: PoolObjectKind.token.rawValue, name: token.description))
            }
        }
        try comparePool()
        try compareServers()
        try compareMachines()
        try compareRules()
        try compareTokens()
        try compareCredentials()
    }

    private mutating func note(_ step: PoolStep, _ event: PoolEvent?, _ object: ObjectName) {
        stepsByObject[object, default: []].append((step, event))
    }

    // MARK: Objects

    private mutating func comparePool() throws(QueryRefusal) {
        try add(
            .pool, span.after.pool?.name ?? span.before.pool?.name ?? "", Self.fields(ofPool: span.before), Self.fields(ofPool: span.after)
        )
    }

    private mutating func compareServers() throws(QueryRefusal) {
        let (before, after) = (span.before, span.after)
        for id in Set(before.servers.keys).union(after.servers.keys).sorted() where before.servers[id] != after.servers[id] {
            let (former, present) = (before.activeServer(id), after.activeServer(id))
            guard let name = (present ?? former)?.name.text else { continue }
            try add(
                .server, name, former.map { server throws(QueryRefusal) in try Self.fields(of: server, before) },
                present.map { server throws(QueryRefusal) in try Self.fields(of: server, after) }, changedAt: after.servers[id]?.changedAt)
        }
    }

    private mutating func compareMachines() throws(QueryRefusal) {
        let (before, after) = (span.before, span.after)
        let changed = Set(before.machines.keys).union(after.machines.keys).filter { before.machines[$0] != after.machines[$0] }
        let named = changed.compactMap { id in (after.machines[id] ?? before.machines[id]).map { (id: id, name: $0.name) } }
        for (id, name) in named.sorted(by: { ($0.name, $0.id) < ($1.name, $1.id) }) {
            try add(
                .machine, name.text, before.machines[id].map { machine throws(QueryRefusal) in try Self.fields(of: machine, before) },
                after.machines[id].map { machine throws(QueryRefusal) in try Self.fields(of: machine, after) },
                changedAt: after.machines[id]?.changedAt)
        }
    }

    private mutating func compareRules() throws(QueryRefusal) {
        let (before, after) = (span.before, span.after)
        for id in Set(before.rules.keys).union(after.rules.keys).sorted() where before.rules[id] != after.rules[id] {
            guard let name = (after.rules[id] ?? before.rules[id])?.definition.name.text else { continue }
            try add(
                .rule, name, before.rules[id].map { rule throws(QueryRefusal) in try Self.fields(of: rule, before) },
                after.rules[id].map { rule throws(QueryRefusal) in try Self.fields(of: rule, after) },
                changedAt: after.rules[id]?.changedAt)
        }
    }

    private mutating func compareTokens() throws(QueryRefusal) {
        let (before, after) = (span.before, span.after)
        for id in Set(before.tokens.keys).union(after.tokens.keys).sorted() where before.tokens[id] != after.tokens[id] {
            try add(
                .token, id.description, before.tokens[id].map { token throws(QueryRefusal) in try Self.fields(of: token, before) },
                after.tokens[id].map { token throws(QueryRefusal) in try Self.fields(of: token, after) })
        }
    }

    private mutating func compareCredentials() throws(QueryRefusal) {
        let (before, after) = (span.before.credentials, span.after.credentials)
        for id in Set(before.keys).union(after.keys).sorted() where before[id] != after[id] {
            guard let name = (after[id] ?? before[id])?.credential.name else { continue }
            try add(.credential, name, before[id].map(Self.fields), after[id].map(Self.fields))
        }
    }

    // MARK: Differences

    private mutating func add(
        _ kind: PoolObjectKind, _ name: String, _ before: DocumentFields?, _ after: DocumentFields?, changedAt: LogIndex? = nil
    ) throws(QueryRefusal) {
        let fields = (after ?? DocumentFields()).differences(from: before ?? DocumentFields())
        guard !fields.isEmpty else { return }
        objectCount += 1
        guard objects.count < QueryLimits.objectsOfDiff else { return }
        let change: ObjectChange = before == nil ? .added : after == nil ? .removed : .changed
        let entries = entries(of: ObjectName(kind: kind.rawValue, name: name), changedAt: changedAt)
        objects.append(
            ObjectDiffDocument(
                kind: kind.rawValue, name: name, change: change.rawValue, fields: fields, entryCount: entries.count,
                entries: Array(entries.suffix(QueryLimits.entriesOfDiff))))
    }

    /// The entries that did it. The last one to change an object may have noted an event of another only.
    private func entries(of object: ObjectName, changedAt: LogIndex?) -> [ChangeEntryDocument] {
        var found = stepsByObject[object] ?? []
        if let changedAt, !found.contains(where: { $0.step.index == changedAt }),
            let step = step(at: changedAt)
        {
            found.append((step, nil))
            found.sort { $0.step.index < $1.step.index }
        }
        return found.map { ChangeEntryDocument($0.step, $0.event, span.after) }
    }

    /// The step of this index, found by halving; nil when it lies outside the span.
    private func step(at index: LogIndex) -> PoolStep? {
        var low = 0
        var high = span.steps.count
        while low < high {
            let middle = (low + high) / 2
            if span.steps[middle].index < index { low = middle + 1 } else { high = middle }
        }
        return low < span.steps.count && span.steps[low].index == index ? span.steps[low] : nil
    }

    // MARK: Fields

    private static func fields(ofPool state: PoolState) throws(QueryRefusal) -> DocumentFields? {
        guard let pool = state.pool else { return nil }
        var fields = try DocumentFields(PoolSettingsDocument(state.settings), without: ["changedAt"])
        fields.add(pool.name, as: "name")
        fields.add(String(state.formatVersion), as: "formatVersion")
        return fields
    }

    private static func fields(of server: Server, _ state: PoolState) throws(QueryRefusal) -> DocumentFields {
        try DocumentFields(ServerDocument(server, state, master: nil), without: foreignServerFields)
    }

    private static func fields(of machine: VirtualMachine, _ state: PoolState) throws(QueryRefusal) -> DocumentFields {
        var fields = try DocumentFields(MachineDocument(machine, state, isComplete: true), without: foreignMachineFields)
        for (key, value) in machine.tags { fields.add(value, as: "tags.\(key)") }
        return fields
    }

    private static func fields(of rule: Rule, _ state: PoolState) throws(QueryRefusal) -> DocumentFields {
        try DocumentFields(RuleDocument(rule, state, isComplete: false), without: ["id", "broken"])
    }

    private static func fields(of token: StoredToken, _ state: PoolState) throws(QueryRefusal) -> DocumentFields {
        try DocumentFields(TokenDocument(token, state), without: ["id"])
    }

    private static func fields(of stored: StoredCredential) -> DocumentFields {
        var fields = DocumentFields()
        fields.add("\(stored.credential.role)", as: "role")
        fields.add(String(stored.isRevoked), as: "isRevoked")
        return fields
    }
}

extension ChangeEntryDocument {
    fileprivate init(_ step: PoolStep, _ event: PoolEvent?, _ state: PoolState) {
        self.init(
            index: step.index.number, time: QueryTime(step.time), principal: state.shown(principal: step.principal.description),
            reason: step.reason.isEmpty ? nil : step.reason, kind: event?.kind, message: event?.text)
    }
}

extension PoolState {
    fileprivate func activeServer(_ id: ServerID) -> Server? { servers[id].flatMap { $0.isRemoved ? nil : $0 } }
}
