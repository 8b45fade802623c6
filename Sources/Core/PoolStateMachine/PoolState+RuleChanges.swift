import PoolModel

/// A rule as it was and as it is.
struct RuleTransition {
    let former: RuleDefinition
    let present: RuleDefinition
}

extension PoolState {
    mutating func changeRule(_ id: RuleID, _ change: RuleChange, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        let rule = try existingRule(id)
        if let transition = try apply(change, to: rule) { note(transition, entry) }
        return .none
    }

    /// Enters a machine by its name into rules and takes it out of others: into all of them, or, where one refuses, into none.
    ///
    /// - Returns: the rules that changed, in the order of their numbers.
    mutating func changeRules(of machine: VirtualMachine, by change: MachineChange) throws(Refused) -> [RuleTransition] {
        guard change.addedRules.count + change.removedRules.count <= PoolLimits.rulesPerChange else {
            throw Refused(.invalidValue, "A change names at most \(PoolLimits.rulesPerChange) rules. Change them in several steps.")
        }
        // One after the other, since two that the machine enters can contradict each other by that very machine.
        let former = (rules, ruleIndex)
        var transitions: [RuleTransition] = []
        do throws(Refused) {
            for id in Set(change.addedRules).union(change.removedRules).sorted() {
                let rule = try existingRule(id)
                let isAdded = change.addedRules.contains(id)
                if isAdded { try checkEntering(machine, rule.definition) } else { try checkLeaving(machine, rule.definition) }
                let difference = RuleChange(
                    addedMachines: isAdded ? [machine.name] : [],
                    removedMachines: change.removedRules.contains(id) ? [machine.name] : [])
                if let transition = try apply(difference, to: rule) { transitions.append(transition) }
            }
        } catch {
            (rules, ruleIndex) = former
            throw error
        }
        return transitions
    }

    /// Notes an event with what was and what is.
    mutating func note(_ transition: RuleTransition, _ entry: PoolEntry) {
        let name = transition.present.name.text
        note(
            entry, .rule, name, .ruleChanged,
            "Rule \(name) was changed, \(Self.differences(transition)): \(Self.sentence(of: transition.present)).")
    }

    // MARK: One rule

    /// - Returns: nil where the rule is as it is to be already.
    private mutating func apply(_ change: RuleChange, to rule: Rule) throws(Refused) -> RuleTransition? {
        try check(change, to: rule.definition)
        let former = rule.definition
        let present = former.changed(by: change)
        guard present != former else { return nil }
        try check(present, new: change.addedMachines.filter { !former.machines.contains($0) })
        // What only loosens a rule is allowed, even where later tags have made it contradict another one: it may mend that.
        let isTightened =
            present.strength == .hard
            && (former.strength == .soft || !Set(present.machines).isSubset(of: former.machines)
                || !Set(present.tags).isSubset(of: former.tags))
        if isTightened { try checkContradiction(of: present) }
        ruleIndex.remove(rule)
        add(Rule(id: rule.id, definition: present, changedAt: appliedIndex))
        return RuleTransition(former: former, present: present)
    }

    private func check(_ change: RuleChange, to rule: RuleDefinition) throws(Refused) {
        if let both = change.addedMachines.first(where: change.removedMachines.contains) {
            throw Refused(.invalidValue, "Virtual machine \(both) is to be entered into rule \(rule.name) and taken out of it. Say one.")
        }
        if let both = change.addedTags.first(where: change.removedTags.contains) {
            throw Refused(.invalidValue, "Rule \(rule.name) is to be about \(Self.shown(both)), and not to be. Say one.")
        }
        // What is not there would be mistyped more often than done already.
        if let stranger = change.removedMachines.first(where: { !rule.machines.contains($0) }) {
            throw Refused(
                .ruleMembership, "Rule \(rule.name) does not name virtual machine \(stranger). Show the rule to see whom it names.")
        }
        if let stranger = change.removedTags.first(where: { !rule.tags.contains($0) }) {
            throw Refused(
                .ruleMembership, "Rule \(rule.name) is not over \(Self.shown(stranger)). Show the rule to see what it is over.")
        }
    }

    private func checkEntering(_ machine: VirtualMachine, _ rule: RuleDefinition) throws(Refused) {
        guard rule.machines.isEmpty else { return }
        let tags = rule.tags.prefix(4).map(Self.shown).joined(separator: " and ")
        throw Refused(
            .ruleMembership,
            "Rule \(rule.name) names no virtual machines: it is about \(tags). Set such a tag on \(machine.name) to make it a member.")
    }

    private func checkLeaving(_ machine: VirtualMachine, _ rule: RuleDefinition) throws(Refused) {
        guard !rule.machines.contains(machine.name), let tag = rule.tags.first(where: { $0.selects(machine.tags) }) else { return }
        throw Refused(
            .ruleMembership,
            "Virtual machine \(machine.name) is a member of rule \(rule.name) by its tag \(tag.key). Delete or change that tag of it.")
    }

    // MARK: What is said of it

    /// What is different, for people: `from hard to soft, web03 added, web01 removed`.
    private static func differences(_ transition: RuleTransition) -> String {
        let (former, present) = (transition.former, transition.present)
        var words: [String] = []
        if former.strength != present.strength { words.append("from \(former.strength.rawValue) to \(present.strength.rawValue)") }
        func add(_ names: [String], _ verb: String) {
            guard !names.isEmpty else { return }
            let more = names.count > 8 ? ["\(names.count - 8) more"] : []
            words.append("\((names.prefix(8) + more).joined(separator: ", ")) \(verb)")
        }
        let (formerMachines, presentMachines) = (Set(former.machines), Set(present.machines))
        let (formerTags, presentTags) = (Set(former.tags), Set(present.tags))
        add(
            present.machines.filter { !formerMachines.contains($0) }.map(\.text)
                + present.tags.filter { !formerTags.contains($0) }.map(shown), "added")
        add(
            former.machines.filter { !presentMachines.contains($0) }.map(\.text)
                + former.tags.filter { !presentTags.contains($0) }.map(shown), "removed")
        return words.joined(separator: ", ")
    }
}
