import AgentCore
import PoolModel
import PoolStateMachine
import QueryModel
import Testing

@testable import QueryService

@Suite("Filters of events")
struct EventFilterTests {
    /// A scene in which admin made web01 and web02, ulla tagged web01, and beta said new facts, a minute apart.
    private func scene() async throws -> Scene {
        let scene = try await Scene()
        _ = try await scene.createMachine("web01")
        _ = try await scene.createMachine("web02")
        _ = try await scene.send("PUT", "/v1/vms/web01/tags/a", "\"b\"", as: "ulla")
        await scene.gateway.apply(
            .serverFacts(server: ServerID(2), session: SessionNumber(1), Scene.facts(memory: 9_000)), .server(ServerID(2)))
        return scene
    }

    private func kinds(_ scene: Scene, _ query: String) async throws -> [String] {
        try await scene.send("GET", "/v1/events?\(query)").document(EventListDocument.self).events.map { "\($0.kind) \($0.target)" }
    }

    @Test(
        "by object: one, all of a kind, or all of a name",
        arguments: [
            ("object=vm/web01", ["vm-created vm web01", "tag-set vm web01"]), ("object=web02", ["vm-created vm web02"]),
            ("object=vm/", ["vm-created vm web01", "vm-created vm web02", "tag-set vm web01"]), ("object=server/web01", []),
            ("object=pool%2Ftest", ["pool-created pool test"]),
        ])
    func byObject(query: String, expected: [String]) async throws {
        #expect(try await kinds(scene(), query) == expected)
    }

    @Test(
        "by principal: a server goes by its name and its number",
        arguments: [
            ("principal=operator/ulla", ["tag-set vm web01"]), ("principal=ulla", ["tag-set vm web01"]),
            ("principal=server/beta&kind=server-facts", ["server-facts server beta"]),
            ("principal=server/2&kind=server-facts", ["server-facts server beta"]),
            ("principal=server/&kind=server-facts,pool-created", ["pool-created pool test", "server-facts server beta"]),
            ("principal=operator/alpha", []), ("principal=server/0", []),
        ])
    func byPrincipal(query: String, expected: [String]) async throws {
        #expect(try await kinds(scene(), query) == expected)
    }

    @Test("by kind, several at once, and together with an index")
    func byKind() async throws {
        let scene = try await scene()
        let all = try await scene.send("GET", "/v1/events?kind=vm-created,tag-set").document(EventListDocument.self)
        let first = try #require(all.events.first)

        #expect(all.events.map(\.kind) == ["vm-created", "vm-created", "tag-set"])
        #expect(try await kinds(scene, "kind=vm-created&since=\(first.index)") == ["vm-created vm web02"])
        #expect(all.through == (await scene.gateway.state.appliedIndex.number))
    }

    @Test("by time, in whatever way RFC 3339 allows: from on, and before to")
    func byTime() async throws {
        let scene = try await scene()
        let now = QueryTime(milliseconds: FakeClock.start)
        let count = try await kinds(scene, "").count

        #expect(now.description == "2011-06-30T08:05:09.120Z")
        #expect(try await kinds(scene, "from=2011-06-30T08:05:09.12Z").count == count)
        #expect(try await kinds(scene, "from=2011-06-30T10:05:09.120%2B02:00").count == count)
        #expect(try await kinds(scene, "from=2011-06-30T08:05:09.121Z") == [])
        #expect(try await kinds(scene, "to=2011-06-30T08:05:09.120Z") == [])
        #expect(try await kinds(scene, "to=2011-06-30T08:05:10Z").count == count)
    }

    @Test(
        "a value that cannot be read is refused with what is expected",
        arguments: [
            "object=/", "object=", "principal=/", "from=yesterday", "to=2011-06-31T00:00:00Z", "from=2h", "target=vm/web01",
            "kind=vm-started",
            "kind=vm-placed,vm-started", "object=vms/web01", "principal=root/",
        ])
    func refuses(query: String) async throws {
        #expect(try await Scene().send("GET", "/v1/events?\(query)").status == 400)
    }

    @Test("a filtered list of many events comes in pieces that miss none")
    func pieces() async throws {
        let scene = try await scene()
        for number in 0..<2_500 {
            let machine = VirtualMachineID(1 + UInt64(number % 2))
            await scene.gateway.apply(.changeMachine(machine, MachineChange(virtualCPUs: 3 + number % 4)), Scene.admin)
        }

        var seen = 0
        var since: UInt64 = 0
        while true {
            let list = try await scene.send("GET", "/v1/events?since=\(since)&object=vm/web01&kind=vm-changed")
                .document(EventListDocument.self)
            if list.events.isEmpty { break }
            seen += list.events.count
            since = list.through
        }

        #expect(seen == 1_250)
    }

    @Test("a stream takes the same filter but no end", .timeLimit(.minutes(1)))
    func streams() async throws {
        let scene = try await scene()
        let reply = try await scene.reply("GET", "/v1/events?object=vm/web02&since=0", headers: ["accept": "text/event-stream"])
        let endless = try await scene.send("GET", "/v1/events?to=2011-06-30T08:05:09Z", headers: ["accept": "text/event-stream"])
        guard case .stream(let write) = reply.content else {
            Issue.record("not a stream")
            return
        }
        let heard = Heard()

        let stream = Task {
            var sink: any TextSink = HeardSink(heard: heard)
            try await write(&sink)
        }
        #expect(await heard.hears("event: vm-created"))
        _ = try await scene.send("DELETE", "/v1/vms/web01")
        _ = try await scene.send("DELETE", "/v1/vms/web02")
        #expect(await heard.hears("event: vm-deleted"))
        stream.cancel()
        _ = await stream.result

        #expect(!(await heard.text.contains("web01")))
        #expect(endless.status == 400)
    }
}

@Suite("Times of the Internet")
struct InternetTimeTests {
    @Test(
        "are read to the millisecond, with any offset",
        arguments: [
            ("2011-06-30T08:05:09Z", "2011-06-30T08:05:09.000Z"), ("2011-06-30t08:05:09z", "2011-06-30T08:05:09.000Z"),
            ("2011-06-30 08:05:09.1234567Z", nil), ("2011-06-30T08:05:09.1234567Z", "2011-06-30T08:05:09.123Z"),
            ("2011-06-30T08:05:09.5+02:30", "2011-06-30T05:35:09.500Z"), ("2012-02-29T23:00:00-01:30", "2012-03-01T00:30:00.000Z"),
            ("2011-02-29T00:00:00Z", nil), ("2011-06-30T08:05:09", nil), ("2011-06-30T08:05:09.Z", nil), ("2011-06-30T08:05:60Z", nil),
            ("2011-06-30T08:05:09+0200", nil), ("2011-06-30T08:05:09+24:00", nil), ("2011-06-30", nil), ("", nil),
        ] as [(String, String?)])
    func read(text: String, expected: String?) {
        #expect(QueryTime(internet: text)?.description == expected)
    }
}
