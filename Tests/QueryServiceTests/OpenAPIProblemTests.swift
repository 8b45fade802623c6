import AgentCore
import AgentPorts
import Foundation
import PoolModel
import PoolStateMachine
import QueryModel
import Testing

@testable import QueryService

@Suite("The problems that the OpenAPI document shows")
struct OpenAPIProblemTests {
    /// Compares what the document shows of an operation's problem with what the service said; numbers may differ.
    private func expect(
        _ identifier: String, _ kind: ProblemKind, _ answer: Scene.Answer, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let operation = try #require(OpenAPIDocument.operations.first { $0.identifier == identifier }, sourceLocation: sourceLocation)
        let shown = OpenAPIProblems.example(of: kind, of: operation).problem
        let said = try #require(answer.problem, sourceLocation: sourceLocation)

        #expect(said.kind == kind, sourceLocation: sourceLocation)
        #expect(shape(said.detail) == shape(shown.detail), sourceLocation: sourceLocation)
        #expect(shape(said.cure) == shape(shown.cure), sourceLocation: sourceLocation)
        #expect(said.refusal == shown.refusal, sourceLocation: sourceLocation)
        #expect(said.servers?.map { $0.refusal?.type } == shown.servers?.map { $0.refusal?.type }, sourceLocation: sourceLocation)
    }

    private func shape(_ text: String) -> String { text.replacing(/[0-9]+/, with: "#") }

    private func create(_ name: String, memory: String, in scene: Scene) async throws {
        let text = Scene.configuration.replacing("memory = 1024", with: memory)
        let request = CreateMachineRequest(configuration: text, preferredServers: [], name: name)
        let answer = try await scene.send("POST", "/v1/vms", bytes: Array(try QueryJSON.encode(request)))
        #expect(answer.status == 201)
    }

    @Test("of a request that cannot be read are what the service says")
    func unreadable() async throws {
        let scene = try await Scene()
        let configuration = Array(try QueryJSON.encode(CreateMachineRequest(configuration: "name = \"web02\"\nmemory = \"much\"\n")))

        try expect("showPool", .badRequest, await scene.send("GET", "/v1/pool?consistency=fresh"))
        try expect("startMachine", .badRequest, await scene.send("POST", "/v1/vms/a/start", headers: ["idempotency-key": "again"]))
        try expect("health", .badRequest, await scene.send("GET", "/healthz?verbose=1"))
        try expect("createMachine", .badConfiguration, await scene.send("POST", "/v1/vms", bytes: configuration))
        try expect(
            "createMachine", .unsupportedMediaType,
            await scene.send("POST", "/v1/vms", bytes: configuration, headers: ["content-type": "application/x-www-form-urlencoded"]))
        try expect("showPool", .tooLarge, await scene.send("GET", "/v1/pool?a=\(String(repeating: "b", count: 5_000))"))
    }

    @Test("of a caller who may not are what the service says")
    func notAllowed() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()

        try expect("showPool", .unauthenticated, await scene.send("GET", "/v1/pool", as: nil))
        try expect("startMachine", .forbidden, await scene.send("POST", "/v1/vms/web01/start", as: "vera"))
    }

    @Test("of what is not there, or no longer, are what the service says")
    func absent() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()
        let rule = #"{"name": "spread-web", "kind": "anti-affinity", "machines": ["web01", "web09"]}"#

        try expect("showMachine", .notFound, await scene.send("GET", "/v1/vms/web1"))
        try expect("showServer", .notFound, await scene.send("GET", "/v1/servers/aplha"))
        try expect("showToken", .notFound, await scene.send("GET", "/v1/tokens/999"))
        try expect("revokeToken", .notFound, await scene.send("DELETE", "/v1/tokens/999"))
        try expect("showTask", .notFound, await scene.send("GET", "/v1/tasks/999"))
        try expect("cancelTask", .notFound, await scene.send("DELETE", "/v1/tasks/999"))
        try expect("showPoolState", .notFound, await scene.send("GET", "/v1/pool/state?at=999"))
        try expect("createRule", .notFound, await scene.send("POST", "/v1/rules", rule))
        await scene.archive.refuse(.notKept(first: LogIndex(90)))
        try expect("showPoolState", .gone, await scene.send("GET", "/v1/pool/state?at=7"))
    }

    @Test("of what the state of things forbids are what the service says")
    func conflicts() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()
        _ = try await scene.createMachine("web02")
        let rule = #"{"name": "spread-web", "kind": "anti-affinity", "machines": ["web01", "web02"]}"#
        _ = try await scene.send("POST", "/v1/rules", rule)

        try expect("createRule", .conflict, await scene.send("POST", "/v1/rules", rule))
        try expect("createMachine", .conflict, await scene.createMachine())
        for operation in ["stop", "reboot", "pause", "unpause"] {
            try expect("\(operation)Machine", .conflict, await scene.send("POST", "/v1/vms/web01/\(operation)"))
        }
        let task = try await scene.send("POST", "/v1/vms/web01/start").document(TaskBegunDocument.self).task.id
        try expect("startMachine", .conflict, await scene.send("POST", "/v1/vms/web01/start"))
        try expect("resetMachineStatus", .conflict, await scene.send("POST", "/v1/vms/web01/reset-status"))
        try expect("deleteMachine", .conflict, await scene.send("DELETE", "/v1/vms/web01"))
        try expect("changeMachine", .conflict, await scene.send("PATCH", "/v1/vms/web01", #"{"memoryMiB": 512}"#))
        try expect("attachDisk", .conflict, await scene.send("POST", "/v1/vms/web01/disks", #"{"disk": "/OVS/a,raw,xvdb,w"}"#))
        try expect("ejectMedium", .conflict, await scene.send("DELETE", "/v1/vms/web01/cds/hdc"))
        try expect("detachInterface", .conflict, await scene.send("DELETE", "/v1/vms/web01/interfaces/0"))
        try expect("removeServer", .conflict, await scene.send("DELETE", "/v1/servers/beta"))
        _ = try await scene.send("DELETE", "/v1/tasks/\(task)")
        try expect("cancelTask", .conflict, await scene.send("DELETE", "/v1/tasks/\(task)"))
    }

    @Test("of servers that have no room are what the service says")
    func noRoom() async throws {
        let scene = try await Scene()
        try await create("web03", memory: "memory = 10240", in: scene)
        try await create("web04", memory: "memory = 1024\nmaxmem = 9216", in: scene)

        try expect("startMachine", .noPlacement, await scene.send("POST", "/v1/vms/web03/start"))
        _ = try await scene.send("POST", "/v1/vms/web04/start")
        let machine = try #require(await scene.gateway.state.machines.values.first { $0.name.text == "web04" })
        await scene.gateway.apply(
            .observed(machine.id, server: ServerID(2), session: SessionNumber(1), epoch: machine.epoch, .running),
            .server(ServerID(2)))
        try expect("changeMachine", .noPlacement, await scene.send("PATCH", "/v1/vms/web04", #"{"memoryMiB": 9216}"#))
        try expect(
            "attachDisk", .noPlacement, await scene.send("POST", "/v1/vms/web04/disks", #"{"disk": "/dev/vg/data,raw,xvdb,w"}"#))
        let interface = #"{"interface": "mac=00:16:3e:2a:4c:8d,bridge=xenbr7"}"#
        try expect("attachInterface", .noPlacement, await scene.send("POST", "/v1/vms/web04/interfaces", interface))
    }

    @Test("of versions and keys are what the service says")
    func versions() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()
        let key = ["idempotency-key": "5f0c3a52-6a0e-4f8e-9f43-4a7a1c3f7d99"]
        _ = try await scene.send("PUT", "/v1/vms/web01/tags/a", #""1""#, headers: key)
        let token = ["idempotency-key": "5f0c3a52-6a0e-4f8e-9f43-4a7a1c3f7d98"]
        _ = try await scene.send("POST", "/v1/tokens", headers: token)

        let changed = try await scene.send("PUT", "/v1/vms/web01/tags/a", #""2""#, headers: ["if-match": #""1-0""#])
        try expect("putTag", .preconditionFailed, changed)
        try expect("putTag", .keyReused, await scene.send("PUT", "/v1/vms/web01/tags/a", #""2""#, headers: key))
        try expect("createToken", .conflict, await scene.send("POST", "/v1/tokens", headers: token))
    }

    @Test("of a body that is said to be something else than JSON is 415; JSON by any spelling, and no body at all, are taken")
    func mediaTypes() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()
        func status(_ type: String, _ body: String = "{}") async throws -> Int {
            try await scene.send("POST", "/v1/vms/web01/stop", body, headers: ["content-type": type]).status
        }

        for type in ["application/json", "Application/JSON; charset=utf-8", "application/json ;charset=UTF-8"] {
            #expect(try await status(type) == 409)
        }
        for type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "", "application/json, text/plain"] {
            #expect(try await status(type) == 415)
        }
        #expect(try await status("text/plain", "") == 409)
    }
}
