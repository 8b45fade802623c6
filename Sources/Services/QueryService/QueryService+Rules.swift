import AgentCore
import AgentPorts
import PoolModel
import PoolStateMachine
import QueryModel

extension QueryService {
    func listRules(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let page = try ListPage(request, expected: "a rule's name") { RuleName($0) }
        return try await answerAside(request) { state, _ throws(QueryRefusal) in
            let (rules, next) = page.cut(state.rules.values) { $0.definition.name }
            return RuleListDocument(rules: rules.map { RuleDocument($0, state, isComplete: false) }, next: next?.text)
        }
    }

    func showRule(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        try await answer(request) { state, _ throws(QueryRefusal) in
            RuleDocument(try state.rule(atPath: request.parameter("name")), state, isComplete: true)
        }
    }

    func createRule(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let body = try await request.body()
        let definition = try Self.definition(try RequestDocumentReading.read(CreateRuleRequest.self, from: body))
        let written = try await write(.createRule(definition), for: request, body: body)
        let made = try await lookAfter(written) { state, _ throws(QueryRefusal) in
            RuleDocument(try state.rule(atPath: definition.name.text), state, isComplete: true)
        }
        return .json(
            Answered(made.document, answer: made.answer), status: 201,
            headers: [QueryReply.Header("Location", "/v1/rules/\(PercentText.encode(definition.name.text))")]
                + QueryReply.headers(of: made.answer))
    }

    func changeRule(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let body = try await request.body()
        let change = try Self.change(try RequestDocumentReading.read(ChangeRuleRequest.self, from: body))
        return try await write(.changeRule(try await ruleID(request), change), for: request, body: body) { state, _ throws(QueryRefusal) in
            RuleDocument(try state.rule(atPath: request.parameter("name")), state, isComplete: true)
        }
    }

    func deleteRule(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        try await write(.deleteRule(try await ruleID(request)), for: request) { _, _ throws(QueryRefusal) in DoneDocument() }
    }

    /// The rule that the path names, by the newest committed state.
    private func ruleID(_ request: QueryRequest) async throws(QueryRefusal) -> RuleID {
        try await look(request, .linearizable) { state, _ throws(QueryRefusal) in
            do throws(QueryRefusal) {
                return try state.rule(atPath: request.parameter("name")).id
            } catch {
                // As with virtual machines: a request sent again may find its work done, and its key finds what that came to.
                guard request.hasIdempotencyKey else { throw error }
                return RuleID(0)
            }
        }.document
    }

    // MARK: Reading

    private static func definition(_ wanted: CreateRuleRequest) throws(QueryRefusal) -> RuleDefinition {
        guard let name = RuleName(wanted.name) else {
            throw .badValue("name", wanted.name, expected: "1 to 63 of A-Z a-z 0-9 . _ - that begin with a letter or a digit")
        }
        guard let kind = RuleKind(rawValue: wanted.kind) else {
            throw .badValue("kind", wanted.kind, expected: "affinity or anti-affinity")
        }
        let strength = try strength(wanted.strength ?? RuleStrength.hard.rawValue)
        let tags = try selectors(wanted.tags ?? [], most: PoolLimits.tagsPerRule)
        return RuleDefinition(name: name, kind: kind, strength: strength, machines: try machines(wanted.machines ?? []), tags: tags)
    }

    private static func change(_ wanted: ChangeRuleRequest) throws(QueryRefusal) -> RuleChange {
        RuleChange(
            strength: try wanted.strength.map { (word) throws(QueryRefusal) in try strength(word) },
            addedMachines: try machines(wanted.addMachines ?? []), removedMachines: try machines(wanted.removeMachines ?? []),
            addedTags: try selectors(wanted.addTags ?? [], most: PoolLimits.tagsPerRule),
            removedTags: try selectors(wanted.removeTags ?? [], most: PoolLimits.tagsPerRule))
    }

    private static func strength(_ word: String) throws(QueryRefusal) -> RuleStrength {
        guard let strength = RuleStrength(rawValue: word) else { throw .badValue("strength", word, expected: "hard or soft") }
        return strength
    }

    private static func machines(_ texts: [String]) throws(QueryRefusal) -> [VirtualMachineName] {
        // Before the list is read, so that nobody makes us read a long one; the pool itself counts what is left of duplicates.
        try check(texts.count, "number of virtual machines", 0...PoolLimits.machinesPerRule)
        var machines: [VirtualMachineName] = []
        for text in texts {
            guard let machine = VirtualMachineName(text) else { throw .badValue("machine", text, expected: "a virtual machine's name") }
            machines.append(machine)
        }
        return machines
    }

    /// Reads `KEY` and `KEY=VALUE`.
    static func selectors(_ texts: [String], most: Int) throws(QueryRefusal) -> [TagSelector] {
        try check(texts.count, "number of tags", 0...most)
        var selectors: [TagSelector] = []
        for text in texts {
            guard let selector = TagSelector(text) else { throw .badValue("tag", text, expected: "KEY or KEY=VALUE") }
            selectors.append(selector)
        }
        return selectors
    }
}
