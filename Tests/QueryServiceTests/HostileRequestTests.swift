import AgentCore
import PoolModel
import PoolStateMachine
import QueryModel
import Testing

@testable import QueryService

@Suite("Requests that mean harm or make no sense")
struct HostileRequestTests {
    @Test(
        "a body that is not the JSON expected is refused with a reason",
        arguments: [
            "", "{", "[]", "null", "7", "\"x\"", "{}", #"{"configuration": 7}"#, #"{"configuration": null}"#,
            #"{"configuration": "a", "names": 1}"#,
            #"{"configuration": "name='a'", "preferredServers": [1]}"#, "{\"configuration\": \"\\ud800\"}",
        ])
    func badJSON(body: String) async throws {
        let scene = try await Scene()

        let answer = try await scene.send("POST", "/v1/vms", body)

        #expect((400...422).contains(answer.status))
        #expect(answer.headers["Content-Type"] == "application/problem+json")
        #expect(answer.problem?.cure.isEmpty == false)
    }

    @Test("JSON that is nested without end is refused")
    func deepJSON() async throws {
        let scene = try await Scene()

        #expect(try await scene.send("POST", "/v1/vms", String(repeating: "[", count: 1_000_000)).status == 400)
        let deep = "{\"configuration\": " + String(repeating: "{\"a\":", count: 150_000)
        #expect(try await scene.send("POST", "/v1/vms", deep).status == 400)
    }

    @Test("bytes that are not UTF-8 are refused")
    func badUTF8() async throws {
        let scene = try await Scene()
        let bytes = Array(#"{"configuration": ""#.utf8) + [0xFF, 0xFE] + Array("\"}".utf8)

        #expect(try await scene.send("POST", "/v1/vms", bytes: bytes).status == 400)
    }

    @Test("random bytes in bodies and paths are answered, whatever they are")
    func randomBytes() async throws {
        let scene = try await Scene()
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(state: seed)
        let targets = ["/v1/vms", "/v1/tokens", "/v1/join", "/v1/vms/web01/stop"]

        for _ in 0..<300 {
            let bytes = (0..<Int.random(in: 0...200, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            let target = targets[Int.random(in: 0..<targets.count, using: &random)]
            let answer = try await scene.send("POST", target, bytes: bytes)
            #expect((200...499).contains(answer.status), "seed \(seed)")
            let path = "/v1/" + String(decoding: bytes, as: UTF8.self)
            #expect((400...499).contains(try await scene.send("GET", path).status), "seed \(seed)")
        }
    }

    @Test("paths and methods that are not there are told apart")
    func paths() async throws {
        let scene = try await Scene()

        let wrongMethod = try await scene.send("POST", "/v1/servers/alpha")

        #expect(try await scene.send("GET", "/").status == 404)
        #expect(try await scene.send("GET", "/v1/vms/").status == 404)
        #expect(try await scene.send("GET", "//v1//vms").status == 404)
        #expect(try await scene.send("GET", "/v1/vms/%2e%2e/tags").status == 404)
        #expect(try await scene.send("GET", "/" + String(repeating: "a", count: 5_000)).status == 413)
        #expect(try await scene.send("GET", "/v1/vms?consistency=stale&consistency=linearizable").status == 400)
        #expect(wrongMethod.status == 405)
        #expect(wrongMethod.headers["Allow"] == "GET, HEAD, DELETE")
        #expect(
            try await scene.send("PUT", "/v1/servers/beta/maintenance", headers: ["ovm-reason": String(repeating: "r", count: 257)]).status
                == 413)
    }
}
