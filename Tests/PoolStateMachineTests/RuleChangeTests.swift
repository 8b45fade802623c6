import PoolModel
import PoolStateMachine
import Testing

@Suite("Rules change")
struct RuleChangeTests {
    private func names(_ texts: String...) throws -> [VirtualMachineName] { try texts.map { try #require(VirtualMachineName($0)) } }

    @Test("a change holds from the next start on, moves nothing that runs, and says in its event what was and what is")
    func changes() throws {
        var scene = try PoolScene(servers: 1)
        let machines = try scene.createMachines("a", "b", "c")
        let rule = try scene.createRule(try PoolScene.rule("spread", .antiAffinity, .soft, machines: ["a", "b"]))
        for machine in machines.prefix(2) { try scene.start(machine) }
        let before = scene.state.digest

        let outcome = scene.apply(.changeRule(rule, RuleChange(strength: .hard, addedMachines: try names("c"))))

        #expect(outcome == .done(.none))
        #expect(scene.state.rules[rule]?.definition == (try PoolScene.rule("spread", machines: ["a", "b", "c"])))
        #expect(scene.state.rules[rule]?.changedAt == scene.state.appliedIndex)
        #expect(try scene.breaches("spread") == [1: ["a", "b"]])
        expectRefused(scene.apply(.startMachine(machines[2])), .noServerFits)
        #expect(scene.state.digest != before)
        #expect(scene.state.inconsistency == nil)
        let event = try #require(scene.state.events.events.last { $0.kind == "rule-changed" })
        #expect(event.text == "Rule spread was changed, from soft to hard, c added: it keeps a, b, c apart.")
        #expect(event.object == "spread" && event.objectKind == "rule")
    }

    @Test("tags come and go with whoever has them, wherever it is placed; a change to what is so already changes nothing")
    func changesTags() throws {
        var scene = try PoolScene(servers: 1)
        let machines = try scene.createMachines("a", "b")
        for machine in machines { try scene.tag(machine, "role", "web") }
        for machine in machines { try scene.start(machine) }
        let rule = try scene.createRule(try PoolScene.rule("spread", machines: ["a", "b"], tags: ["zone"]))
        let role = try #require(TagSelector("role=web"))

        let swap = RuleChange(removedMachines: try names("a", "b"), addedTags: [role], removedTags: [try #require(TagSelector("zone"))])
        #expect(scene.apply(.changeRule(rule, swap)) == .done(.none))
        let changedAt = scene.state.appliedIndex
        #expect(scene.apply(.changeRule(rule, RuleChange(strength: .hard, addedTags: [role]))) == .done(.none))

        #expect(try scene.breaches("spread") == [1: ["a", "b"]])
        #expect(scene.state.rules[rule]?.changedAt == changedAt)
        #expect(scene.state.events.events.filter { $0.kind == "rule-changed" }.count == 1)
        #expect(scene.state.inconsistency == nil)
    }

    @Test("a change that means nothing is refused with what is wrong, and changes nothing")
    func refuses() throws {
        var scene = try PoolScene()
        let machines = try scene.createMachines("a", "b", "c")
        let rule = try scene.createRule(try PoolScene.rule("pair", .affinity, machines: ["a", "b"]))
        try scene.createRule(try PoolScene.rule("apart", machines: ["b", "c"]))
        let zone = try #require(TagSelector("zone"))
        let before = scene.state.rules

        let refused: [(RuleChange, PoolRefusalType)] = [
            (RuleChange(addedMachines: try names("none")), .machineNotFound),
            (RuleChange(removedMachines: try names("c")), .ruleMembership), (RuleChange(removedTags: [zone]), .ruleMembership),
            (RuleChange(addedMachines: try names("c"), removedMachines: try names("c")), .invalidValue),
            (RuleChange(addedTags: [zone], removedTags: [zone]), .invalidValue),
            (RuleChange(removedMachines: try names("a")), .invalidValue),
            (RuleChange(addedMachines: try names("c")), .ruleContradicts),
        ]
        for (change, type) in refused { expectRefused(scene.apply(.changeRule(rule, change)), type) }

        expectRefused(scene.apply(.changeRule(RuleID(1), RuleChange(strength: .soft))), .ruleNotFound)
        #expect(scene.state.rules == before)
        #expect(scene.state.machines[machines[0]]?.tags == [:])
    }

    @Test("a rule that later tags made contradict another one may be loosened, and a member that is gone may be taken out")
    func loosens() throws {
        var scene = try PoolScene()
        let machines = try scene.createMachines("a", "b", "c", "d")
        let rule = try scene.createRule(try PoolScene.rule("pair", .affinity, machines: ["a", "b", "c", "d"]))
        try scene.createRule(try PoolScene.rule("apart", tags: ["zone"]))
        for machine in machines.prefix(2) { try scene.tag(machine, "zone") }
        #expect(scene.apply(.deleteMachine(machines[3])) == .done(.none))

        #expect(scene.apply(.changeRule(rule, RuleChange(removedMachines: try names("d")))) == .done(.none))
        expectRefused(
            scene.apply(.changeRule(rule, RuleChange(addedTags: [try #require(TagSelector("role"))]))), .ruleContradicts)
        #expect(scene.apply(.changeRule(rule, RuleChange(strength: .soft))) == .done(.none))
        expectRefused(scene.apply(.changeRule(rule, RuleChange(strength: .hard))), .ruleContradicts)
    }

    @Test("a machine enters rules and leaves others in one change with its size, which says so in the events of all of them")
    func changesMachine() throws {
        var scene = try PoolScene()
        let machines = try scene.createMachines("a", "b", "c")
        let spread = try scene.createRule(try PoolScene.rule("spread", machines: ["a", "b"]))
        let near = try scene.createRule(try PoolScene.rule("near", .affinity, .soft, machines: ["a", "b", "c"]))

        let change = MachineChange(memory: Mebibytes(300), addedRules: [spread], removedRules: [near])
        #expect(scene.apply(.changeMachine(machines[2], change)) == .done(.none))

        let machine = try #require(scene.state.machines[machines[2]])
        #expect(scene.state.rules(of: machine).map(\.definition.name.text) == ["spread"])
        #expect(machine.requirements.memory == Mebibytes(300))
        #expect(machine.changedAt == scene.state.appliedIndex)
        let texts = scene.state.events.events.suffix(3).map(\.text)
        #expect(texts[0].hasSuffix(", entered into spread, taken out of near."))
        #expect(texts[1] == "Rule spread was changed, c added: it keeps a, b, c apart.")
        #expect(texts[2] == "Rule near was changed, c removed: it keeps a, b together where it can.")
        #expect(scene.apply(.changeMachine(machines[2], MachineChange(addedRules: [spread]))) == .done(.none))
        #expect(scene.state.machines[machines[2]]?.changedAt != scene.state.appliedIndex)
    }

    @Test("where one of the rules refuses, nothing of the change is done: not of the other rules, and not of the size")
    func isAtomic() throws {
        var scene = try PoolScene(servers: 1)
        let machines = try scene.createMachines("a", "b", "c")
        for machine in machines { try scene.tag(machine, "role", "web") }
        let spread = try scene.createRule(try PoolScene.rule("spread", machines: ["a", "b"]))
        let near = try scene.createRule(try PoolScene.rule("near", .affinity, machines: ["a", "c"]))
        let tagged = try scene.createRule(try PoolScene.rule("tagged", .antiAffinity, .soft, tags: ["role=web"]))
        let mixed = try scene.createRule(try PoolScene.rule("mixed", .antiAffinity, .soft, machines: ["a"], tags: ["role"]))
        let before = scene.state

        let refused: [(VirtualMachineID, MachineChange, PoolRefusalType)] = [
            (machines[1], MachineChange(memory: Mebibytes(9), addedRules: [mixed, near, tagged]), .ruleContradicts),
            (machines[2], MachineChange(addedRules: [mixed, tagged]), .ruleMembership),
            (machines[1], MachineChange(addedRules: [mixed], removedRules: [tagged]), .ruleMembership),
            (machines[2], MachineChange(memory: Mebibytes(9), removedRules: [spread]), .ruleMembership),
            (machines[0], MachineChange(addedRules: [spread], removedRules: [spread]), .invalidValue),
            (machines[0], MachineChange(removedRules: [RuleID(1)]), .ruleNotFound),
            (machines[0], MachineChange(addedRules: (1...65).map { RuleID($0) }), .invalidValue),
        ]
        for (machine, change, type) in refused { expectRefused(scene.apply(.changeMachine(machine, change)), type) }

        #expect(scene.state.rules == before.rules)
        #expect(scene.state.machines == before.machines)
        #expect(scene.state.events.events == before.events.events)
        #expect(scene.state.inconsistency == nil)
    }

    @Test("two hard rules that contradict each other only by the machine that enters both are refused together")
    func enteringBoth() throws {
        var scene = try PoolScene()
        let machines = try scene.createMachines("a", "b", "c", "m")
        let near = try scene.createRule(try PoolScene.rule("near", .affinity, machines: ["a", "b"]))
        let apart = try scene.createRule(try PoolScene.rule("apart", machines: ["a", "c"]))

        expectRefused(scene.apply(.changeMachine(machines[3], MachineChange(addedRules: [near, apart]))), .ruleContradicts)

        #expect(scene.state.rules[near]?.definition.machines.count == 2)
        #expect(scene.state.inconsistency == nil)
    }
}
