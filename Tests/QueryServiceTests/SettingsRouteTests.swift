import PoolModel
import PoolStateMachine
import QueryModel
import Testing

@testable import QueryService

@Suite("The pool's settings through the query port")
struct SettingsRouteTests {
    private let path = "/v1/pool/settings"

    @Test("settings are read, changed in part, and shown in the pool")
    func changes() async throws {
        let scene = try await Scene()
        let former = try await scene.send("GET", path).document(PoolSettingsDocument.self)

        let answer = try await scene.send("PATCH", path, #"{"overcommitRatio": 6, "voterReplacementSeconds": 3600}"#)

        let index = await scene.gateway.state.appliedIndex.number
        let wanted = PoolSettingsDocument(overcommitRatio: 6, voterLimit: 5, voterReplacementSeconds: 3_600, changedAt: index)
        #expect(former == PoolSettingsDocument(overcommitRatio: 4, voterLimit: 5, voterReplacementSeconds: 600, changedAt: 0))
        #expect(answer.status == 200, "\(answer.text)")
        #expect(try answer.document(PoolSettingsDocument.self) == wanted)
        #expect(try await scene.send("GET", path).document(PoolSettingsDocument.self) == wanted)
        #expect(try await scene.send("GET", "/v1/pool").document(PoolDocument.self).settings == wanted)
    }

    @Test(
        "a value out of range, of another type or under a name that nobody knows is refused, and changes nothing",
        arguments: [
            #"{"overcommitRatio": 0}"#, #"{"overcommitRatio": 65}"#, #"{"voterLimit": 4}"#, #"{"voterLimit": -1}"#,
            #"{"voterReplacementSeconds": 9}"#, #"{"voterReplacementSeconds": 9223372036854775807}"#, #"{"overcommitRatio": 1.5}"#,
            #"{"voterLimit": 3, "overcommitRatio": 4611686018427387904}"#, #"{"voterLimit": "3"}"#, #"{"quorum": 3}"#, "[]", "",
        ])
    func refuses(body: String) async throws {
        let scene = try await Scene()
        let index = await scene.gateway.state.appliedIndex

        let answer = try await scene.send("PATCH", path, body)

        #expect(answer.status == 400)
        #expect(answer.problem?.cure.isEmpty == false)
        #expect(await scene.gateway.state.appliedIndex == index)
    }

    @Test("only an administrator changes them; everyone who is known reads them")
    func authorises() async throws {
        let scene = try await Scene()

        for name in ["ulla", "vera"] {
            #expect(try await scene.send("PATCH", path, #"{"voterLimit": 3}"#, as: name).status == 403)
            #expect(try await scene.send("GET", path, as: name).status == 200)
        }
        #expect(try await scene.send("GET", path, as: nil).status == 401)
        #expect(await scene.gateway.state.settings.voterLimit == 5)
    }

    @Test("a change is made by who has seen the newest version: by its ETag, or by the index of the last change")
    func versions() async throws {
        let scene = try await Scene()
        let seen = try #require(try await scene.send("GET", path).headers["ETag"])
        func change(_ limit: Int, _ tag: String) async throws -> Scene.Answer {
            try await scene.send("PATCH", path, "{\"voterLimit\": \(limit)}", headers: ["if-match": tag])
        }

        let first = try await change(3, seen)
        let late = try await change(7, seen)
        let changedAt = try first.document(PoolSettingsDocument.self).changedAt
        let second = try await change(7, "\"\(changedAt)\"")

        #expect(first.status == 200 && late.status == 412 && second.status == 200)
        #expect(late.problem?.refusal == "changed-meanwhile")
        #expect(try second.document(PoolSettingsDocument.self).voterLimit == 7)
        let now = try #require(second.headers["ETag"])
        #expect(try await scene.send("GET", path, headers: ["if-none-match": now]).status == 304)
        #expect(try await scene.send("GET", path, headers: ["if-none-match": seen]).status == 200)
    }

    @Test("a diff shows the old and the new value, and who changed it when and why")
    func diff() async throws {
        let scene = try await Scene()
        let index = await scene.gateway.state.appliedIndex.number

        _ = try await scene.send("PATCH", path, #"{"voterLimit": 3}"#, headers: ["ovm-reason": "two sites"])

        let diff = try await scene.send("GET", "/v1/pool/diff?from=\(index)").document(PoolDiffDocument.self)
        #expect(diff.objects.map(\.kind) == ["pool"])
        #expect(diff.objects.first?.fields == [FieldDiffDocument(name: "voterLimit", before: "5", after: "3")])
        #expect(diff.objects.first?.entries.map(\.reason) == ["two sites"])
        #expect(diff.objects.first?.entries.map(\.message) == ["At most 3 servers vote now; the limit was 5."])
    }
}
