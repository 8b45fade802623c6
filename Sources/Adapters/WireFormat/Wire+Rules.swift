import PoolModel
import SwiftProtobuf

extension WireCreateRule {
    init(_ definition: RuleDefinition) {
        self.init()
        name = definition.name.text
        kind = definition.kind.rawValue
        strength = definition.strength.rawValue
        machines = definition.machines.map(\.text)
        tags = definition.tags.map { tag in
            .with {
                $0.key = tag.key.text
                if let value = tag.value { $0.value = value }
            }
        }
    }

    func model() throws(WireError) -> RuleDefinition {
        guard let name = RuleName(name) else { throw .outOfRange("rule.name") }
        guard let kind = RuleKind(rawValue: kind) else { throw .unknown("rule.kind") }
        guard let strength = RuleStrength(rawValue: strength) else { throw .unknown("rule.strength") }
        let machines = try machines.converted { (text) throws(WireError) in try WireField.machineName(text, "rule.machine") }
        let tags = try tags.converted { (wire) throws(WireError) in
            TagSelector(key: try WireField.tagKey(wire.key, "rule.tag"), value: wire.hasValue ? wire.value : nil)
        }
        return RuleDefinition(name: name, kind: kind, strength: strength, machines: machines, tags: tags)
    }
}
