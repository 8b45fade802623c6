import PoolModel
import PoolStateMachine
import Testing

@Suite("A command that expects a version is applied to that version only")
struct VersionTests {
    private func refusal(_ outcome: CommandOutcome) -> PoolRefusalType? {
        if case .refused(let refusal) = outcome { refusal.type } else { nil }
    }

    @Test("of two changes that expect the same version, the second is refused and changes nothing")
    func refusesTheSecond() throws {
        var scene = try PoolScene(servers: 2)
        let machine = try scene.createMachine("web01")
        let version = try #require(scene.state.machines[machine]?.changedAt)
        let key = try #require(TagKey("owner"))

        let first = scene.apply(expecting: version, .putTag(machine, key: key, value: "a"))
        let second = scene.apply(expecting: version, .putTag(machine, key: key, value: "b"))

        #expect(first == .done(.none))
        #expect(refusal(second) == .changedMeanwhile)
        #expect(scene.state.machines[machine]?.tags[key] == "a")
        #expect(scene.state.machines[machine]?.changedAt == version.next)
    }

    @Test("servers and tasks have versions too")
    func otherObjects() throws {
        var scene = try PoolScene(servers: 2)
        let machine = try scene.createMachine("web01")
        let server = try #require(scene.state.servers[PoolScene.two]?.changedAt)
        guard case .done(.task(let task)) = scene.apply(.startMachine(machine)) else { return #expect(Bool(false)) }
        let begun = try #require(scene.state.tasks[task]?.changedAt)

        #expect(refusal(scene.apply(expecting: server.next, .maintenance(server: PoolScene.two, isOn: true))) == .changedMeanwhile)
        #expect(scene.apply(expecting: server, .maintenance(server: PoolScene.two, isOn: true)) == .done(.none))
        #expect(refusal(scene.apply(expecting: begun.next, .cancelTask(task))) == .changedMeanwhile)
        #expect(scene.apply(expecting: begun, .cancelTask(task)) == .done(.none))
    }

    @Test("of two changes of a rule that expect the same version, the second is refused")
    func rules() throws {
        var scene = try PoolScene()
        let rule = try scene.createRule(try PoolScene.rule(tags: ["a"]))
        let version = try #require(scene.state.rules[rule]?.changedAt)

        #expect(scene.apply(expecting: version, .changeRule(rule, RuleChange(strength: .soft))) == .done(.none))
        #expect(refusal(scene.apply(expecting: version, .changeRule(rule, RuleChange(strength: .hard)))) == .changedMeanwhile)

        #expect(scene.state.rules[rule]?.definition.strength == .soft)
    }

    @Test("what has no version, or is not there, cannot be expected to have one")
    func refusesWithoutVersion() throws {
        var scene = try PoolScene(servers: 2)
        let machine = VirtualMachineID(99)

        #expect(refusal(scene.apply(expecting: LogIndex(1), .revokeToken(TokenID(1)))) == .changedMeanwhile)
        #expect(refusal(scene.apply(expecting: LogIndex(1), .deleteMachine(machine))) == .changedMeanwhile)
    }

    @Test("a request that is sent again with its key is answered as the first time, although it changed the version itself")
    func keyGoesFirst() throws {
        var scene = try PoolScene(servers: 2)
        let machine = try scene.createMachine("web01")
        let version = try #require(scene.state.machines[machine]?.changedAt)
        let key = IdempotencyKey(key: UniqueIdentifier(high: 1, low: 2), request: PoolScene.digest(9))
        let command = PoolCommand.putTag(machine, key: try #require(TagKey("owner")), value: "a")

        #expect(scene.apply(expecting: version, command, key: key) == .done(.none))
        #expect(scene.apply(expecting: version, command, key: key) == .done(.none))
    }

    @Test("who may not change it is not told whether it has changed")
    func authorisesFirst() throws {
        var scene = try PoolScene(servers: 2)
        let machine = try scene.createMachine("web01")

        let outcome = scene.apply(expecting: LogIndex(1), .deleteMachine(machine), by: .server(PoolScene.two))

        #expect(refusal(outcome) == .notAllowed)
    }
}

extension PoolScene {
    fileprivate mutating func apply(
        expecting version: LogIndex, _ command: PoolCommand, by principal: Principal = PoolScene.root, key: IdempotencyKey? = nil
    ) -> CommandOutcome {
        apply(
            PoolEntry(
                command: command, principal: principal, proposedAt: PoolTime(milliseconds: clock), idempotency: key, expected: version))
    }
}
