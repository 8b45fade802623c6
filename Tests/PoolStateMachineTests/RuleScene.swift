import PoolModel
import PoolStateMachine
import Testing

extension PoolScene {
    static func rule(
        _ name: String = "rule", _ kind: RuleKind = .antiAffinity, _ strength: RuleStrength = .hard, machines: [String] = [],
        tags: [String] = []
    ) throws -> RuleDefinition {
        RuleDefinition(
            name: try #require(RuleName(name)), kind: kind, strength: strength,
            machines: try machines.map { try #require(VirtualMachineName($0)) }, tags: try tags.map { try #require(TagSelector($0)) })
    }

    @discardableResult
    mutating func createRule(_ definition: RuleDefinition) throws -> RuleID {
        let outcome = apply(.createRule(definition))
        guard case .done(.rule(let id)) = outcome else { throw SceneError(outcome: outcome) }
        return id
    }

    /// Creates machines of these names, and starts none.
    @discardableResult
    mutating func createMachines(_ names: String...) throws -> [VirtualMachineID] { try names.map { try createMachine($0) } }

    mutating func tag(_ machine: VirtualMachineID, _ key: String, _ value: String = "") throws {
        try #require(apply(.putTag(machine, key: try Self.tag(key), value: value)) == .done(.none))
    }

    /// Where a machine of this name is placed.
    func place(of name: String) throws -> ServerID? {
        let machineName = try #require(VirtualMachineName(name))
        return state.machine(named: machineName)?.placement?.server
    }

    /// Where a rule is broken: by server number the names of the machines.
    func breaches(_ name: String) throws -> [UInt64: [String]] {
        let ruleName = try #require(RuleName(name))
        let rule = try #require(state.rule(named: ruleName))
        return state.breaches(of: rule.definition).reduce(into: [:]) { found, breach in
            found[breach.server.number] = breach.machines.compactMap { state.machines[$0]?.name.text }
        }
    }
}
