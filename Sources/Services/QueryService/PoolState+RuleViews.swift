import PoolModel
import PoolStateMachine
import QueryModel

extension RuleDocument {
    /// - Parameter isComplete: whether to show the members too, for which every virtual machine is looked at.
    init(_ rule: Rule, _ state: PoolState, isComplete: Bool) {
        let definition = rule.definition
        let members = isComplete ? state.members(of: definition) : nil
        self.init(
            name: definition.name.text, id: rule.id.number, kind: definition.kind.rawValue, strength: definition.strength.rawValue,
            machines: definition.machines.map(\.text), tags: definition.tags.map(\.description),
            members: members?.map { machine in
                RuleMemberDocument(machine: machine.name.text, server: machine.placement.map { state.name(of: $0.server) })
            },
            broken: state.breaches(of: definition).map { breach in
                RuleBreachDocument(
                    server: state.name(of: breach.server),
                    machines: breach.machines.prefix(QueryLimits.namedBreaches).compactMap { state.machines[$0]?.name.text },
                    count: breach.machines.count)
            })
    }
}

extension PoolState {
    /// The same; nil where there is none.
    func ruleIfAny(atPath text: String) -> Rule? {
        if let name = RuleName(text), let rule = rule(named: name) { return rule }
        return UInt64(text).flatMap { rules[RuleID($0)] }
    }

    /// The rule that a path names, by its name or else by its number.
    func rule(atPath text: String) throws(QueryRefusal) -> Rule {
        if let rule = ruleIfAny(atPath: text) { return rule }
        throw .notFound("rule", text, among: rules.values.map(\.definition.name.text), list: "GET /v1/rules")
    }
}
