import AgentPorts
import PoolModel
import PoolStateMachine
import QueryModel
import Testing

@testable import QueryService

@Suite("What the pool was")
struct HistoryTests {
    /// A scene in which web01 and web02 were made; `index` is that of the last entry.
    private func scene() async throws -> (scene: Scene, index: UInt64) {
        let scene = try await Scene()
        _ = try await scene.createMachine("web01")
        _ = try await scene.createMachine("web02")
        return (scene, await scene.gateway.state.appliedIndex.number)
    }

    private func diff(_ scene: Scene, _ query: String) async throws -> PoolDiffDocument {
        try await scene.send("GET", "/v1/pool/diff?\(query)").document(PoolDiffDocument.self)
    }

    @Test("the present is shown whole")
    func present() async throws {
        let (scene, index) = try await scene()
        _ = try await scene.send("PUT", "/v1/vms/web01/tags/a", "\"b\"")

        let state = try await scene.send("GET", "/v1/pool/state").document(PoolStateDocument.self)

        #expect(state.index == index + 1)
        #expect(state.firstIndex == nil)
        #expect(state.pool.name == "test")
        #expect(state.servers.map(\.name) == ["alpha", "beta"])
        #expect(state.servers.map(\.isMaster) == [true, false])
        #expect(state.machines.map(\.name) == ["web01", "web02"])
        #expect(state.tagCount == 1)
        #expect(state.tags == [MachineTagDocument(machine: "web01", key: "a", value: "b")])
        #expect(state.next == nil)
    }

    @Test("a state comes in pages that are all of one index, and together they are the whole", arguments: [1, 2, 5, 100])
    func pages(limit: Int) async throws {
        let (scene, _) = try await scene()
        for key in ["b/2", "a", "b/10"] { _ = try await scene.send("PUT", "/v1/vms/web02/tags/\(key)", "\"v\"") }
        _ = try await scene.send("PUT", "/v1/vms/web01/tags/c", "\"w\"")
        _ = try await scene.send("POST", "/v1/rules", #"{"name":"apart","kind":"anti-affinity","machines":["web01","web02"]}"#)
        let whole = try await scene.send("GET", "/v1/pool/state").document(PoolStateDocument.self)

        var state = try await scene.send("GET", "/v1/pool/state?limit=\(limit)").document(PoolStateDocument.self)
        var largest = state.servers.count + state.machines.count + state.rules.count + state.tags.count
        // What happens meanwhile is on none of the pages.
        _ = try await scene.createMachine("web03")
        while let next = state.next {
            let page: PoolStateDocument = try await scene.send("GET", "/v1/pool/state?limit=\(limit)&after=\(next)").document()
            #expect(page.index == whole.index)
            largest = max(largest, page.servers.count + page.machines.count + page.rules.count + page.tags.count)
            state.append(page)
        }

        #expect(largest == min(limit, 9))
        #expect(state.servers.map(\.name) == ["alpha", "beta"] && state.machines == whole.machines && state.rules == whole.rules)
        #expect(state.rules.map(\.machines) == [["web01", "web02"]])
        #expect(state.tags.map { "\($0.machine) \($0.key)" } == ["web01 c", "web02 a", "web02 b/10", "web02 b/2"])
        #expect(state.tagCount == 4 && state.ruleCount == 1)
    }

    @Test("an answer holds about 4 MiB of state, however much there is")
    func boundsBytes() async throws {
        let (scene, _) = try await scene()
        let machine = try #require(await scene.gateway.state.machinesInOrder.first?.id)
        let value = String(repeating: "v", count: 1_024)
        for number in 0..<5_000 {
            let key = try #require(TagKey("key\(number)"))
            await scene.gateway.apply(.putTag(machine, key: key, value: value), Scene.admin)
        }

        let first = try await scene.send("GET", "/v1/pool/state")
        let page = try first.document(PoolStateDocument.self)
        let rest = try await scene.send("GET", "/v1/pool/state?after=\(page.next ?? "")").document(PoolStateDocument.self)

        #expect((3_000_000...QueryLimits.stateBytes + 65_536).contains(first.text.utf8.count))
        #expect(page.tags.count + rest.tags.count == 5_000 && page.tagCount == 5_000)
        #expect(rest.next == nil && rest.machines.isEmpty && rest.servers.isEmpty)
    }

    @Test(
        "a cursor that no answer gave is refused",
        arguments: [
            "web01", "1/vm", "x/vm/web01", "0/vm/web01", "1/token/7", "1/vm/web01/a", "1/tag/web01", "1/tag/web01/a=b", "1/vm/-",
        ])
    func refusesCursors(cursor: String) async throws {
        let (scene, _) = try await scene()

        #expect(try await scene.send("GET", "/v1/pool/state?after=\(cursor.replacing("=", with: "%3D"))").status == 400)
        #expect(try await scene.send("GET", "/v1/pool/state?limit=10001").status == 400)
        #expect(try await scene.send("GET", "/v1/pool/state?at=2&after=3/vm/web01").status == 400)
        #expect(try await scene.send("GET", "/v1/pool/state?after=999/vm/web01").status == 404)
    }

    @Test("a past state is shown as it was, with how far back the server can go")
    func past() async throws {
        let (scene, index) = try await scene()
        _ = try await scene.send("DELETE", "/v1/vms/web01")
        _ = try await scene.send("PUT", "/v1/servers/beta/maintenance")

        let answer = try await scene.send("GET", "/v1/pool/state?at=\(index)")
        let state = try answer.document(PoolStateDocument.self)

        #expect(state.index == index)
        #expect(state.firstIndex == 1)
        #expect(state.machines.map(\.name) == ["web01", "web02"])
        #expect(state.servers.map(\.inMaintenance) == [false, false])
        #expect(state.servers.allSatisfy { !$0.isMaster })
        #expect(answer.headers["Ovm-Index"] == String(index + 2))
        #expect(try answer.document(Answered<PoolStateDocument>.self).answer.index == index + 2)
    }

    @Test("a diff names what was added, removed and changed, with the fields before and after, and who did it when and why")
    func diff() async throws {
        let (scene, index) = try await scene()
        _ = try await scene.send("PATCH", "/v1/vms/web02", #"{"memoryMiB":2048}"#, headers: ["ovm-reason": "it swaps"])
        _ = try await scene.send("PUT", "/v1/vms/web02/tags/owner", "\"ulla\"", as: "ulla")
        _ = try await scene.send("DELETE", "/v1/vms/web01")
        _ = try await scene.createMachine("web03")
        _ = try await scene.send("PUT", "/v1/servers/beta/maintenance")

        let diff = try await diff(scene, "from=\(index)&to=\(index + 5)")

        #expect(diff.from == index)
        #expect(diff.to == index + 5)
        #expect(diff.objectCount == 4)
        #expect(
            diff.objects.map { "\($0.change) \($0.kind) \($0.name)" } == [
                "changed server beta", "removed vm web01", "changed vm web02", "added vm web03",
            ])
        let time = QueryTime(milliseconds: FakeClock.start)
        #expect(
            diff.objects[2]
                == ObjectDiffDocument(
                    kind: "vm", name: "web02", change: "changed",
                    fields: [
                        FieldDiffDocument(name: "requirements.maximumMemoryMiB", before: "1024", after: "2048"),
                        FieldDiffDocument(name: "requirements.memoryMiB", before: "1024", after: "2048"),
                        FieldDiffDocument(name: "tags.owner", before: nil, after: "ulla"),
                    ], entryCount: 2,
                    entries: [
                        ChangeEntryDocument(
                            index: index + 1, time: time, principal: "operator admin", reason: "it swaps", kind: "vm-changed",
                            message: "Virtual machine web02 was changed: memory from 1024 MiB to 2048 MiB."),
                        ChangeEntryDocument(
                            index: index + 2, time: time, principal: "operator ulla", reason: nil, kind: "tag-set",
                            message: "Tag owner was set."),
                    ]))
        #expect(diff.objects[0].fields.map(\.name) == ["inMaintenance", "status"])
        #expect(diff.objects[1].fields.contains(FieldDiffDocument(name: "name", before: "web01", after: nil)))
        #expect(diff.objects[3].fields.contains(FieldDiffDocument(name: "name", before: nil, after: "web03")))
        #expect(diff.objects[3].entries.map(\.index) == [index + 4])
    }

    @Test("what came and went between is no difference, and without `to` it reaches to now")
    func nets() async throws {
        let (scene, index) = try await scene()
        _ = try await scene.send("PUT", "/v1/servers/beta/maintenance")
        _ = try await scene.send("DELETE", "/v1/servers/beta/maintenance")
        _ = try await scene.createMachine("web03")
        _ = try await scene.send("DELETE", "/v1/vms/web03")

        let diff = try await diff(scene, "from=\(index)")

        #expect(diff.to == index + 4)
        #expect(diff.objectCount == 0)
        #expect(diff.objects == [])
    }

    @Test("what follows from something else is no difference of its own")
    func derived() async throws {
        let (scene, index) = try await scene()
        _ = try await scene.send("POST", "/v1/vms/web01/start")

        let diff = try await diff(scene, "from=\(index)")

        #expect(diff.objects.map(\.name) == ["web01"])
        #expect(diff.objects.first?.fields.map(\.name) == ["cause", "intent", "server", "status"])
    }

    @Test("rules are counted and compared")
    func rules() async throws {
        let (scene, index) = try await scene()
        let made = try await scene.send("POST", "/v1/rules", #"{"name":"apart","kind":"anti-affinity","machines":["web01","web02"]}"#)
        let state = try await scene.send("GET", "/v1/pool/state").document(PoolStateDocument.self)

        let diff = try await diff(scene, "from=\(index)")

        #expect(made.status == 201)
        #expect(state.ruleCount == 1)
        let rule = try #require(diff.objects.first)
        #expect(diff.objectCount == 1)
        #expect("\(rule.change) \(rule.kind) \(rule.name)" == "added rule apart")
        #expect(rule.fields.contains(FieldDiffDocument(name: "machines", before: nil, after: "web01, web02")))
        #expect(rule.entries.map(\.kind) == ["rule-created"])
    }

    @Test("a rule's change is shown with what was and what is; a machine that entered it did not become another one")
    func changedRule() async throws {
        let (scene, _) = try await scene()
        _ = try await scene.createMachine("web03")
        _ = try await scene.send("POST", "/v1/rules", #"{"name":"apart","kind":"anti-affinity","machines":["web01","web02"]}"#)
        let index = await scene.gateway.state.appliedIndex.number
        _ = try await scene.send("PATCH", "/v1/rules/apart", #"{"strength":"soft"}"#, headers: ["ovm-reason": "too few servers"])
        _ = try await scene.send("PATCH", "/v1/vms/web03", #"{"addRules":["apart"]}"#)

        let diff = try await diff(scene, "from=\(index)")

        #expect(diff.objects.map { "\($0.change) \($0.kind) \($0.name)" } == ["changed rule apart"])
        #expect(
            diff.objects.first?.fields == [
                FieldDiffDocument(name: "machines", before: "web01, web02", after: "web01, web02, web03"),
                FieldDiffDocument(name: "strength", before: "hard", after: "soft"),
            ])
        #expect(diff.objects.first?.entries.map(\.reason) == ["too few servers", nil])
    }

    @Test("a machine made anew under its name is removed and added")
    func replaced() async throws {
        let (scene, index) = try await scene()
        _ = try await scene.send("DELETE", "/v1/vms/web01")
        _ = try await scene.createMachine("web01")

        let diff = try await diff(scene, "from=\(index)")

        #expect(diff.objects.map { "\($0.change) \($0.name)" } == ["removed web01", "added web01"])
        #expect(diff.objects.allSatisfy { $0.entries.map(\.index) == [index + 1, index + 2] })
    }

    @Test("an entry that noted only another object's event is named with those that it changed")
    func indirect() async throws {
        let (scene, index) = try await scene()
        _ = try await scene.send("PATCH", "/v1/vms/web01", #"{"preferredServers":["alpha","beta"]}"#)
        _ = try await scene.send("DELETE", "/v1/servers/beta")

        let diff = try await diff(scene, "from=\(index + 1)")

        let web01 = try #require(diff.objects.first { $0.name == "web01" })
        #expect(web01.fields == [FieldDiffDocument(name: "preferredServers", before: "alpha, beta", after: "alpha")])
        #expect(web01.entries.map(\.index) == [index + 2])
        #expect(web01.entries.map(\.kind) == [nil])
        #expect(diff.objects.first?.change == "removed")
    }

    @Test("from the pool's founding on, tokens and operators are compared too, without their secrets")
    func founding() async throws {
        let (scene, _) = try await scene()

        let answer = try await scene.send("GET", "/v1/pool/diff?from=1")
        let diff = try answer.document(PoolDiffDocument.self)

        #expect(
            diff.objects.map { "\($0.kind) \($0.name)" } == [
                "server alpha", "server beta", "vm web01", "vm web02", "token 2", "credential ulla", "credential vera",
            ])
        let token = try #require(diff.objects.first { $0.kind == "token" })
        #expect(token.entries.map(\.kind) == ["token-created", nil])
        #expect(!answer.text.contains("secret"))
        #expect(!answer.text.contains(Scene.digest("ulla-secret").description))
    }

    @Test("too many entries of one object are counted, and the newest are named")
    func bounds() async throws {
        let (scene, index) = try await scene()
        for number in 0..<150 {
            await scene.gateway.apply(.changeMachine(VirtualMachineID(1), MachineChange(virtualCPUs: 3 + number % 2)), Scene.admin)
        }

        let object = try #require(try await diff(scene, "from=\(index)").objects.first)

        #expect(object.entryCount == 150)
        #expect(object.entries.map(\.index) == Array((index + 51)...(index + 150)))
    }

    @Test(
        "an index that cannot be read, lies ahead, or the wrong way round is refused",
        arguments: [
            ("state?at=0", 400), ("state?at=x", 400), ("state?at=999", 404), ("diff", 400), ("diff?from=5&to=4", 400),
            ("diff?from=5&to=999", 404), ("diff?from=999", 404), ("diff?from=", 400), ("state?index=4", 400),
        ])
    func refuses(path: String, status: Int) async throws {
        let (scene, _) = try await scene()

        #expect(try await scene.send("GET", "/v1/pool/\(path)").status == status)
        #expect(try await scene.send("GET", "/v1/pool/\(path)", as: nil).status == (path.contains("index=") ? 400 : 401))
    }

    @Test(
        "what the archive refuses becomes a problem with its cause and cure",
        arguments: [
            (ArchiveRefusal.notKept(first: LogIndex(4_711)), ProblemKind.gone), (.busy, .tooMany),
            (.tooLong(entries: 9, most: 8), .tooLarge), (.unreadable(message: "It is damaged. Mend it."), .internalError),
        ])
    func archiveRefuses(refusal: ArchiveRefusal, kind: ProblemKind) async throws {
        let (scene, _) = try await scene()
        await scene.archive.refuse(refusal)

        let answer = try await scene.send("GET", "/v1/pool/state?at=3")

        #expect(answer.problem?.kind == kind)
        #expect(answer.problem?.firstIndex == (kind == .gone ? 4_711 : nil))
        #expect(answer.headers["Retry-After"] == (kind == .tooMany ? "1" : nil))
    }
}
