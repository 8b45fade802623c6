import PoolModel

/// What the cards behind a machine's bridges can still carry.
///
/// Cards may be shared, so a bridge is bounded twice: by its own cards, and by all the cards of its group. A group is the bridges
/// that share cards, directly or through others; what is promised on any of them is taken from the same cards.
struct NetworkRoom {
    /// Something that the rates of a machine must not exceed, in kilobits a second.
    struct Bound {
        /// The bridge to name when it does not suffice.
        let bridge: String
        /// What the machine needs on this bridge, or on all of the group.
        let needed: Int
        /// What is not promised yet.
        let free: Int
        /// What the cards carry together; more than 0.
        let speed: Int
    }

    /// Two for each bridge of the machine, by name; none for a bridge without cards, which no rate limits.
    let bounds: [Bound]

    /// - Parameter reserved: by bridge, in kilobits a second.
    init(_ facts: ServerFacts, reserved: [String: Int], needed interfaces: [InterfaceRequirement]) {
        var rates: [String: Int] = [:]
        for interface in interfaces { rates[interface.bridge, default: 0] += interface.rate.count }
        bounds = rates.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.flatMap { name -> [Bound] in
            guard let bridge = facts.bridges.first(where: { $0.name == name }) else { return [] }
            let own = Group(of: bridge)
            return [own, own.grown(by: facts)].compactMap { group in
                let speed = group.speed(facts)
                guard speed > 0 else { return nil }
                return Bound(bridge: name, needed: group.sum(rates), free: max(0, speed - group.sum(reserved)), speed: speed)
            }
        }
    }

    /// Bridges and the cards behind them. Only sums and memberships are taken of the sets, never their order.
    private struct Group {
        private var bridges: Set<String>
        private var cards: Set<String>

        init(of bridge: NetworkBridge) {
            bridges = [bridge.name]
            cards = Set(bridge.cards)
        }

        /// With all the bridges that can be reached over cards that the server has.
        func grown(by facts: ServerFacts) -> Group {
            let known = Set(facts.cards.map(\.name))
            var group = self
            group.cards.formIntersection(known)
            var count = 0
            while group.bridges.count > count {
                count = group.bridges.count
                for bridge in facts.bridges where !group.cards.isDisjoint(with: bridge.cards) {
                    group.bridges.insert(bridge.name)
                    group.cards.formUnion(known.intersection(bridge.cards))
                }
            }
            return group
        }

        func speed(_ facts: ServerFacts) -> Int { facts.cards.filter { cards.contains($0.name) }.reduce(0) { $0 + $1.speed.count } }
        func sum(_ rates: [String: Int]) -> Int { bridges.reduce(0) { $0 + (rates[$1] ?? 0) } }
    }
}
