/// A rule that keeps virtual machines together or apart (`GET /v1/rules/{name}`).
package struct RuleDocument: Codable, Hashable, Sendable {
    package var name: String
    package var id: UInt64
    /// `affinity` or `anti-affinity`.
    package var kind: String
    /// `hard` or `soft`.
    package var strength: String
    /// The names of the virtual machines that it is about.
    package var machines: [String]
    /// `KEY` or `KEY=VALUE`: it is about all machines with such a tag as well.
    package var tags: [String]
    /// Who is a member now; only where one rule is asked for.
    package var members: [RuleMemberDocument]?
    /// Where it is broken as things are; what runs is not moved.
    package var broken: [RuleBreachDocument]

    package init(
        name: String, id: UInt64, kind: String, strength: String, machines: [String], tags: [String], members: [RuleMemberDocument]?,
        broken: [RuleBreachDocument]
    ) {
        self.name = name
        self.id = id
        self.kind = kind
        self.strength = strength
        self.machines = machines
        self.tags = tags
        self.members = members
        self.broken = broken
    }
}

/// A virtual machine that a rule is about.
package struct RuleMemberDocument: Codable, Hashable, Sendable {
    package var machine: String
    /// The server that it is placed on; absent when it is placed nowhere.
    package var server: String?

    package init(machine: String, server: String?) {
        self.machine = machine
        self.server = server
    }
}

/// Members of a rule on a server where they should not be, or not without the others.
package struct RuleBreachDocument: Codable, Hashable, Sendable {
    package var server: String
    /// The first of them, by number.
    package var machines: [String]
    /// How many there are.
    package var count: Int

    package init(server: String, machines: [String], count: Int) {
        self.server = server
        self.machines = machines
        self.count = count
    }
}

/// All rules, by name (`GET /v1/rules`).
package struct RuleListDocument: PagedDocument, Hashable {
    package var rules: [RuleDocument]
    /// For `after`, where more follow.
    package var next: String?

    package init(rules: [RuleDocument], next: String? = nil) {
        self.rules = rules
        self.next = next
    }

    package mutating func append(_ page: RuleListDocument) {
        rules += page.rules
        next = page.next
    }
}

/// A rule to be created (`POST /v1/rules`): over two virtual machines at least, or over tags.
package struct CreateRuleRequest: Codable, Hashable, Sendable {
    package var name: String
    /// `affinity` or `anti-affinity`.
    package var kind: String
    /// `hard` or `soft`; absent means hard.
    package var strength: String?
    package var machines: [String]?
    /// `KEY` or `KEY=VALUE`.
    package var tags: [String]?

    package init(name: String, kind: String, strength: String? = nil, machines: [String]? = nil, tags: [String]? = nil) {
        self.name = name
        self.kind = kind
        self.strength = strength
        self.machines = machines
        self.tags = tags
    }
}

/// A change to a rule (`PATCH /v1/rules/{name}`): what is to be different of its members, so that two who change it at once do not undo
/// each other's work. Its name and kind stay.
package struct ChangeRuleRequest: Codable, Hashable, Sendable {
    /// `hard` or `soft`; absent leaves it as it is.
    package var strength: String?
    package var addMachines: [String]?
    package var removeMachines: [String]?
    /// `KEY` or `KEY=VALUE`, as are those to remove.
    package var addTags: [String]?
    package var removeTags: [String]?

    package init(
        strength: String? = nil, addMachines: [String]? = nil, removeMachines: [String]? = nil, addTags: [String]? = nil,
        removeTags: [String]? = nil
    ) {
        self.strength = strength
        self.addMachines = addMachines
        self.removeMachines = removeMachines
        self.addTags = addTags
        self.removeTags = removeTags
    }
}

/// A soft rule that a start would break on a server.
package struct BrokenRuleDocument: Codable, Hashable, Sendable {
    package var rule: String
    /// A sentence with the machines.
    package var message: String

    package init(rule: String, message: String) {
        self.rule = rule
        self.message = message
    }
}

/// Where would a virtual machine start that does not exist yet (`POST /v1/explain`)? Nothing is created.
package struct ExplainRequest: Codable, Hashable, Sendable {
    /// The vm.cfg text, at most 64 KiB.
    package var configuration: String
    /// Absent or empty means every server of the pool.
    package var preferredServers: [String]?
    /// Absent takes the configuration's. That of a machine that exists asks for it as if it had this configuration.
    package var name: String?
    /// `KEY` or `KEY=VALUE`: the tags that it would have, which rules may be about.
    package var tags: [String]?
    /// What if it had this much memory?
    package var memoryMiB: Int?
    /// What if it had so many virtual CPUs?
    package var virtualCPUs: Int?
    /// What if these servers were gone?
    package var without: [String]?

    package init(
        configuration: String, preferredServers: [String]? = nil, name: String? = nil, tags: [String]? = nil, memoryMiB: Int? = nil,
        virtualCPUs: Int? = nil, without: [String]? = nil
    ) {
        self.configuration = configuration
        self.preferredServers = preferredServers
        self.name = name
        self.tags = tags
        self.memoryMiB = memoryMiB
        self.virtualCPUs = virtualCPUs
        self.without = without
    }
}
