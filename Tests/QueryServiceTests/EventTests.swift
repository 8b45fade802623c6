import AgentCore
import PoolModel
import PoolStateMachine
import QueryModel
import Testing

@testable import QueryService

/// Collects what a stream writes, and lets a test wait for it.
actor Heard {
    private(set) var text = ""
    func add(_ more: String) { text += more }

    /// Waits until `words` were heard; false after ten seconds.
    func hears(_ words: String) async -> Bool {
        let deadline = ContinuousClock.now + .seconds(10)
        while !text.contains(words) {
            guard ContinuousClock.now < deadline else { return false }
            await Task.yield()
        }
        return true
    }
}

struct HeardSink: TextSink {
    let heard: Heard
    mutating func write(_ text: String) async throws { await heard.add(text) }
}

@Suite("Events")
struct EventTests {
    @Test("who did something is an operator by name, and a server by its name as well, though the log knows its number")
    func namesServers() async throws {
        let scene = try await Scene()

        let list = try await scene.send("GET", "/v1/events").document(EventListDocument.self)
        let diff = try await scene.send("GET", "/v1/pool/diff?from=4").document(PoolDiffDocument.self)

        #expect(list.events.filter { $0.kind == "session-opened" }.map(\.principal) == ["server alpha", "server beta"])
        #expect(list.events.first { $0.kind == "token-created" }?.principal == "operator admin")
        #expect(diff.objects.flatMap(\.entries).map(\.principal).contains("server beta"))
    }

    @Test("a list goes on from an index, and says where to go on from next")
    func lists() async throws {
        let scene = try await Scene()
        let index = await scene.gateway.state.appliedIndex.number
        _ = try await scene.send("PUT", "/v1/servers/beta/maintenance", headers: ["ovm-reason": "new fan"])

        let all = try await scene.send("GET", "/v1/events").document(EventListDocument.self)
        let new = try await scene.send("GET", "/v1/events?since=\(index)").document(EventListDocument.self)
        let none = try await scene.send("GET", "/v1/events?since=\(new.through)").document(EventListDocument.self)

        #expect(all.events.count > new.events.count)
        #expect(new.events.map(\.kind) == ["maintenance-on"])
        #expect(new.events.first?.target == "server beta")
        #expect(new.events.first?.principal == "operator admin")
        #expect(new.events.first?.reason == "new fan")
        #expect(new.through == index + 1)
        #expect(none.events.isEmpty)
        #expect(try await scene.send("GET", "/v1/events?since=-1").status == 400)
        #expect(try await scene.send("GET", "/v1/events", as: nil).status == 401)
    }

    @Test("the newest so many, and at most so many, can be asked for; a stream has neither")
    func newest() async throws {
        let scene = try await Scene()
        for number in 0..<4 { _ = try await scene.createMachine("web0\(number)") }
        func events(_ query: String) async throws -> EventListDocument {
            try await scene.send("GET", "/v1/events?\(query)").document()
        }
        let all = try await events("since=0")

        let newest = try await events("last=2")
        let filtered = try await events("last=1&object=vm/web01")
        let first = try await events("limit=3")
        let next = try await events("limit=3&since=\(first.through)")

        #expect(newest.events == Array(all.events.suffix(2)) && newest.through == all.through)
        #expect(filtered.events.map(\.target) == ["vm web01"])
        #expect(first.events + next.events == Array(all.events.prefix(first.events.count + next.events.count)))
        #expect(!first.events.isEmpty && !next.events.isEmpty && first.events.count <= 3)
        for bad in ["last=0", "last=1001", "limit=x"] { #expect(try await scene.send("GET", "/v1/events?\(bad)").status == 400, "\(bad)") }
        #expect(try await scene.send("GET", "/v1/events?last=1", headers: Self.stream).status == 400)
    }

    @Test("events that are no longer kept are gone, with the first index that is kept")
    func gone() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()
        let machine = VirtualMachineID(1)
        for number in 0..<10_100 {
            await scene.gateway.apply(.changeMachine(machine, MachineChange(virtualCPUs: 1 + number % 2)), Scene.admin)
        }

        let answer = try await scene.send("GET", "/v1/events?since=1")
        let stream = try await scene.send("GET", "/v1/events?since=1", headers: ["accept": "text/event-stream"])
        let first = try #require(answer.problem?.firstIndex)

        #expect(answer.status == 410)
        #expect(answer.problem?.kind == .gone)
        #expect(stream.status == 410)
        #expect(try await scene.send("GET", "/v1/events?since=\(first - 1)").status == 200)
        #expect(try await scene.send("GET", "/v1/events?since=\(first - 2)").status == 410)
    }

    @Test("a list of many events comes in pieces that miss none and repeat none")
    func pieces() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()
        for number in 0..<2_500 {
            await scene.gateway.apply(.changeMachine(VirtualMachineID(1), MachineChange(virtualCPUs: 1 + number % 2)), Scene.admin)
        }

        var seen: [UInt64] = []
        var since: UInt64 = 0
        while true {
            let list = try await scene.send("GET", "/v1/events?since=\(since)").document(EventListDocument.self)
            if list.events.isEmpty { break }
            seen += list.events.map(\.index)
            since = list.through
        }

        #expect(seen.count == (await scene.gateway.state.events.events.count))
        #expect(seen == seen.sorted())
    }

    @Test("a stream resumes after Last-Event-ID and then tells what happens", .timeLimit(.minutes(1)))
    func streams() async throws {
        let scene = try await Scene()
        let index = await scene.gateway.state.appliedIndex.number
        _ = try await scene.send("PUT", "/v1/servers/beta/maintenance")
        let reply = try await scene.reply(
            "GET", "/v1/events?since=0", headers: ["accept": "text/event-stream", "last-event-id": "\(index)"])
        guard case .stream(let write) = reply.content else {
            Issue.record("not a stream")
            return
        }
        let heard = Heard()

        let stream = Task {
            var sink: any TextSink = HeardSink(heard: heard)
            try await write(&sink)
        }
        #expect(await heard.hears("id: \(index + 1)\nevent: maintenance-on\n"))
        _ = try await scene.send("DELETE", "/v1/servers/beta/maintenance")
        #expect(await heard.hears("id: \(index + 2)\nevent: maintenance-off\n"))
        stream.cancel()
        _ = await stream.result

        #expect(reply.headers.contains(QueryReply.Header("Content-Type", "text/event-stream")))
        #expect(!(await heard.text.contains("event: server-joined")))
        #expect(await heard.text.split(separator: "event: maintenance-on\n").count == 2)
    }

    @Test("a stream ends when its watcher's credential is revoked", .timeLimit(.minutes(1)))
    func revokedWatcher() async throws {
        let scene = try await Scene()
        let vera = try #require(await scene.gateway.state.credentials.values.first { $0.credential.name == "vera" }).id
        let reply = try await scene.reply("GET", "/v1/events", as: "vera", headers: ["accept": "text/event-stream"])
        guard case .stream(let write) = reply.content else {
            Issue.record("not a stream")
            return
        }
        let heard = Heard()

        let stream = Task {
            var sink: any TextSink = HeardSink(heard: heard)
            try await write(&sink)
        }
        #expect(await heard.hears("retry: 1000"))
        await scene.gateway.apply(.revokeCredential(vera), Scene.admin)
        try await stream.value

        #expect(!(await heard.text.contains("credential-revoked")))
    }

    private static let stream = ["accept": "text/event-stream"]

    @Test("streams have a bound for each principal and together, told in the status line with when to come again")
    func seats() async throws {
        let scene = try await Scene()
        for _ in 0..<QueryLimits.eventStreamsOfPrincipal {
            #expect(try await scene.reply("GET", "/v1/events", headers: Self.stream).status == 200)
        }

        let mine = try await scene.send("GET", "/v1/events", headers: Self.stream)
        let other = try await scene.reply("GET", "/v1/events", as: "vera", headers: Self.stream)
        for server in 1...UInt64(QueryLimits.eventStreams) {
            _ = await scene.service.streams.keep(for: .server(ServerID(server)), at: FakeClock.now)
        }
        let full = try await scene.send("GET", "/v1/events", as: "ulla", headers: Self.stream)

        #expect(mine.status == 429 && mine.headers["Retry-After"] == "30")
        #expect(mine.headers["Content-Type"] == "application/problem+json")
        #expect(mine.problem?.detail.contains("You watch 32 event streams") == true)
        #expect(other.status == 200)
        #expect(full.status == 429 && full.problem?.detail.contains("no room") == true)
    }

    @Test("a seat that was promised to a stream that never began is given to another after a while")
    func lapses() async throws {
        let seats = EventStreamSeats(most: 1, mostOfPrincipal: 1)
        let (one, two) = (Caller.Payer.server(ServerID(1)), Caller.Payer.server(ServerID(2)))

        let first = await seats.keep(for: one, at: .zero)
        let early = await seats.keep(for: two, at: .zero + .seconds(9))
        let late = await seats.keep(for: two, at: .zero + .seconds(10))
        guard case .kept(let lapsed) = first, case .kept(let ticket) = late else { return #expect(Bool(false), "there were no seats") }
        let tooLate = await seats.take(lapsed)
        let taken = await seats.take(ticket)
        let whileTaken = await seats.keep(for: one, at: .zero + .seconds(1_000))
        await seats.leave(ticket)
        let after = await seats.keep(for: one, at: .zero + .seconds(1_000))

        #expect(early == .full && !tooLate && taken && whileTaken == .full)
        guard case .kept = after else { return #expect(Bool(false), "the seat was not given back") }
    }

    @Test("a HEAD of the stream takes no seat and is that of the list")
    func headOfStream() async throws {
        let scene = try await Scene()

        for _ in 0...QueryLimits.eventStreamsOfPrincipal {
            let answer = try await scene.send("HEAD", "/v1/events", headers: Self.stream)
            #expect(answer.status == 200 && answer.headers["Content-Type"] == "application/json")
        }
    }
}
