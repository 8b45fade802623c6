import PoolModel
import PoolStateMachine
import QueryModel
import Testing

@testable import QueryService

@Suite("Selecting virtual machines")
struct SelectionTests {
    @Test(
        "a pattern stands for the whole name: * for any characters, ? for one, others for themselves",
        arguments: [
            ("web01", "web01", true), ("web01", "web012", false), ("web*", "web", true), ("web*", "aweb", false), ("*web", "aweb", true),
            ("w?b", "web", true), ("w?b", "wb", false), ("*", "", true), ("?", "", false), ("*a*b*", "xxaxxb", true),
            ("*a*b", "abab", true), ("*a*b", "aba", false), ("**", "x", true), ("[w]eb", "web", false), ("WEB*", "web01", false),
        ])
    func patterns(pattern: String, name: String, isMatch: Bool) {
        #expect(NamePattern(pattern).matches(name) == isMatch)
    }

    @Test("only * and ? make a pattern; one that is hostile is still matched in little time", .timeLimit(.minutes(1)))
    func wildness() {
        #expect(NamePattern("a*").isWild && NamePattern("?").isWild && !NamePattern("a.b-c").isWild)
        let hostile = NamePattern(String(repeating: "*a", count: 2_000) + "b")
        #expect(!hostile.matches(String(repeating: "a", count: 4_000)))
    }

    @Test("a list is narrowed by name, tag, status and server, together too, and page by page")
    func narrows() async throws {
        let scene = try await Scene()
        for name in ["web01", "web02", "db01"] { _ = try await scene.createMachine(name, preferred: ["alpha"]) }
        _ = try await scene.send("PUT", "/v1/vms/web02/tags/role", "\"web\"")
        _ = try await scene.send("PUT", "/v1/vms/db01/tags/role", "\"db\"")
        _ = try await scene.send("POST", "/v1/vms/web02/start")
        func names(_ query: String) async throws -> [String] {
            try await scene.send("GET", "/v1/vms?\(query)").document(MachineListDocument.self).machines.map(\.name)
        }

        #expect(try await names("name=web*") == ["web01", "web02"])
        #expect(try await names("name=?b01") == ["db01"])
        #expect(try await names("tag=role") == ["db01", "web02"])
        #expect(try await names("tag=role%3Dweb") == ["web02"])
        #expect(try await names("status=Initializing") == ["web02"])
        #expect(try await names("server=alpha") == ["web02"])
        #expect(try await names("server=beta") == [])
        #expect(try await names("server=alpha&tag=role%3Ddb") == [])
        #expect(try await names("name=*&limit=1&after=db01") == ["web01"])
        for bad in ["tag=", "tag=%20", "status=running", "server=%20"] {
            #expect(try await scene.send("GET", "/v1/vms?\(bad)").status == 400, "\(bad)")
        }
        #expect(try await scene.send("GET", "/v1/vms?server=gamma").problem?.kind == .notFound)
    }
}
