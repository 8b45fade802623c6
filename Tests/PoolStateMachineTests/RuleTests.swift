import PoolModel
import PoolStateMachine
import Testing

@Suite("Rules in the pool's state")
struct RuleTests {
    @Test("a hard anti-affinity rule spreads machines, and refuses the one too many with every server's reason")
    func spreads() throws {
        var scene = try PoolScene(servers: 2)
        let machines = try scene.createMachines("a", "b", "c")
        try scene.createRule(try PoolScene.rule("spread", machines: ["a", "b", "c"]))
        try scene.start(machines[0])
        try scene.start(machines[1])

        let outcome = scene.apply(.startMachine(machines[2]))

        #expect(Set([try scene.place(of: "a"), try scene.place(of: "b")]) == [PoolScene.one, PoolScene.two])
        expectRefused(outcome, .noServerFits)
        guard case .refused(let refusal) = outcome else { return }
        #expect(refusal.message.contains("alpha has a: rule spread keeps them apart; beta has b: rule spread keeps them apart"))
    }

    @Test("a member whose server is not heard counts where it is bound")
    func countsUnknown() throws {
        var scene = try PoolScene(servers: 2)
        let machines = try scene.createMachines("a", "b")
        try scene.createRule(try PoolScene.rule("pair", .affinity, machines: ["a", "b"]))
        try scene.start(machines[0])
        let server = try #require(try scene.place(of: "a"))
        scene.observe(machines[0], .running)
        scene.reach(server, false)

        expectRefused(scene.apply(.startMachine(machines[1])), .noServerFits)

        scene.reach(server, true)
        try scene.start(machines[1])
        #expect(try scene.place(of: "b") == server)
    }

    @Test("a member that has stopped counts no longer")
    func forgetsStopped() throws {
        var scene = try PoolScene(servers: 1)
        let machines = try scene.createMachines("a", "b")
        try scene.createRule(try PoolScene.rule(machines: ["a", "b"]))
        try scene.start(machines[0])
        expectRefused(scene.apply(.startMachine(machines[1])), .noServerFits)

        scene.observe(machines[0], .stopped(.poweredOffItself, cause: "It powered itself off."))

        try scene.start(machines[1])
        #expect(scene.state.inconsistency == nil)
    }

    @Test("tags select members as they are now: by key, or by key and value")
    func selectsByTags() throws {
        var scene = try PoolScene(servers: 2)
        let machines = try scene.createMachines("a", "b", "c")
        try scene.createRule(try PoolScene.rule("spread", tags: ["role=web"]))
        try scene.createRule(try PoolScene.rule("zone", .affinity, tags: ["zone"]))
        for machine in machines { try scene.tag(machine, "role", "db") }
        for machine in machines { try scene.start(machine) }
        #expect(try scene.breaches("spread") == [:])

        // Whatever runs is moved nowhere, and the rule is said to be broken.
        for machine in machines { try scene.tag(machine, "role", "web") }
        let together = try scene.breaches("spread")
        try scene.tag(machines[0], "zone", "x")
        try scene.tag(machines[1], "zone", "y")

        #expect(together.values.flatMap { $0 }.count == 2)
        #expect(try scene.breaches("zone") == [1: ["a"], 2: ["b"]])
        #expect(scene.apply(.deleteTag(machines[1], key: try PoolScene.tag("zone"))) == .done(.none))
        #expect(try scene.breaches("zone") == [:])
        #expect(scene.state.inconsistency == nil)
    }

    @Test("a rule that comes after its machines have started finds them where they are, and ends with its deletion")
    func comesLater() throws {
        var scene = try PoolScene(servers: 1)
        let machines = try scene.createMachines("a", "b", "c")
        for machine in machines { try scene.tag(machine, "role", "web") }
        try scene.start(machines[0])
        try scene.start(machines[1])

        let rule = try scene.createRule(try PoolScene.rule("spread", machines: ["a", "b"], tags: ["role=web"]))

        #expect(try scene.breaches("spread") == [1: ["a", "b"]])
        expectRefused(scene.apply(.startMachine(machines[2])), .noServerFits)
        #expect(scene.apply(.deleteRule(rule)) == .done(.none))
        try scene.start(machines[2])
        expectRefused(scene.apply(.deleteRule(rule)), .ruleNotFound)
        #expect(scene.state.inconsistency == nil)
    }

    @Test("a broken soft rule is named where the machine was placed")
    func namesBrokenSoftRule() throws {
        var scene = try PoolScene(servers: 1)
        let machines = try scene.createMachines("a", "b")
        try scene.createRule(try PoolScene.rule("spread", .antiAffinity, .soft, machines: ["a", "b"]))
        try scene.start(machines[0])

        try scene.start(machines[1])

        let placed = try #require(scene.state.events.events.last { $0.kind == "vm-placed" })
        #expect(placed.text.hasSuffix("; it breaks rule spread, which is soft: it has a."))
    }

    @Test(
        "definitions that mean nothing are refused",
        arguments: [
            ([], [], PoolRefusalType.invalidValue), (["a"], [], .invalidValue), (["a", "none"], [], .machineNotFound),
            ([], (0...16).map { "t\($0)" }, .invalidValue), ([], ["t=" + String(repeating: "v", count: 1_025)], .invalidValue),
        ])
    func refusesDefinitions(machines: [String], tags: [String], type: PoolRefusalType) throws {
        var scene = try PoolScene()
        try scene.createMachines("a", "b")

        expectRefused(scene.apply(.createRule(try PoolScene.rule(machines: machines, tags: tags))), type)
    }

    @Test("names are unique, rules are bounded in number and in machines")
    func bounds() throws {
        var scene = try PoolScene()
        let names = try (0...128).map { number in
            _ = try scene.createMachine("m\(number)")
            return "m\(number)"
        }
        expectRefused(scene.apply(.createRule(try PoolScene.rule(machines: names))), .invalidValue)
        for number in 0..<1_000 { try scene.createRule(try PoolScene.rule("r\(number)", machines: Array(names.dropFirst()))) }

        expectRefused(scene.apply(.createRule(try PoolScene.rule("r7", tags: ["t"]))), .ruleNameTaken)
        expectRefused(scene.apply(.createRule(try PoolScene.rule("more", tags: ["t"]))), .tooManyRules)
    }

    @Test("hard rules that cannot both hold are refused: over the same two machines, named or tagged, or over the same tag")
    func refusesContradictions() throws {
        var scene = try PoolScene()
        let machines = try scene.createMachines("a", "b", "c")
        try scene.createRule(try PoolScene.rule("apart", machines: ["a", "b"]))
        try scene.createRule(try PoolScene.rule("zone", .affinity, tags: ["zone=x"]))
        try scene.tag(machines[0], "pair")
        try scene.tag(machines[1], "pair")

        expectRefused(scene.apply(.createRule(try PoolScene.rule("pair", .affinity, machines: ["a", "b"]))), .ruleContradicts)
        expectRefused(scene.apply(.createRule(try PoolScene.rule("pair", .affinity, tags: ["pair"]))), .ruleContradicts)
        expectRefused(scene.apply(.createRule(try PoolScene.rule("zones", tags: ["zone"]))), .ruleContradicts)
        try scene.createRule(try PoolScene.rule("soft", .affinity, .soft, machines: ["a", "b"]))
        try scene.createRule(try PoolScene.rule("other", .affinity, machines: ["b", "c"]))
        try scene.createRule(try PoolScene.rule("zones", tags: ["zone=y"]))
    }

    @Test("a machine that is deleted and created again is a member by its name again")
    func remembersNames() throws {
        var scene = try PoolScene(servers: 1)
        let machines = try scene.createMachines("a", "b")
        try scene.createRule(try PoolScene.rule("spread", machines: ["a", "b"]))
        #expect(scene.apply(.deleteMachine(machines[1])) == .done(.none))
        try scene.start(machines[0])

        let again = try scene.createMachine("b")

        expectRefused(scene.apply(.startMachine(again)), .noServerFits)
    }

    @Test("rules survive a snapshot, and change the digest")
    func survivesSnapshot() throws {
        var scene = try PoolScene(servers: 2)
        let machines = try scene.createMachines("a", "b")
        try scene.tag(machines[0], "role", "web")
        try scene.start(machines[0])
        let before = scene.state.digest
        try scene.createRule(try PoolScene.rule("spread", machines: ["a", "b"], tags: ["role", "role=web"]))

        let restored = try PoolState(restoring: scene.state.parts)

        #expect(restored.digest == scene.state.digest)
        #expect(restored.digest != before)
        #expect(restored.rulesInOrder == scene.state.rulesInOrder)
        #expect(scene.state.inconsistency == nil)
        var twice = scene.state.parts
        twice.rules += twice.rules
        #expect(throws: PoolStateRestoringError.self) { try PoolState(restoring: twice) }
    }
}
