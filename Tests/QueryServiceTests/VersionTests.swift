import PoolModel
import QueryModel
import Testing

@testable import QueryService

@Suite("Versions: ETag, If-Match, If-None-Match")
struct VersionTests {
    private func tag(_ answer: Scene.Answer) throws -> String { try #require(answer.headers["ETag"]) }

    @Test("a change that rests on an older version is refused with 412, and changes nothing")
    func refusesOldVersions() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()
        let seen = try tag(await scene.send("GET", "/v1/vms/web01"))

        let first = try await scene.send("PATCH", "/v1/vms/web01", #"{"memoryMiB": 512}"#, headers: ["if-match": seen])
        let second = try await scene.send("PATCH", "/v1/vms/web01", #"{"memoryMiB": 256}"#, headers: ["if-match": seen])
        let third = try await scene.send("PATCH", "/v1/vms/web01", #"{"memoryMiB": 256}"#, headers: ["if-match": try tag(first)])

        #expect(first.status == 200 && second.status == 412 && third.status == 200)
        #expect(second.problem?.kind == .preconditionFailed && second.problem?.refusal == "changed-meanwhile")
        #expect(try third.document(MachineDocument.self).requirements.memoryMiB == 256)
    }

    @Test(
        "every write on a machine, a server, a task or a rule heeds If-Match",
        arguments: [
            ("PUT", "/v1/vms/web01/tags/a"), ("DELETE", "/v1/vms/web01/tags/a"), ("DELETE", "/v1/vms/web01"),
            ("POST", "/v1/vms/web01/start"),
            ("POST", "/v1/vms/web01/stop"), ("POST", "/v1/vms/web01/reset-status"), ("PUT", "/v1/servers/beta/maintenance"),
            ("DELETE", "/v1/servers/beta/maintenance"), ("DELETE", "/v1/servers/beta"), ("DELETE", "/v1/tasks/TASK"),
            ("POST", "/v1/vms/web01/reboot"), ("POST", "/v1/vms/web01/pause"), ("POST", "/v1/vms/web01/unpause"),
            ("DELETE", "/v1/rules/r"), ("PATCH", "/v1/rules/r"),
        ])
    func everyWrite(method: String, path: String) async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine("web02")
        let begun: TaskBegunDocument = try await scene.send("POST", "/v1/vms/web02/start").document()
        _ = try await scene.createMachine()
        _ = try await scene.send("POST", "/v1/rules", #"{"name": "r", "kind": "affinity", "tags": ["a"]}"#)
        let target = path.replacing("TASK", with: String(begun.task.id))

        let answer = try await scene.send(
            method, target, ["PUT": "\"v\"", "PATCH": "{}"][method] ?? "", headers: ["if-match": "\"1-0000000000000000\""])

        #expect(answer.status == 412, "\(answer.text)")
    }

    @Test("a rule is deleted by who saw its version; the pool as a whole bears a tag for If-None-Match")
    func rulesAndPool() async throws {
        let scene = try await Scene()
        _ = try await scene.send("POST", "/v1/rules", #"{"name": "r", "kind": "affinity", "tags": ["a"]}"#)
        let rule = try tag(await scene.send("GET", "/v1/rules/r"))
        let pool = try tag(await scene.send("GET", "/v1/pool"))

        let same = try await scene.send("GET", "/v1/pool", headers: ["if-none-match": pool])
        let deleted = try await scene.send("DELETE", "/v1/rules/r", headers: ["if-match": rule])
        _ = try await scene.createMachine()
        let changed = try await scene.send("GET", "/v1/pool", headers: ["if-none-match": pool])

        #expect(same.status == 304 && deleted.status == 200 && changed.status == 200)
    }

    @Test("a star asks for nothing but that it exists; of several tags the present one counts")
    func starsAndLists() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()
        let seen = try tag(await scene.send("GET", "/v1/vms/web01"))

        let star = try await scene.send("PUT", "/v1/vms/web01/tags/a", "\"v\"", headers: ["if-match": "*"])
        let now = try tag(await scene.send("GET", "/v1/vms/web01"))
        let several = try await scene.send("PUT", "/v1/vms/web01/tags/a", "\"w\"", headers: ["if-match": "\(seen) , \(now)"])

        #expect(star.status == 200 && several.status == 200)
        #expect(try await scene.send("DELETE", "/v1/vms/none", headers: ["if-match": "*"]).status == 404)
    }

    @Test("tags that are none of ours, or weak, never match; what is no tag is refused; nor has a list a version")
    func foreignTags() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()
        let seen = try tag(await scene.send("GET", "/v1/vms/web01"))
        func status(_ tag: String) async throws -> Int {
            try await scene.send("POST", "/v1/vms/web01/start", headers: ["if-match": tag]).status
        }

        #expect(try await status("\"abc\"") == 412)
        #expect(try await status("W/\(seen)") == 412)
        #expect(try await status("") == 412)
        for bad in ["abc", "\"", "\"a\" \"b\"", "\"a\",", "w/\"a\"", "**", "\"a b\""] {
            #expect(try await status(bad) == 400, "\(bad)")
        }
        #expect(try await scene.send("POST", "/v1/tokens", headers: ["if-match": "*"]).status == 400)
    }

    @Test("If-None-Match is answered 304 without a body until something that is shown changes")
    func notModified() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()
        let seen = try tag(await scene.send("GET", "/v1/servers/alpha"))

        // An index of its own, and nothing of the server in it.
        _ = try await scene.send("PUT", "/v1/vms/web01/tags/a", "\"v\"")
        let same = try await scene.send("GET", "/v1/servers/alpha", headers: ["if-none-match": "\"x\", W/\(seen)"])
        _ = try await scene.send("PATCH", "/v1/vms/web01", #"{"preferredServers": ["alpha"]}"#)
        _ = try await scene.send("POST", "/v1/vms/web01/start")
        // The server itself is what it was; what is free on it is not.
        let changed = try await scene.send("GET", "/v1/servers/alpha", headers: ["if-none-match": seen])
        let written = try await scene.send("PUT", "/v1/servers/alpha/maintenance", headers: ["if-match": seen])

        #expect(same.status == 304 && same.body.isEmpty && same.headers["ETag"] == seen)
        #expect(changed.status == 200 && changed.headers["ETag"] != seen)
        #expect(written.status == 200)
        #expect(try await scene.send("GET", "/v1/vms/web01", headers: ["if-none-match": "*"]).status == 304)
        #expect(try await scene.send("GET", "/v1/vms/web01", headers: ["if-none-match": "x"]).status == 400)
    }
}
