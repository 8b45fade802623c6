package import QueryModel

/// Rules between virtual machines as text for people.
package enum RuleText {
    package static func table(of rules: [RuleDocument], heading: String = "NAME") -> TextTable {
        var table = TextTable([
            .init(heading), .init("KIND"), .init("STRENGTH"), .init("OVER"), .init("BROKEN BY"), .init("ID", .right, isWide: true),
        ])
        for rule in rules {
            table.add([
                rule.name, rule.kind, rule.strength, over(rule), rule.broken.map(text(of:)).joined(separator: "; "), String(rule.id),
            ])
        }
        return table
    }

    package static func properties(of rule: RuleDocument) -> PropertyList {
        var list = PropertyList()
        list.add("name", "\(rule.name) (\(rule.id))")
        list.add("kind", rule.kind)
        list.add("strength", rule.strength)
        list.add("machines", rule.machines)
        list.add("tags", rule.tags)
        let members = rule.members ?? []
        list.add("members", members.map { member in member.machine + (member.server.map { " on \($0)" } ?? "") })
        list.add("broken by", rule.broken.map(text(of:)))
        return list
    }

    /// What a command says that made the rule, or did something else with it.
    package static func sentence(of rule: RuleDocument, _ verb: String = "created") -> String {
        let broken = rule.broken.isEmpty ? "" : " It is broken by \(rule.broken.map(text(of:)).joined(separator: "; ")); nothing is moved."
        return "Rule \(rule.name) is \(verb)." + broken
    }

    private static func over(_ rule: RuleDocument) -> String {
        let shown = rule.machines.prefix(4) + (rule.machines.count > 4 ? ["\(rule.machines.count - 4) more"] : [])
        return (shown + rule.tags.map { "tag \($0)" }).joined(separator: ",")
    }

    /// `web01, web02 on alpha`
    private static func text(of breach: RuleBreachDocument) -> String {
        let more = breach.count > breach.machines.count ? ["\(breach.count - breach.machines.count) more"] : []
        return "\((breach.machines + more).joined(separator: ", ")) on \(breach.server)"
    }
}
