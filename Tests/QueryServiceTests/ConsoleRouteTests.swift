import AgentCore
import AgentPorts
import ConsoleStreams
import OpenSSLTransport
import PoolModel
import PoolStateMachine
import QueryModel
import Testing

@testable import QueryService

@Suite("The consoles of the query port, without a network")
struct ConsoleRouteTests {
    private let consoles = FakeConsoles()

    static let upgrade = [
        "connection": "keep-alive, Upgrade", "upgrade": "WebSocket", "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==", "host": "alpha:4443",
    ]

    private func scene() async throws -> Scene {
        let scene = try await Scene(consoles: consoles)
        _ = try await scene.createMachine()
        return scene
    }

    private func start(_ scene: Scene) async throws {
        _ = try await scene.send("POST", "/v1/vms/web01/start")
        let machine = try #require(await scene.gateway.state.machines.values.first)
        let server = try #require(machine.placement?.server)
        await scene.gateway.apply(
            .observed(machine.id, server: server, session: SessionNumber(1), epoch: machine.epoch, .running), .server(server))
    }

    private func noted(_ scene: Scene) async -> [PoolEvent] {
        await scene.gateway.state.events.events.filter { $0.kind == PoolEventKind.machineConsoleOpened.rawValue }
    }

    @Test("whoever does not ask for a WebSocket is told so with 426, before anything is opened", arguments: ["console", "display"])
    func upgradeRequired(path: String) async throws {
        let scene = try await scene()
        try await start(scene)
        let lacking = ["connection", "upgrade", "sec-websocket-version"].map { name in Self.upgrade.filter { $0.key != name } }

        for headers in [[:]] + lacking {
            let answer = try await scene.send("GET", "/v1/vms/web01/\(path)", headers: headers)
            #expect(answer.status == 426 && answer.problem?.kind == .upgradeRequired)
            #expect(answer.headers["Upgrade"] == "websocket" && answer.headers["Sec-WebSocket-Version"] == "13")
        }
        #expect(try await scene.send("HEAD", "/v1/vms/web01/\(path)", headers: Self.upgrade).status == 426)
        #expect(consoles.requests.isEmpty)
    }

    @Test("a key that is none, a subprotocol that nobody speaks and a page of another origin are refused")
    func wrongOpening() async throws {
        let scene = try await scene()
        try await start(scene)
        func status(_ changes: [String: String]) async throws -> Int {
            let headers = Self.upgrade.merging(changes) { $1 }
            return try await scene.reply("GET", "/v1/vms/web01/console", headers: headers).status
        }

        #expect(try await status(["sec-websocket-key": "short"]) == 400)
        #expect(try await status(["sec-websocket-protocol": "chat, superchat"]) == 400)
        #expect(try await status(["origin": "https://evil.example"]) == 403)
        #expect(try await status(["origin": "http://alpha:4443"]) == 403)
        #expect(consoles.requests.isEmpty)
        #expect(try await status(["origin": "https://Alpha:4443", "sec-websocket-protocol": "binary, ovm.console"]) == 101)
    }

    @Test("a console is opened where the machine is placed, in the caller's name, and an event says who looks")
    func opens() async throws {
        let scene = try await scene()
        try await start(scene)
        let machine = try #require(await scene.gateway.state.machines.values.first)

        for (path, kind) in [("console", ConsoleKind.text), ("display", .display)] {
            let headers = Self.upgrade.merging(["ovm-reason": "boot hangs"]) { $1 }
            let reply = try await scene.reply("GET", "/v1/vms/web01/\(path)", as: "ulla", headers: headers)
            guard reply.status == 101, case .console(let session) = reply.content else { return #expect(Bool(false), "\(reply)") }
            #expect(session.opening.head.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"))
            let request = try #require(consoles.requests.last)
            #expect(request.kind == kind && request.machine == machine.id && request.epoch == machine.epoch)
            #expect(request.principal == "operator ulla" && consoles.servers.last == machine.placement?.server)
        }
        let events = await noted(scene)
        #expect(events.map(\.principal) == ["operator ulla", "operator ulla"] && events.allSatisfy { $0.reason == "boot hangs" })
    }

    @Test("a stranger, a viewer, a machine that is not there or does not run: refused, and neither opened nor noted")
    func refuses() async throws {
        let scene = try await scene()
        func status(_ path: String, as who: String? = "ulla") async throws -> Int {
            try await scene.send("GET", path, as: who, headers: Self.upgrade).status
        }

        for path in ["console", "display", "console/log"] {
            #expect(try await status("/v1/vms/web01/\(path)") == 409)
            #expect(try await status("/v1/vms/web09/\(path)") == 404)
            #expect(try await status("/v1/vms/web01/\(path)", as: nil) == 401)
        }
        try await start(scene)
        for path in ["console", "display", "console/log"] { #expect(try await status("/v1/vms/web01/\(path)", as: "vera") == 403) }
        let member = try await scene.send(
            "GET", "/v1/vms/web01/console", as: nil, headers: Self.upgrade,
            credential: .certificate(.server(pool: Scene.pool, id: 1)))
        #expect(member.status == 403)
        #expect(consoles.requests.isEmpty)
        #expect(await noted(scene).isEmpty)
    }

    @Test("why the server that runs it shows no console is told, each cause with its own status")
    func failures() async throws {
        let scene = try await scene()
        try await start(scene)

        for (failure, status) in [
            (ConsoleFailure.noConsole(cause: "It has none."), 409), (.notRunning(cause: "It has gone."), 409),
            (.tooMany(cause: "There are 64."), 429), (.lost(cause: "It is silent."), 502),
        ] {
            consoles.fail(failure)
            let answer = try await scene.send("GET", "/v1/vms/web01/console", headers: Self.upgrade)
            #expect(answer.status == status && answer.problem?.detail == failure.message)
        }
        #expect(await noted(scene).isEmpty)
    }

    @Test("a console whose opening cannot be noted is closed again and not shown")
    func unnoted() async throws {
        let scene = try await scene()
        try await start(scene)
        await scene.gateway.answerWrites(with: .notTaken(cause: "no master was found."))

        let answer = try await scene.send("GET", "/v1/vms/web01/console", headers: Self.upgrade)

        #expect(answer.status == 503)
        #expect(consoles.opened.map(\.isClosed) == [true])
    }

    @Test("the log is plain text that no browser takes for a page, and who read it is noted")
    func log() async throws {
        let scene = try await scene()
        try await start(scene)

        let answer = try await scene.send("GET", "/v1/vms/web01/console/log", as: "ulla")

        #expect(answer.status == 200 && answer.text == "caf\u{E9} \u{1B}[1m\n")
        #expect(answer.headers["Content-Type"] == "text/plain; charset=utf-8")
        #expect(answer.headers["X-Content-Type-Options"] == "nosniff" && answer.headers["Cache-Control"] == "no-store")
        #expect(await noted(scene).map(\.text).count == 1)
    }

    @Test("a principal may look at so many consoles at a time, others at as many again until the server is full")
    func bounded() async throws {
        let scene = try await scene()
        try await start(scene)
        func open(_ who: String) async throws -> Int {
            try await scene.reply("GET", "/v1/vms/web01/console", as: who, headers: Self.upgrade).status
        }

        for _ in 0..<QueryLimits.consolesOfPrincipal { #expect(try await open("ulla") == 101) }
        #expect(try await open("ulla") == 429)
        for _ in 0..<QueryLimits.consolesOfPrincipal { #expect(try await open("admin") == 101) }
        #expect(try await open("admin") == 429)
        #expect(consoles.requests.count == QueryLimits.consoles)
    }

    @Test("the problems that the OpenAPI document shows are what the service says")
    func documented() async throws {
        let scene = try await scene()
        let stopped = try await scene.send("GET", "/v1/vms/web01/console", headers: Self.upgrade)
        let plain = try await scene.send("GET", "/v1/vms/web01/console")
        let operation = try #require(OpenAPIDocument.operations.first { $0.identifier == "openConsole" })

        #expect(stopped.problem?.detail == OpenAPIProblems.example(of: .conflict, of: operation).problem.detail)
        #expect(plain.problem?.detail == OpenAPIProblems.example(of: .upgradeRequired, of: operation).problem.detail)
    }
}
