import Foundation
import Testing

@Suite("A join that is refused says cause and cure, and changes neither the server nor the pool")
struct JoinRefusalTests {
    /// A pool of one server that serves, and a token for it.
    private struct Served {
        let scene: ProgramScene
        var directory: String { "\(scene.folder)/a" }
        var pool: String { "\(directory)/pool.json" }

        init() throws {
            scene = try ProgramScene()
            try #require(try BootstrapTests.bootstrap(scene, "a").status == 0)
            _ = try scene.start("simulated-host", "--data", directory)
            try scene.eventually("the simulated host") { FileManager.default.fileExists(atPath: "\(directory)/simulated.sock") }
            try scene.begin(agentIn: directory)
            try isServing()
        }

        func isServing() throws {
            try scene.eventually("the pool to answer") { try scene.run("pool", "status", "--pool", pool).status == 0 }
        }

        func token() throws -> String {
            let made = try scene.run("pool", "token", "create", "--ttl", "1m", "--pool", pool)
            try #require(made.status == 0, "\(made.errors)")
            return try #require(made.output.split(whereSeparator: \.isWhitespace).map(String.init).first { $0.hasPrefix("ovm1.") })
        }

        /// Tries to join, from a directory that does not exist yet.
        func join(_ token: String, _ name: String, clock: Int = 0) throws -> ProgramScene.Outcome {
            let ports = try BootstrapTests.ports()
            return try scene.run(
                [
                    "pool", "join", token, "--server-name", name, "--address", ports[0], "--query", ports[1], "--data",
                    "\(scene.folder)/\(name)", "--hypervisor", "simulated", "--no-start",
                ], clock: clock)
        }

        /// The names of the pool's servers.
        func servers() throws -> [String] {
            let listed = try scene.run("server", "ls", "-o", "json", "--pool", pool)
            try #require(listed.status == 0, "\(listed.errors)")
            let names = listed.output.matches(of: /"name" ?: ?"([^"]*)"/).map { String($0.output.1) }
            try #require(names.contains("alpha"))
            return names
        }

        func isThere(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(scene.folder)/\(name)") }
    }

    /// Just expired, when only the pool can decide, and long expired, when no pool need be asked.
    @Test("an expired token is refused", arguments: [70, 3_600])
    func expired(_ later: Int) throws {
        let served = try Served()
        let token = try served.token()
        served.scene.endAgent()
        served.scene.agent = try served.scene.start(
            "agent", "run", "--data", served.directory, "--log-level", "error", clock: later)
        try served.isServing()
        let before = try served.servers()

        let outcome = try served.join(token, "bravo", clock: later)

        #expect(outcome.isOneSentenceOfEach, "\(outcome.errors)")
        #expect(outcome.errors.contains("expired") && outcome.errors.contains("ovm pool token create"), "\(outcome.errors)")
        #expect(!served.isThere("bravo"))
        #expect(try served.servers() == before)
    }

    @Test("a token that another server has used is refused")
    func used() throws {
        let served = try Served()
        let token = try served.token()
        let first = try served.join(token, "bravo")
        try #require(first.status == 0, "\(first.errors)")
        let before = try served.servers()

        let outcome = try served.join(token, "charlie")

        #expect(outcome.isOneSentenceOfEach, "\(outcome.errors)")
        #expect(outcome.errors.contains("used by another server") && outcome.errors.contains("Create a new one"), "\(outcome.errors)")
        #expect(!served.isThere("charlie"))
        #expect(try served.servers() == before)
    }

    @Test("a token of another pool is refused by whoever now listens at its address")
    func wrongPool() throws {
        let served = try Served()
        let token = try served.token()
        served.scene.endAgent()
        let scene = served.scene
        let port = try KillLoad.queryPort(of: served.pool)
        let other = try BootstrapTests.bootstrap(scene, "other", query: "127.0.0.1:\(port)")
        try #require(other.status == 0, "\(other.errors)")
        _ = try scene.start("simulated-host", "--data", "\(scene.folder)/other")
        _ = try scene.start("agent", "run", "--data", "\(scene.folder)/other", "--log-level", "error")
        let pool = "\(scene.folder)/other/pool.json"
        try scene.eventually("the other pool") { try scene.run("pool", "status", "--pool", pool).status == 0 }

        let outcome = try served.join(token, "bravo")

        #expect(outcome.status != 0 && outcome.saysCauseAndCure, "\(outcome.errors)")
        #expect(outcome.errors.contains("did not present the authority") && outcome.errors.contains("Check"), "\(outcome.errors)")
        #expect(!served.isThere("bravo"))
        #expect(try !scene.run("server", "ls", "-o", "json", "--pool", pool).output.contains("bravo"))
    }

    @Test("a joiner whose clock is off is refused, either way", arguments: [-45, 45])
    func clockOff(_ ahead: Int) throws {
        let served = try Served()
        let token = try served.token()
        let before = try served.servers()

        let outcome = try served.join(token, "bravo", clock: ahead)

        #expect(outcome.isOneSentenceOfEach, "\(outcome.errors)")
        #expect(outcome.errors.contains(ahead > 0 ? "ahead of" : "behind") && outcome.errors.contains("Set the clock"), "\(outcome.errors)")
        #expect(!served.isThere("bravo"))
        #expect(try served.servers() == before)
    }

    @Test("a pool whose address nobody answers at is unreachable, and the token can be used later")
    func unreachable() throws {
        let served = try Served()
        let token = try served.token()
        let before = try served.servers()
        served.scene.endAgent()

        let outcome = try served.join(token, "bravo")

        #expect(outcome.status == 3 && outcome.saysCauseAndCure, "\(outcome.errors)")
        #expect(outcome.errors.contains("No Server Pool Master can be reached"), "\(outcome.errors)")
        #expect(!served.isThere("bravo"))
        try served.scene.begin(agentIn: served.directory)
        try served.isServing()
        #expect(try served.servers() == before)
        let later = try served.join(token, "bravo")
        #expect(later.status == 0, "\(later.errors)")
    }

    @Test("an address that is not this server's is refused before the pool is asked")
    func foreignAddress() throws {
        let served = try Served()
        let token = try served.token()
        let ports = try BootstrapTests.ports()

        // TEST-NET-1 (RFC 5737): nobody's.
        let outcome = try served.scene.run(
            "pool", "join", token, "--server-name", "bravo", "--address", "192.0.2.1:8899", "--query", ports[1], "--data",
            "\(served.scene.folder)/bravo", "--hypervisor", "simulated", "--no-start")

        #expect(outcome.isOneSentenceOfEach, "\(outcome.errors)")
        #expect(outcome.errors.contains("192.0.2.1:8899") && !served.isThere("bravo"), "\(outcome.errors)")
        #expect(try !served.servers().contains("bravo"))
    }
}
