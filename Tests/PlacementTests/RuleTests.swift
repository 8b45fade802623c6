import Placement
import PoolModel
import Testing

@Suite("Rules between virtual machines")
struct RuleTests {
    private static let names = ["alpha", "beta", "gamma"]

    private static func servers() throws -> [PlacementCandidate] {
        try names.enumerated().map { try PlacementScene.server(UInt64($0.offset) + 1, $0.element) }
    }

    /// A rule whose other members are placed so: on each server the first one and how many.
    private static func rule(
        _ name: String = "rule", _ kind: RuleKind, _ strength: RuleStrength = .hard, at others: [UInt64: (String, Int)]
    ) throws -> PlacementRule {
        var placed: [ServerID: PlacedMembers] = [:]
        for (server, members) in others {
            placed[ServerID(server)] = PlacedMembers(first: try #require(VirtualMachineName(members.0)), count: members.1)
        }
        return PlacementRule(name: try #require(RuleName(name)), kind: kind, strength: strength, others: placed)
    }

    private static func decide(
        _ rules: [PlacementRule], among servers: [PlacementCandidate]? = nil, without: [UInt64] = [], preferred: [UInt64] = []
    ) throws -> PlacementDecision {
        PlacementPlanner.decide(
            PlacementQuestion(
                requirements: PlacementScene.machine(), preferredServers: preferred.map { ServerID($0) },
                candidates: try servers ?? Self.servers(), overcommitRatio: 4, leftOut: without.map { ServerID($0) }, rules: rules))
    }

    private static func refusals(_ decision: PlacementDecision) -> [String: String] {
        Dictionary(
            uniqueKeysWithValues: decision.verdicts.compactMap { verdict in
                guard case .refused(let refusal) = verdict.finding else { return nil }
                return (verdict.name.text, "\(refusal.type.rawValue): \(refusal.message)")
            })
    }

    @Test("hard anti-affinity refuses each server that has a member, and says which")
    func keepsApart() throws {
        let decision = try Self.decide([try Self.rule("spread", .antiAffinity, at: [1: ("web01", 1), 2: ("web02", 3)])])

        #expect(decision.chosen == ServerID(3))
        #expect(
            Self.refusals(decision) == [
                "alpha": "kept-apart: has web01: rule spread keeps them apart",
                "beta": "kept-apart: has web02 and 2 more: rule spread keeps them apart",
            ])
    }

    @Test("hard affinity leaves the server where the members are, and says where that is")
    func keepsTogether() throws {
        let decision = try Self.decide([try Self.rule("pair", .affinity, at: [2: ("db01", 1)])])

        #expect(decision.chosen == ServerID(2))
        #expect(
            Self.refusals(decision) == [
                "alpha": "kept-together: does not have db01, which is on beta: rule pair keeps them together",
                "gamma": "kept-together: does not have db01, which is on beta: rule pair keeps them together",
            ])
    }

    @Test("a rule none of whose other members is placed changes nothing")
    func isSilentAlone() throws {
        let rules = [try Self.rule("a", .affinity, at: [:]), try Self.rule("b", .antiAffinity, at: [:])]

        #expect(try Self.decide(rules) == Self.decide([]))
    }

    @Test("of members that are apart already, any one's server is as good")
    func choosesAmongSplitMembers() throws {
        let decision = try Self.decide([try Self.rule("pair", .affinity, at: [1: ("db01", 1), 3: ("db02", 1)])])

        #expect(decision.chosen == ServerID(1))
        #expect(decision.verdicts.map(\.name.text) == ["alpha", "gamma", "beta"])
    }

    @Test("rules that contradict each other refuse every server, each with its rule")
    func contradicts() throws {
        let rules = [try Self.rule("apart", .antiAffinity, at: [2: ("db01", 1)]), try Self.rule("pair", .affinity, at: [2: ("db01", 1)])]

        let decision = try Self.decide(rules)

        #expect(decision.chosen == nil)
        #expect(
            Self.refusals(decision).mapValues { String($0.prefix { $0 != ":" }) } == [
                "alpha": "kept-together", "beta": "kept-apart", "gamma": "kept-together",
            ])
    }

    @Test("fewer broken soft rules weigh more than any score")
    func softRulesComeFirst() throws {
        let full = try PlacementScene.server(3, "gamma", holding: [PlacementScene.machine(memory: 5_000)])
        let servers = [try PlacementScene.server(1, "alpha"), try PlacementScene.server(2, "beta"), full]
        let rules = [
            try Self.rule("pair", .affinity, .soft, at: [3: ("db01", 1)]),
            try Self.rule("spread", .antiAffinity, .soft, at: [1: ("web01", 1)]),
        ]

        let decision = try Self.decide(rules, among: servers)

        #expect(decision.verdicts.map(\.name.text) == ["gamma", "beta", "alpha"])
        #expect(decision.verdicts.map { $0.brokenRules.map(\.rule.text) } == [[], ["pair"], ["pair", "spread"]])
        #expect(
            decision.verdicts.last?.brokenRules.map(\.concession) == [
                "breaks rule pair, which is soft: it does not have db01, which is on gamma",
                "breaks rule spread, which is soft: it has web01",
            ])
    }

    @Test("where every server breaks a soft rule, the one with the fewest of its machines is taken: six on three servers are two on each")
    func softRulesSpread() throws {
        let small = try PlacementScene.server(3, "gamma", facts: PlacementScene.facts(total: 5_000))
        let servers = [try PlacementScene.server(1, "alpha"), try PlacementScene.server(2, "beta"), small]

        let decision = try Self.decide(
            [try Self.rule("spread", .antiAffinity, .soft, at: [1: ("a", 2), 2: ("b", 2), 3: ("c", 1)])], among: servers)

        #expect(decision.chosen == ServerID(3))
    }

    @Test("a soft rule refuses nothing")
    func softRulesRefuseNothing() throws {
        let decision = try Self.decide([try Self.rule("spread", .antiAffinity, .soft, at: [1: ("a", 1)])], preferred: [1])

        #expect(decision.chosen == ServerID(1))
        #expect(decision.verdicts.first?.brokenRules.count == 1)
        #expect(decision.verdicts.dropFirst().allSatisfy { $0.brokenRules.isEmpty })
    }

    @Test("what is placed on a server that is taken for gone is gone with it")
    func leavesOut() throws {
        let rules = [try Self.rule("pair", .affinity, at: [2: ("db01", 1)])]

        let decision = try Self.decide(rules, without: [2])

        #expect(decision.chosen == ServerID(1))
        #expect(Self.refusals(decision) == ["beta": "left-out: was left out of the question"])
    }

    @Test("a server's state and facts are named before a rule, and a rule before missing room")
    func ordersRefusals() throws {
        let servers = [
            try PlacementScene.server(1, "alpha", availability: .lost),
            try PlacementScene.server(2, "beta", holding: [PlacementScene.machine(memory: 8_000)]),
        ]

        let decision = try Self.decide([try Self.rule("spread", .antiAffinity, at: [1: ("a", 1), 2: ("b", 1)])], among: servers)

        #expect(Self.refusals(decision).mapValues { String($0.prefix { $0 != ":" }) } == ["alpha": "lost", "beta": "kept-apart"])
    }
}
