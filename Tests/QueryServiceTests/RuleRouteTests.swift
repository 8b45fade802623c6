import PoolModel
import PoolStateMachine
import QueryModel
import Testing

@testable import QueryService

@Suite("Routes for rules")
struct RuleRouteTests {
    private static let spread = #"{"name": "spread", "kind": "anti-affinity", "machines": ["web01", "web02"], "tags": ["role=web"]}"#

    /// Two machines without preferred servers.
    private func scene() async throws -> Scene {
        let scene = try await Scene()
        for name in ["web01", "web02"] { #expect(try await scene.createMachine(name).status == 201) }
        return scene
    }

    @Test("a rule is created, listed, shown by name and by id with its members, and deleted")
    func lifeOfARule() async throws {
        let scene = try await scene()

        let created = try await scene.send("POST", "/v1/rules", Self.spread)
        let rule = try created.document(RuleDocument.self)
        let listed = try await scene.send("GET", "/v1/rules").document(RuleListDocument.self)
        let byID = try await scene.send("GET", "/v1/rules/\(rule.id)").document(RuleDocument.self)

        #expect(created.status == 201)
        #expect(created.headers["Location"] == "/v1/rules/spread")
        #expect(rule.kind == "anti-affinity")
        #expect(rule.strength == "hard")
        #expect(rule.machines == ["web01", "web02"])
        #expect(rule.tags == ["role=web"])
        #expect(rule.members?.map(\.machine) == ["web01", "web02"])
        #expect(byID == rule)
        #expect(listed.rules.map(\.name) == ["spread"])
        #expect(listed.rules.map(\.members) == [nil])
        #expect(try await scene.send("DELETE", "/v1/rules/spread").status == 200)
        #expect(try await scene.send("GET", "/v1/rules/spread").status == 404)
        #expect(try await scene.send("DELETE", "/v1/rules/spread").status == 404)
    }

    @Test("machines that break a new rule are shown with it, and moved nowhere")
    func showsBreaches() async throws {
        let scene = try await scene()
        for name in ["web01", "web02"] {
            _ = try await scene.send("PATCH", "/v1/vms/\(name)", #"{"preferredServers": ["beta"]}"#)
            #expect(try await scene.send("POST", "/v1/vms/\(name)/start").status == 202)
        }

        let rule = try await scene.send("POST", "/v1/rules", Self.spread).document(RuleDocument.self)

        #expect(rule.broken == [RuleBreachDocument(server: "beta", machines: ["web01", "web02"], count: 2)])
        #expect(rule.members?.map(\.server) == ["beta", "beta"])
    }

    @Test("a rule is changed by differences, on the version that was seen, and shows its members then")
    func changes() async throws {
        let scene = try await scene()
        _ = try await scene.createMachine("web03")
        let created = try await scene.send("POST", "/v1/rules", Self.spread)
        let seen = try await scene.send("GET", "/v1/rules/spread").headers["ETag"] ?? ""

        let changed = try await scene.send(
            "PATCH", "/v1/rules/spread",
            #"{"strength": "soft", "addMachines": ["web03"], "removeMachines": ["web01"], "addTags": ["zone"], "removeTags": ["role=web"]}"#,
            headers: ["if-match": seen])
        let late = try await scene.send("PATCH", "/v1/rules/spread", #"{"strength": "hard"}"#, headers: ["if-match": seen])

        let rule = try changed.document(RuleDocument.self)
        #expect(changed.status == 200 && changed.headers["ETag"] != created.headers["ETag"] && late.status == 412)
        #expect(rule.strength == "soft" && rule.kind == "anti-affinity")
        #expect(rule.machines == ["web02", "web03"] && rule.tags == ["zone"])
        #expect(rule.members?.map(\.machine) == ["web02", "web03"])
        #expect(try await scene.send("PATCH", "/v1/rules/spread", #"{"removeMachines": ["web09"]}"#).problem?.refusal == "rule-membership")
        #expect(try await scene.send("PATCH", "/v1/rules/sprad", "{}").problem?.detail.contains("Did you mean spread?") == true)
        #expect(try await scene.send("PATCH", "/v1/rules/spread", "{}", as: "vera").status == 403)
    }

    @Test(
        "a change that cannot be read is refused before anything is written",
        arguments: [
            #"{"strength": "firm"}"#, #"{"addMachines": [""]}"#, #"{"removeTags": ["a b"]}"#, #"{"name": "other"}"#,
            #"{"kind": "affinity"}"#, "{\"addTags\": [\(Array(repeating: "\"a\"", count: 17).joined(separator: ","))]}",
            "{\"removeMachines\": [\(Array(repeating: "\"a\"", count: 129).joined(separator: ","))]}",
        ])
    func refusesChanges(body: String) async throws {
        let scene = try await scene()
        _ = try await scene.send("POST", "/v1/rules", Self.spread)
        let before = await scene.gateway.entries.count

        #expect(try await scene.send("PATCH", "/v1/rules/spread", body).status == 400)

        #expect(await scene.gateway.entries.count == before)
    }

    @Test("a machine shows the rules that it is a member of, each once, by name; it enters and leaves those that name machines")
    func rulesOfAMachine() async throws {
        let scene = try await scene()
        _ = try await scene.createMachine("web03")
        _ = try await scene.send("PUT", "/v1/vms/web01/tags/role", "\"web\"")
        for body in [
            Self.spread, #"{"name": "pair", "kind": "affinity", "strength": "soft", "machines": ["web01", "web02"]}"#,
            #"{"name": "a-tag", "kind": "affinity", "strength": "soft", "tags": ["role"]}"#,
        ] { #expect(try await scene.send("POST", "/v1/rules", body).status == 201) }

        let shown = try await scene.send("GET", "/v1/vms/web01").document(MachineDocument.self)
        let listed = try await scene.send("GET", "/v1/vms").document(MachineListDocument.self)
        let changed = try await scene.send(
            "PATCH", "/v1/vms/web03", #"{"memoryMiB": 300, "addRules": ["spread", "pair"], "preferredServers": ["beta"]}"#)
        let left = try await scene.send("PATCH", "/v1/vms/web03", #"{"removeRules": ["pair"]}"#)
        let refused = try await scene.send("PATCH", "/v1/vms/web03", #"{"addRules": ["a-tag"], "memoryMiB": 400}"#)

        #expect(shown.rules == ["a-tag", "pair", "spread"])
        #expect(listed.machines.map(\.rules) == [nil, nil, nil])
        #expect(try changed.document(MachineDocument.self).rules == ["pair", "spread"])
        #expect(try left.document(MachineDocument.self).rules == ["spread"])
        #expect(refused.status == 409 && refused.problem?.refusal == "rule-membership")
        #expect(refused.problem?.cure == "Set such a tag on web03 to make it a member.")
        #expect(try await scene.send("GET", "/v1/vms/web03").document(MachineDocument.self).requirements.memoryMiB == 300)
        #expect(try await scene.send("PATCH", "/v1/vms/web03", #"{"addRules": ["none"]}"#).status == 404)
    }

    @Test("explanations and refused starts name the rule")
    func explains() async throws {
        let scene = try await scene()
        _ = try await scene.send("PATCH", "/v1/vms/web02", #"{"preferredServers": ["beta"]}"#)
        _ = try await scene.send("POST", "/v1/vms/web01/start")
        _ = try await scene.send("POST", "/v1/rules", Self.spread)
        _ = try await scene.send("POST", "/v1/rules", #"{"name": "near", "kind": "affinity", "strength": "soft", "tags": ["shop"]}"#)

        let refused = try await scene.send("POST", "/v1/vms/web02/start")
        let explained = try await scene.send("GET", "/v1/vms/web02/explain").document(ExplanationDocument.self)

        #expect(refused.status == 409)
        #expect(refused.problem?.servers?.map { $0.refusal?.type } == ["not-preferred", "kept-apart"])
        #expect(explained.servers.last?.refusal?.message == "beta has web01: rule spread keeps them apart.")
    }

    @Test("a soft rule that would be broken stands beside the score")
    func explainsSoftly() async throws {
        let scene = try await scene()
        for name in ["web01", "web02"] { _ = try await scene.send("PUT", "/v1/vms/\(name)/tags/shop", "\"\"") }
        _ = try await scene.send("POST", "/v1/rules", #"{"name": "apart", "kind": "anti-affinity", "strength": "soft", "tags": ["shop"]}"#)
        _ = try await scene.send("POST", "/v1/vms/web01/start")

        let explained = try await scene.send("GET", "/v1/vms/web02/explain").document(ExplanationDocument.self)

        #expect(explained.chosen == "alpha")
        #expect(explained.servers.map(\.server) == ["alpha", "beta"])
        #expect(
            explained.servers.map(\.brokenRules) == [
                nil, [BrokenRuleDocument(rule: "apart", message: "beta breaks rule apart, which is soft: it has web01.")],
            ])
    }

    @Test(
        "what cannot be read is refused before anything is written",
        arguments: [
            #"{"name": "-x", "kind": "affinity", "tags": ["a"]}"#, #"{"name": "x", "kind": "near", "tags": ["a"]}"#,
            #"{"name": "x", "kind": "affinity", "strength": "firm", "tags": ["a"]}"#,
            #"{"name": "x", "kind": "affinity", "tags": ["a b"]}"#, #"{"name": "x", "kind": "affinity", "machines": [""]}"#,
            #"{"name": "x", "kind": "affinity", "members": []}"#, #"{"kind": "affinity", "tags": ["a"]}"#, "",
            "{\"name\": \"x\", \"kind\": \"affinity\", \"tags\": [\(Array(repeating: "\"a\"", count: 17).joined(separator: ","))]}",
        ])
    func refusesValues(body: String) async throws {
        let scene = try await scene()
        let before = await scene.gateway.entries.count

        #expect(try await scene.send("POST", "/v1/rules", body).status == 400)

        #expect(await scene.gateway.entries.count == before)
    }

    @Test("the pool's own refusals come in its own words; a viewer makes no rules")
    func refusesWrites() async throws {
        let scene = try await scene()
        _ = try await scene.send("POST", "/v1/rules", Self.spread)
        let opposite = #"{"name": "pair", "kind": "affinity", "machines": ["web01", "web02"]}"#

        #expect(try await scene.send("POST", "/v1/rules", Self.spread).problem?.refusal == "rule-name-taken")
        #expect(try await scene.send("POST", "/v1/rules", opposite).problem?.refusal == "rule-contradicts")
        #expect(
            try await scene.send("POST", "/v1/rules", #"{"name": "x", "kind": "affinity"}"#).problem?.refusal == "invalid-value")
        #expect(
            try await scene.send("POST", "/v1/rules", #"{"name": "x", "kind": "affinity", "machines": ["web01", "web9"]}"#).status == 404)
        #expect(try await scene.send("POST", "/v1/rules", opposite, as: "vera").status == 403)
        #expect(try await scene.send("GET", "/v1/rules/sprad").problem?.detail.contains("Did you mean spread?") == true)
    }

    @Test("the same key creates and deletes a rule once")
    func repeats() async throws {
        let scene = try await scene()
        let first = ["idempotency-key": "7d9c2a00-1111-4222-8333-000000000001"]
        let second = ["idempotency-key": "7d9c2a00-1111-4222-8333-000000000002"]

        for _ in 0..<2 { #expect(try await scene.send("POST", "/v1/rules", Self.spread, headers: first).status == 201) }
        for _ in 0..<2 { #expect(try await scene.send("DELETE", "/v1/rules/spread", headers: second).status == 200) }
    }
}

@Suite("What if")
struct WhatIfTests {
    private static let configuration = "name = \\\"new\\\"\\nmemory = 1024\\nvcpus = 2\\n"

    @Test("memory, virtual CPUs and servers may be others than they are")
    func asksOtherwise() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()

        let many = try await scene.send("GET", "/v1/vms/web01/explain?virtualCPUs=17").document(ExplanationDocument.self)
        let fitting = try await scene.send("GET", "/v1/vms/web01/explain?virtualCPUs=16&memoryMiB=5000&without=alpha")

        #expect(many.chosen == nil)
        #expect(many.servers.map { $0.refusal?.type } == ["not-enough-processors", "not-enough-processors"])
        #expect(try fitting.document(ExplanationDocument.self).chosen == "beta")
        for target in ["virtualCPUs=0", "virtualCPUs=x", "virtualCPUs=513", "vcpus=1"] {
            #expect(try await scene.send("GET", "/v1/vms/web01/explain?\(target)").status == 400, "\(target)")
        }
    }

    @Test("a machine that does not exist yet is explained from its vm.cfg, with its tags' rules, and not created")
    func explainsConfiguration() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine("web01", preferred: ["beta"])
        _ = try await scene.send("PUT", "/v1/vms/web01/tags/role", "\"web\"")
        _ = try await scene.send("POST", "/v1/vms/web01/start")
        _ = try await scene.send("POST", "/v1/rules", #"{"name": "spread", "kind": "anti-affinity", "tags": ["role=web"]}"#)
        let before = await scene.gateway.entries.count

        let plain = try await scene.send("POST", "/v1/explain", "{\"configuration\": \"\(Self.configuration)\", \"memoryMiB\": 2048}")
        let tagged = try await scene.send(
            "POST", "/v1/explain", "{\"configuration\": \"\(Self.configuration)\", \"tags\": [\"role=web\"], \"memoryMiB\": 2048}")

        #expect(try plain.document(ExplanationDocument.self).machine == "new")
        #expect(try plain.document(ExplanationDocument.self).chosen == "beta")
        #expect(try tagged.document(ExplanationDocument.self).chosen == "alpha")
        #expect(try tagged.document(ExplanationDocument.self).servers.first?.shares?.memory == 500_000)
        #expect(await scene.gateway.entries.count == before)
        #expect(try await scene.send("GET", "/v1/vms/new").status == 404)
    }

    @Test("the configuration of a machine that exists does not compete with what it is now")
    func explainsOtherConfiguration() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine("new", preferred: ["beta"])
        _ = try await scene.send("PATCH", "/v1/vms/new", #"{"memoryMiB": 8000}"#)
        _ = try await scene.send("POST", "/v1/vms/new/start")

        let answer = try await scene.send("POST", "/v1/explain", "{\"configuration\": \"\(Self.configuration)\", \"memoryMiB\": 8192}")

        #expect(try answer.document(ExplanationDocument.self).chosen == "beta")
    }

    @Test(
        "what cannot be read is refused",
        arguments: [
            (#"{"configuration": "name = "}"#, 422), (#"{}"#, 400),
            (#"{"configuration": "name = \"a\"\nmemory = 1\n", "memoryMiB": 0}"#, 400),
            (#"{"configuration": "name = \"a\"\nmemory = 1\n", "tags": ["a b"]}"#, 400),
            (#"{"configuration": "name = \"a\"\nmemory = 1\n", "virtualCPUs": -1}"#, 400),
            (#"{"configuration": "name = \"a\"\nmemory = 1\n", "without": ["gamma"]}"#, 404),
            (#"{"configuration": "name = \"a\"\nmemory = 1\n", "on": "alpha"}"#, 400),
        ])
    func refuses(body: String, status: Int) async throws {
        let scene = try await Scene()

        #expect(try await scene.send("POST", "/v1/explain", body).status == status)
        #expect(try await scene.send("POST", "/v1/explain", body, as: nil).status == 401)
    }
}
