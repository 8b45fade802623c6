package import PoolModel

/// A rule that the virtual machine is a member of, with where the other members are placed.
package struct PlacementRule: Hashable, Sendable {
    package let name: RuleName
    package let kind: RuleKind
    package let strength: RuleStrength
    private let others: [ServerID: PlacedMembers]
    /// The server with the least number that has members: what the machine belongs with is named by it.
    private let home: ServerID?
    private let count: Int

    /// - Parameter others: the other members that are placed, by server.
    package init(name: RuleName, kind: RuleKind, strength: RuleStrength, others: [ServerID: PlacedMembers]) {
        self.name = name
        self.kind = kind
        self.strength = strength
        self.others = others
        home = others.keys.min()
        count = others.values.reduce(0) { $0 + $1.count }
    }

    /// The same rule in a pool that has lost servers, and what is placed on them.
    func leavingOut(_ servers: [ServerID]) -> PlacementRule {
        guard servers.contains(where: { others[$0] != nil }) else { return self }
        return PlacementRule(name: name, kind: kind, strength: strength, others: others.filter { !servers.contains($0.key) })
    }

    /// How the rule would be broken by the machine on this server; nil where it would not.
    ///
    /// Members that are on several servers already are together nowhere: each of these servers is as good as the other.
    package func conflict(on server: ServerID, named name: (ServerID) -> ServerName?) -> RuleConflict? {
        switch kind {
        case .antiAffinity:
            guard let here = others[server] else { return nil }
            return RuleConflict(rule: self.name, kind: kind, machine: here.first, count: here.count, server: nil)
        case .affinity:
            guard others[server] == nil, let home, let members = others[home] else { return nil }
            return RuleConflict(rule: self.name, kind: kind, machine: members.first, count: count, server: name(home))
        }
    }
}

/// The members of a rule that are placed on one server.
package struct PlacedMembers: Hashable, Sendable {
    /// One of them, to be named.
    package let first: VirtualMachineName
    /// One or more.
    package let count: Int

    package init(first: VirtualMachineName, count: Int) {
        precondition(count > 0, "a server without members was named")
        self.first = first
        self.count = count
    }
}

/// How a rule is broken by a virtual machine on a server.
package struct RuleConflict: Hashable, Sendable {
    package let rule: RuleName
    package let kind: RuleKind
    /// One of the machines that it is kept apart from, or together with.
    package let machine: VirtualMachineName
    /// How many there are.
    package let count: Int
    /// Where `machine` is, when it is elsewhere; nil also for a server that nobody knows any more.
    package let server: ServerName?

    package init(rule: RuleName, kind: RuleKind, machine: VirtualMachineName, count: Int, server: ServerName?) {
        self.rule = rule
        self.kind = kind
        self.machine = machine
        self.count = count
        self.server = server
    }

    /// Why a server is refused, to stand after its name.
    package var refusal: String {
        switch kind {
        case .antiAffinity: "has \(machines): rule \(rule) keeps them apart"
        case .affinity: "does not have \(machines)\(place): rule \(rule) keeps them together"
        }
    }

    /// What is put up with, to stand after a server's name.
    package var concession: String {
        switch kind {
        case .antiAffinity: "breaks rule \(rule), which is soft: it has \(machines)"
        case .affinity: "breaks rule \(rule), which is soft: it does not have \(machines)\(place)"
        }
    }

    private var machines: String { count > 1 ? "\(machine) and \(count - 1) more" : "\(machine)" }
    private var place: String {
        guard let server else { return "" }
        return count > 1 ? ", the first of which is on \(server)" : ", which is on \(server)"
    }
}
