import Placement
package import PoolModel

extension PoolState {
    // MARK: Create and delete

    mutating func createRule(_ definition: RuleDefinition, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        guard rule(named: definition.name) == nil else {
            throw Refused(.ruleNameTaken, "There is a rule named \(definition.name). Choose another name.")
        }
        guard rules.count < PoolLimits.rules else {
            throw Refused(.tooManyRules, "The pool has \(PoolLimits.rules) rules, the most there can be. Delete some first.")
        }
        try check(definition, new: definition.machines)
        try checkContradiction(of: definition)
        add(Rule(id: RuleID(appliedIndex.number), definition: definition))
        note(entry, .rule, definition.name.text, .ruleCreated, "Rule \(definition.name) was created: \(Self.sentence(of: definition)).")
        return .rule(RuleID(appliedIndex.number))
    }

    func existingRule(_ id: RuleID) throws(Refused) -> Rule {
        guard let rule = rules[id] else {
            throw Refused(.ruleNotFound, "There is no such rule. List the rules to see their names.")
        }
        return rule
    }

    /// Puts a rule in its place, and whoever is placed among those that it selects.
    mutating func add(_ rule: Rule) {
        rules[rule.id] = rule
        ruleIndex.add(
            rule,
            placed: machines.values.compactMap { machine in
                machine.placement.map { RuleIndex.PlacedMachine(id: machine.id, tags: machine.tags, server: $0.server) }
            })
    }

    mutating func deleteRule(_ id: RuleID, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        let rule = try existingRule(id)
        rules[id] = nil
        ruleIndex.remove(rule)
        note(entry, .rule, rule.definition.name.text, .ruleDeleted, "Rule \(rule.definition.name) was deleted.")
        return .none
    }

    /// - Parameter new: the machines whose names were just given; others may have been deleted since they were.
    func check(_ definition: RuleDefinition, new: [VirtualMachineName]) throws(Refused) {
        guard definition.machines.count <= PoolLimits.machinesPerRule, definition.tags.count <= PoolLimits.tagsPerRule else {
            throw Refused(
                .invalidValue,
                "A rule names at most \(PoolLimits.machinesPerRule) virtual machines and \(PoolLimits.tagsPerRule) tags. Tag the machines, or make several rules."
            )
        }
        guard definition.machines.count > 1 || !definition.tags.isEmpty else {
            throw Refused(
                .invalidValue, "A rule is about two virtual machines at least. Name more of them, or a tag, or delete the rule.")
        }
        guard definition.tags.allSatisfy({ ($0.value?.utf8.count ?? 0) <= PoolLimits.tagValueBytes }) else {
            throw Refused(.invalidValue, "A tag's value is longer than \(PoolLimits.tagValueBytes) bytes. Make it shorter.")
        }
        // Refused although the machine could be created later: of a name that was mistyped, nobody would ever hear.
        if let unknown = new.first(where: { machinesByName[$0] == nil }) {
            throw Refused(.machineNotFound, "There is no virtual machine \(unknown). Create it first, or select machines by a tag.")
        }
    }

    /// Two hard rules that cannot both hold: of opposite kinds, over the same tag or over two machines that both of them have now.
    /// What later tags and machines bring about is seen when a machine starts.
    func checkContradiction(of definition: RuleDefinition) throws(Refused) {
        guard definition.strength == .hard else { return }
        let opposites = rulesInOrder.filter { $0.definition.strength == .hard && $0.definition.kind != definition.kind }
        guard !opposites.isEmpty else { return }
        func refusal(_ other: RuleName, _ common: String) -> Refused {
            Refused(
                .ruleContradicts,
                "Rules \(other) and \(definition.name) cannot both hold: one keeps together and the other apart \(common). Make one soft, or delete it."
            )
        }
        for opposite in opposites {
            for tag in definition.tags {
                guard let common = opposite.definition.tags.first(where: { $0.covers(tag) || tag.covers($0) }) else { continue }
                throw refusal(opposite.definition.name, Self.shown(common.covers(tag) ? tag : common))
            }
        }
        var firstCommon: [RuleID: VirtualMachineName] = [:]
        for machine in members(of: definition) {
            for id in ruleIndex.rules(of: machine.name, machine.tags) {
                guard let other = rules[id]?.definition, other.strength == .hard, other.kind != definition.kind else { continue }
                if let first = firstCommon[id] { throw refusal(other.name, "\(first) and \(machine.name)") }
                firstCommon[id] = machine.name
            }
        }
    }

    /// What a tag selects, for people. A value may be anything: only one that reads like a name is shown.
    static func shown(_ tag: TagSelector) -> String {
        guard let value = tag.value, NameRule.accepts(value, longest: 32) else { return "what tag \(tag.key) selects" }
        return "what tag \(tag.key)=\(value) selects"
    }

    /// What a rule does, for people: `it keeps web01, web02, what tag role=web selects apart where it can`.
    static func sentence(of definition: RuleDefinition) -> String {
        let shown = definition.machines.prefix(8).map(\.text)
        let more = definition.machines.count > 8 ? ["\(definition.machines.count - 8) more"] : []
        let tags = definition.tags.map(Self.shown)
        let members = (shown + more + tags).joined(separator: ", ")
        let side = definition.kind == .affinity ? "together" : "apart"
        return "it keeps \(members) \(side)\(definition.strength == .hard ? "" : " where it can")"
    }

    // MARK: Looking

    /// The rules by name.
    package var rulesInOrder: [Rule] { rules.values.sorted { $0.definition.name < $1.definition.name } }

    /// The rule of this name.
    package func rule(named name: RuleName) -> Rule? { rules.values.first { $0.definition.name == name } }

    /// The rules that a machine is a member of, by name.
    package func rules(of machine: VirtualMachine) -> [Rule] {
        ruleIndex.rules(of: machine.name, machine.tags).compactMap { rules[$0] }.sorted { $0.definition.name < $1.definition.name }
    }

    /// The machines that are members, by name. It looks at every machine of the pool where the rule selects by tags.
    package func members(of definition: RuleDefinition) -> [VirtualMachine] {
        guard !definition.tags.isEmpty else { return definition.machines.compactMap { machine(named: $0) } }
        return machines.values.filter { definition.includes($0.name, tags: $0.tags) }.sorted { $0.name < $1.name }
    }

    /// The members that are placed, by server, each list by number. It looks at members only.
    package func placedMembers(of definition: RuleDefinition) -> [ServerID: [VirtualMachineID]] {
        var found: [ServerID: [VirtualMachineID]] = [:]
        for name in definition.machines {
            guard let id = machinesByName[name], let server = machines[id]?.placement?.server else { continue }
            found[server, default: []].append(id)
        }
        for server in Array(found.keys) { found[server]?.sort() }
        for tag in definition.tags {
            found.merge(ruleIndex.placedMachines(selectedBy: tag)) { $0.merged(with: $1) }
        }
        return found
    }

    /// Where a rule is broken as things are: the servers with several members it keeps apart, or all servers of those it keeps together.
    package func breaches(of definition: RuleDefinition) -> [(server: ServerID, machines: [VirtualMachineID])] {
        let placed = placedMembers(of: definition).sorted { $0.key < $1.key }.map { (server: $0.key, machines: $0.value) }
        switch definition.kind {
        case .affinity: return placed.count > 1 ? placed : []
        case .antiAffinity: return placed.filter { $0.machines.count > 1 }
        }
    }

    /// The rules of a machine as Placement wants them: found once for a decision, not once for each server.
    func placementRules(of machine: VirtualMachine) -> [PlacementRule] {
        rules(of: machine).map { rule in
            var members = placedMembers(of: rule.definition)
            // Those that keep together follow a machine once it is there; those that keep apart go out of the way of one that comes.
            if rule.definition.kind == .antiAffinity { members.merge(comingMembers(of: rule.definition)) { $0.merged(with: $1) } }
            let others = members.compactMapValues { placedOthers(among: $0, than: machine.id) }
            return PlacementRule(
                name: rule.definition.name, kind: rule.definition.kind, strength: rule.definition.strength, others: others)
        }
    }

    /// The members that a migration brings to a server, by server, each list by number.
    private func comingMembers(of definition: RuleDefinition) -> [ServerID: [VirtualMachineID]] {
        machinesComing.compactMapValues { coming in
            let members = coming.filter { id in
                machines[id].map { definition.includes($0.name, tags: $0.tags) } ?? false
            }
            return members.isEmpty ? nil : members.sorted()
        }
    }

    private func placedOthers(among members: [VirtualMachineID], than id: VirtualMachineID) -> PlacedMembers? {
        guard let first = members.first(where: { $0 != id }).flatMap({ machines[$0]?.name }) else { return nil }
        let isAmong = members.position(of: id) < members.count && members[members.position(of: id)] == id
        return PlacedMembers(first: first, count: members.count - (isAmong ? 1 : 0))
    }
}
