import PoolModel
import PoolStateMachine
import SwiftProtobuf

extension WireCreateRule {
    init(_ definition: RuleDefinition) {
        self.init()
        name = definition.name.text
        kind = definition.kind.rawValue
        strength = definition.strength.rawValue
        machines = definition.machines.map(\.text)
        tags = definition.tags.map { WireTagSelector($0) }
    }

    func model() throws(WireError) -> RuleDefinition {
        guard let name = RuleName(name) else { throw .outOfRange("rule.name") }
        guard let kind = RuleKind(rawValue: kind) else { throw .unknown("rule.kind") }
        guard let strength = RuleStrength(rawValue: strength) else { throw .unknown("rule.strength") }
        return RuleDefinition(
            name: name, kind: kind, strength: strength, machines: try WireField.machineNames(machines), tags: try WireField.tags(tags))
    }
}

extension WireChangeRule {
    init(_ rule: RuleID, _ change: RuleChange) {
        self.init()
        self.rule = rule.number
        if let strength = change.strength { self.strength = strength.rawValue }
        addedMachines = change.addedMachines.map(\.text)
        removedMachines = change.removedMachines.map(\.text)
        addedTags = change.addedTags.map { WireTagSelector($0) }
        removedTags = change.removedTags.map { WireTagSelector($0) }
    }

    func model() throws(WireError) -> RuleChange {
        var changed: RuleStrength?
        if !strength.isEmpty {
            guard let known = RuleStrength(rawValue: strength) else { throw .unknown("rule.strength") }
            changed = known
        }
        return RuleChange(
            strength: changed, addedMachines: try WireField.machineNames(addedMachines),
            removedMachines: try WireField.machineNames(removedMachines), addedTags: try WireField.tags(addedTags),
            removedTags: try WireField.tags(removedTags))
    }
}

extension WireRuleState {
    init(_ rule: Rule) {
        self.init()
        id = rule.id.number
        definition = WireCreateRule(rule.definition)
        if rule.changedAt.number != rule.id.number { changedAt = rule.changedAt.number }
    }

    func model() throws(WireError) -> Rule {
        Rule(id: RuleID(id), definition: try definition.model(), changedAt: changedAt == 0 ? nil : LogIndex(changedAt))
    }
}

extension WireTagSelector {
    fileprivate init(_ tag: TagSelector) {
        self.init()
        key = tag.key.text
        if let value = tag.value { self.value = value }
    }
}

extension WireField {
    fileprivate static func machineNames(_ texts: [String]) throws(WireError) -> [VirtualMachineName] {
        try texts.converted { (text) throws(WireError) in try machineName(text, "rule.machine") }
    }

    fileprivate static func tags(_ wires: [WireTagSelector]) throws(WireError) -> [TagSelector] {
        try wires.converted { (wire) throws(WireError) in
            TagSelector(key: try tagKey(wire.key, "rule.tag"), value: wire.hasValue ? wire.value : nil)
        }
    }
}
