import AgentCore
import AgentPorts
import DomainConfiguration
import PoolModel
import PoolStateMachine
import QueryModel
import Testing

@testable import QueryService

@Suite("Routes for virtual machines")
struct MachineRouteTests {
    @Test(
        "a write to a name that nothing has says the name and the nearest one, with a key as without",
        arguments: [
            ("POST", "/v1/vms/wbe01/start", #"There is no virtual machine "wbe01". Did you mean web01? List them with GET /v1/vms."#),
            ("DELETE", "/v1/servers/alhpa", #"There is no server "alhpa". Did you mean alpha? List them with GET /v1/servers."#),
            ("DELETE", "/v1/rules/x", #"There is no rule "x". List them with GET /v1/rules."#),
        ])
    func namesWhatIsUnknown(method: String, path: String, detail: String) async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()

        let plain = try await scene.send(method, path)
        let keyed = try await scene.send(method, path, headers: ["idempotency-key": "0b2e4a52-6a0e-4f8e-9f43-4a7a1c3f7d10"])

        #expect(plain.problem?.detail == detail)
        #expect(keyed.problem?.detail == detail)
        #expect(keyed.problem?.kind == .notFound)
    }

    @Test("a vm.cfg becomes a virtual machine with its requirements; an interface without a bridge is on xenbr0")
    func creates() async throws {
        let scene = try await Scene()

        let answer = try await scene.createMachine(preferred: ["beta", "alpha"])
        let created = try answer.document(MachineCreatedDocument.self).machine

        #expect(answer.status == 201)
        #expect(answer.headers["Location"] == "/v1/vms/web01")
        #expect(created.preferredServers == ["alpha", "beta"])
        #expect(created.status == "PoweredOff")
        #expect(created.configuration == Scene.configuration)
        #expect(
            created.requirements
                == RequirementsDocument(
                    domainType: "pv", memoryMiB: 1_024, virtualCPUs: 2,
                    interfaces: Array(repeating: InterfaceDocument(bridge: "xenbr0", rateKbps: 10_000), count: 2),
                    diskPaths: ["/OVS/web01.img"], newImageMiB: 0, maximumMemoryMiB: 1_024,
                    maximumVirtualCPUs: 2, onPowerOff: "destroy", onReboot: "restart", onCrash: "destroy"))
        #expect(UniqueIdentifier(created.uuid) != nil)
    }

    /// Servers alpha, of a hypervisor that does not do `disk`, and beta, of one that does not do `vif`.
    private func reviewingScene() async throws -> Scene {
        let review = HypervisorReview { configuration, hypervisor in
            let key = hypervisor == "simulated" ? "vif" : "disk"
            return configuration.assignments.filter { $0.key == key }.map {
                ConfigurationWarning(line: $0.position.line, column: $0.position.column, message: "\(hypervisor) does not do \(key).")
            }
        }
        let scene = try await Scene(review: review)
        let facts = Scene.facts(memory: 4_096, hypervisor: "4.17")
        await scene.gateway.apply(.serverFacts(server: ServerID(1), session: SessionNumber(1), facts), .server(ServerID(1)))
        return scene
    }

    @Test("what the hypervisors that a machine may run on do not carry out is among the warnings of its creation, and shown with it")
    func warns() async throws {
        let scene = try await reviewingScene()
        let on = { (hypervisor: String, key: String, line: Int) in
            ConfigurationWarningDocument(line: line, column: 1, message: "\(hypervisor) does not do \(key).")
        }

        let anywhere = try await scene.createMachine("web01").document(MachineCreatedDocument.self)
        let alone = try await scene.createMachine("web02", preferred: ["alpha"]).document(MachineCreatedDocument.self)

        // Reading the vm.cfg has words of its own, further on in line 5.
        #expect(anywhere.warnings.prefix(2) == [on("simulated", "vif", 4), on("4.17", "disk", 5)] && anywhere.warnings.count == 4)
        #expect(anywhere.machine.warnings == [on("4.17", "disk", 5), on("simulated", "vif", 4)])
        #expect(alone.warnings.filter { $0.message.contains("does not do") } == [on("4.17", "disk", 5)])
        #expect(try await scene.send("GET", "/v1/vms/web02").document(MachineDocument.self).warnings == [on("4.17", "disk", 5)])
        let listed = try await scene.send("GET", "/v1/vms").document(MachineListDocument.self)
        #expect(listed.machines.map(\.warnings) == [nil, nil])
    }

    @Test("of a machine that is placed, the hypervisor of its server counts")
    func warnsWherePlaced() async throws {
        let scene = try await reviewingScene()
        _ = try await scene.createMachine("web01")

        _ = try await scene.send("POST", "/v1/vms/web01/start")
        let shown = try await scene.send("GET", "/v1/vms/web01").document(MachineDocument.self)

        #expect(shown.server == "beta")
        #expect(shown.warnings?.map(\.message) == ["simulated does not do vif."])
    }

    @Test("a mistake in a vm.cfg is told with its line and column")
    func refusesConfiguration() async throws {
        let scene = try await Scene()

        let answer = try await scene.send("POST", "/v1/vms", #"{"configuration": "name = \"a\"\nmemory = = 3\n"}"#)

        #expect(answer.status == 422)
        #expect(answer.problem?.kind == .badConfiguration)
        #expect(answer.problem?.line == 2)
        #expect(answer.problem?.column == 10)
    }

    @Test("names, preferred servers and sizes are checked before anything is written")
    func refusesValues() async throws {
        let scene = try await Scene()
        let before = await scene.gateway.entries.count

        #expect(try await scene.createMachine("-x").problem?.kind == .badRequest)
        #expect(try await scene.createMachine(preferred: ["gamma"]).problem?.kind == .notFound)
        let long = String(repeating: "#", count: 65_537)
        #expect(try await scene.send("POST", "/v1/vms", "{\"configuration\": \"\(long)\"}").status == 413)
        let fast = #"{"configuration": "name = \"a\"\nmemory = 1\nvif = ['rate=4000000000GB/s']\n"}"#
        #expect(try await scene.send("POST", "/v1/vms", fast).status == 422)

        #expect(await scene.gateway.entries.count == before)
    }

    @Test("a taken name is a conflict in the state machine's own words")
    func refusesTakenName() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()

        let answer = try await scene.createMachine()

        #expect(answer.status == 409)
        #expect(answer.problem?.refusal == "machine-name-taken")
        #expect(answer.problem?.detail == "There is a virtual machine named web01. Choose another name.")
        #expect(answer.problem?.cure == "Choose another name.")
        #expect(answer.problem?.answer?.master == "alpha")
    }

    @Test("is listed without its text, shown with it, changed and deleted")
    func changes() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()

        let listed = try await scene.send("GET", "/v1/vms").document(MachineListDocument.self)
        let changed = try await scene.send("PATCH", "/v1/vms/web01", #"{"memoryMiB": 2048, "preferredServers": ["beta"]}"#)
        let deleted = try await scene.send("DELETE", "/v1/vms/web01")

        #expect(listed.machines.map(\.configuration) == [nil])
        #expect(try changed.document(MachineDocument.self).requirements.memoryMiB == 2_048)
        #expect(try changed.document(MachineDocument.self).preferredServers == ["beta"])
        #expect(deleted.status == 200)
        #expect(try await scene.send("GET", "/v1/vms/web01").status == 404)
    }

    @Test(
        "sizes that no type could hold are refused and end nothing", arguments: ["-1", "0", "9223372036854775807", "1.5", "1e30", "\"1\""])
    func refusesSizes(size: String) async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()

        #expect(try await scene.send("PATCH", "/v1/vms/web01", "{\"memoryMiB\": \(size)}").status == 400)
        #expect(try await scene.send("PATCH", "/v1/vms/web01", "{\"virtualCPUs\": \(size)}").status == 400)
        let inQuery = size.filter { $0 != "\"" } == "1" ? "x" : size
        #expect(try await scene.send("GET", "/v1/vms/web01/explain?memoryMiB=\(inQuery)").status == 400)
    }

    @Test("start and stop begin tasks; a stop can be forced")
    func startsAndStops() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()

        let started = try await scene.send("POST", "/v1/vms/web01/start")
        let task = try started.document(TaskBegunDocument.self).task
        let again = try await scene.send("POST", "/v1/vms/web01/start")
        let stopped = try await scene.send("POST", "/v1/vms/web01/stop", #"{"force": true}"#)

        #expect(started.status == 202)
        #expect(started.headers["Location"] == "/v1/tasks/\(task.id)")
        #expect(task.kind == "start")
        #expect(task.target == "web01")
        #expect(task.principal == "operator admin")
        #expect(again.problem?.refusal == "machine-state-forbids")
        #expect(stopped.status == 202)
        #expect(await scene.gateway.entries.last?.command == .stopMachine(VirtualMachineID(1), force: true))
        #expect(try await scene.send("POST", "/v1/vms/none/start").status == 404)
        #expect(try await scene.send("POST", "/v1/vms/web01/stop", #"{"forced": true}"#).status == 400)
    }

    @Test("a write that was carried out is answered as such, although somebody deleted its object before the look")
    func deletedMeanwhile() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()
        let rule = #"{"name": "r", "kind": "affinity", "tags": ["a"]}"#

        await scene.gateway.follow(nextWriteWith: .deleteMachine(VirtualMachineID(1)))
        let changed = try await scene.send("PATCH", "/v1/vms/web01", #"{"memoryMiB": 512}"#)
        await scene.gateway.follow(nextWriteWith: .deleteMachine(VirtualMachineID(2)))
        let created = try await scene.createMachine("web02")
        let index = await scene.gateway.state.appliedIndex
        await scene.gateway.follow(nextWriteWith: .deleteRule(RuleID(index.number + 1)))
        let ruled = try await scene.send("POST", "/v1/rules", rule)
        _ = try await scene.createMachine("web03")
        await scene.gateway.follow(nextWriteWith: .deleteMachine(VirtualMachineID(3)))
        await scene.archive.refuse(.busy)
        let unseen = try await scene.send("PATCH", "/v1/vms/web03", #"{"memoryMiB": 512}"#)

        #expect(changed.status == 200, "\(changed.text)")
        #expect(try changed.document(MachineDocument.self).requirements.memoryMiB == 512)
        #expect(created.status == 201 && ruled.status == 201, "\(created.text) \(ruled.text)")
        #expect(try created.document(MachineCreatedDocument.self).machine.name == "web02")
        #expect(unseen.status == 410 && unseen.problem?.detail.contains("was carried out at index") == true)
        #expect(await scene.gateway.state.machines.isEmpty)
    }

    @Test("reboot, pause, unpause and a stop with a time are tasks of a machine that runs, and change its size is one too")
    func operates() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine(preferred: ["alpha"])
        let id = VirtualMachineID(try await scene.send("GET", "/v1/vms/web01").document(MachineDocument.self).id)
        let early = try await scene.send("POST", "/v1/vms/web01/pause")
        _ = try await scene.send("POST", "/v1/vms/web01/start")
        await scene.observe(id, .running)

        let resized = try await scene.send("PATCH", "/v1/vms/web01", #"{"memoryMiB": 512}"#)
        let same = try await scene.send("PATCH", "/v1/vms/web01", #"{"memoryMiB": 512}"#)
        let task = try resized.document(MachineDocument.self).task
        await scene.observe(id, .resized)
        let paused = try await scene.send("POST", "/v1/vms/web01/pause")
        await scene.observe(id, .paused)
        let unpaused = try await scene.send("POST", "/v1/vms/web01/unpause")
        await scene.observe(id, .running)
        let rebooted = try await scene.send("POST", "/v1/vms/web01/reboot", #"{"timeoutSeconds": 60}"#)
        let stopped = try await scene.send("POST", "/v1/vms/web01/stop", #"{"force": true, "timeoutSeconds": 86400}"#)

        #expect(early.status == 409)
        #expect(resized.status == 202 && task != nil, "\(resized.text)")
        #expect(resized.headers["Location"] == task.map { "/v1/tasks/\($0)" })
        #expect(same.status == 200 && same.headers["Location"] == nil)
        let begun = [("pause", paused), ("unpause", unpaused), ("reboot", rebooted), ("stop", stopped)]
        for (kind, answer) in begun {
            #expect(answer.status == 202, "\(kind): \(answer.text)")
            #expect(try answer.document(TaskBegunDocument.self).task.kind == kind)
        }
        let commands = await scene.gateway.entries.suffix(2).map(\.command)
        #expect(
            commands == [
                .rebootMachine(id, force: false, patience: .seconds(60)), .stopMachine(id, force: true, patience: .seconds(86_400)),
            ])
        for bad in ["0", "86401", "1.5", "\"1\""] {
            #expect(try await scene.send("POST", "/v1/vms/web01/stop", "{\"timeoutSeconds\": \(bad)}").status == 400, "\(bad)")
        }
    }

    @Test("when no server can take it, the problem has every server's reason")
    func noPlacement() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine(preferred: ["alpha"])
        _ = try await scene.send("PATCH", "/v1/vms/web01", #"{"memoryMiB": 5000}"#)

        let answer = try await scene.send("POST", "/v1/vms/web01/start")

        #expect(answer.status == 409)
        #expect(answer.problem?.kind == .noPlacement)
        #expect(answer.problem?.servers?.map { $0.refusal?.type } == ["not-enough-memory", "not-preferred"])
        #expect(answer.problem?.servers?.first?.refusal?.message == "alpha has 4096 MiB of memory free, 5000 MiB are needed.")
    }

    @Test("explain shows every server's shares, also for another size or without a server")
    func explains() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()

        let plain = try await scene.send("GET", "/v1/vms/web01/explain").document(ExplanationDocument.self)
        let without = try await scene.send("GET", "/v1/vms/web01/explain?without=beta").document(ExplanationDocument.self)
        let larger = try await scene.send("GET", "/v1/vms/web01/explain?memoryMiB=100000").document(ExplanationDocument.self)

        #expect(plain.chosen == "beta")
        #expect(plain.servers.first?.shares == SharesDocument(memory: 875_000, virtualCPUs: 875_000, network: 980_000, disk: 1_000_000))
        #expect(plain.servers.first?.score == 875_000)
        #expect(without.chosen == "alpha")
        #expect(larger.chosen == nil)
        #expect(try await scene.send("GET", "/v1/vms/web01/explain?without=gamma").status == 404)
        #expect(try await scene.send("GET", "/v1/vms/web01/explain?size=3").status == 400)
    }

    @Test("tasks are listed, shown and cancelled")
    func tasks() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()
        let id = try await scene.send("POST", "/v1/vms/web01/start").document(TaskBegunDocument.self).task.id

        let listed = try await scene.send("GET", "/v1/tasks").document(TaskListDocument.self)
        let cancelled = try await scene.send("DELETE", "/v1/tasks/\(id)").document(TaskDocument.self)

        #expect(listed.tasks.map(\.id) == [id])
        #expect(cancelled.status == "cancelled")
        #expect(try await scene.send("GET", "/v1/tasks/\(id)").document(TaskDocument.self).hasEnded)
        #expect(try await scene.send("DELETE", "/v1/tasks/\(id)").problem?.refusal == "task-not-cancellable")
        #expect(try await scene.send("GET", "/v1/tasks/99").status == 404)
        #expect(try await scene.send("GET", "/v1/tasks/x").status == 404)
    }

    @Test("an error is forgotten on request only where there is one")
    func resets() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()

        let answer = try await scene.send("POST", "/v1/vms/web01/reset-status")

        #expect(answer.status == 200 || answer.status == 409)
        #expect(try await scene.send("POST", "/v1/vms/none/reset-status").status == 404)
    }
}

@Suite("Routes for tags")
struct TagRouteTests {
    @Test("a key may hold slashes, a value any text of a kilobyte")
    func tags() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()

        let put = try await scene.send("PUT", "/v1/vms/web01/tags/owner/team%2Fa", "\"größe ✓\"")
        _ = try await scene.send("PUT", "/v1/vms/web01/tags/zone", "\"\"")
        let all = try await scene.send("GET", "/v1/vms/web01/tags").document(TagListDocument.self)
        let some = try await scene.send("GET", "/v1/vms/web01/tags?prefix=owner/").document(TagListDocument.self)

        #expect(put.status == 200)
        #expect(all.tags == [TagDocument(key: "owner/team/a", value: "größe ✓"), TagDocument(key: "zone", value: "")])
        #expect(some.tags.map(\.key) == ["owner/team/a"])
        #expect(try await scene.send("GET", "/v1/vms/web01/tags/zone").document(TagDocument.self).value == "")
        #expect(try await scene.send("DELETE", "/v1/vms/web01/tags/zone").status == 200)
        #expect(try await scene.send("GET", "/v1/vms/web01/tags/zone").status == 404)
        #expect(try await scene.send("DELETE", "/v1/vms/web01/tags/zone").problem?.refusal == "tag-not-found")
    }

    @Test(
        "bad keys and values are refused",
        arguments: [
            ("a%20b", "\"x\"", 400), ("%C3%A9", "\"x\"", 400), ("", "\"x\"", 400), (String(repeating: "k", count: 129), "\"x\"", 400),
            ("k", "x", 400), ("k", "7", 400), ("k", "{}", 400), ("k", "\"" + String(repeating: "x", count: 1_025) + "\"", 413),
            ("%zz", "\"x\"", 400), ("%ff", "\"x\"", 400),
        ])
    func refuses(key: String, value: String, status: Int) async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()

        #expect(try await scene.send("PUT", "/v1/vms/web01/tags/\(key)", value).status == status)
    }
}
