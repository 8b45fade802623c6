import Foundation
import NIOHTTP1
import NIOPosix
import OpenSSLTransport
import QueryModel
import Testing

@testable import PoolCommands

@Suite("The operations of the query port as calls")
struct PoolClientTests {
    private static let begun = #"""
        {"task":{"id":7,"kind":"start","target":"web01","principal":"operator admin","status":"waiting","startedAt":"2011-06-30T08:05:09.120Z"}}
        """#
    private static func task(_ status: String) -> String {
        #"{"id":7,"kind":"start","target":"web01","principal":"operator admin","status":"\#(status)","startedAt":"2011-06-30T08:05:09.120Z"}"#
    }

    @Test("a start begins a task, which is looked at until it has ended")
    func startsAndWaits() async throws {
        try await withClient { request, count in
            switch (request.path, count) {
            case ("/v1/vms/web01/start", _): .answer(status: 202, body: Self.begun)
            case (_, 1): .answer(status: 200, body: Self.task("waiting"))
            case (_, 2): .answer(status: 200, body: Self.task("running"))
            default: .answer(status: 200, body: Self.task("done"))
            }
        } claim: { client, server in
            let begun = try await client.startMachine("web01")
            let looks = Locked<[String]>([])

            let ended = try await client.waitForTask(begun.id) { task in looks.withLockedValue { $0.append(task.status) } }

            #expect(ended.status == "done")
            #expect(looks.withLockedValue { $0 } == ["waiting", "running", "done"])
            #expect(server.heard.map(\.path) == ["/v1/vms/web01/start"] + Array(repeating: "/v1/tasks/7", count: 3))
            #expect(server.heard.first?.headers.first(name: QueryHeader.reason) == "because")
        }
    }

    @Test("a start that was taken, and of which nobody tells any more, is in doubt; a look at somebody else's task is not")
    func losesSightOfTask() async throws {
        try await withClient { request, _ in
            request.path == "/v1/vms/web01/start" ? .answer(status: 202, body: Self.begun) : .hangUp
        } claim: { client, _ in
            let begun = try await client.startMachine("web01")

            let own = await #expect(throws: ClientError.self) {
                try await PoolClient.asking(afterBegun: begun.id) { () throws(ClientError) in try await client.waitForTask(begun.id) }
            }
            let another = await #expect(throws: ClientError.self) { try await client.waitForTask(begun.id) }

            #expect(own?.exitCode == 4 && own?.message.contains("task 7 was begun") == true, "\(own?.message ?? "")")
            #expect(another?.exitCode == 3)
        }
    }

    @Test("names are escaped in paths, the slashes of a tag's key are not")
    func escapesNames() async throws {
        try await withClient { _, _ in
            .answer(status: 200, body: #"{"key":"a/b c","value":"v"}"#)
        } claim: { client, server in
            _ = try await client.putTag("a/b c", "v", on: "web/0?1")

            #expect(server.heard.map(\.path) == ["/v1/vms/web%2F0%3F1/tags/a/b%20c"])
            #expect(server.heard.map(\.method) == [.PUT])
            #expect(server.heard.map(\.body) == ["\"v\""])
        }
    }

    @Test("a list is read to its last page")
    func followsPages() async throws {
        try await withClient { request, _ in
            switch request.path {
            case "/v1/vms/web01/tags?prefix=a":
                .answer(status: 200, body: #"{"machine":"web01","tags":[{"key":"a/b","value":"1"}],"next":"a/b"}"#)
            default: .answer(status: 200, body: #"{"machine":"web01","tags":[{"key":"a/c","value":"2"}]}"#)
            }
        } claim: { client, server in
            let list = try await client.tags(of: "web01", prefix: "a")

            #expect(list.tags.map(\.key) == ["a/b", "a/c"] && list.next == nil)
            #expect(server.heard.map(\.path) == ["/v1/vms/web01/tags?prefix=a", "/v1/vms/web01/tags?prefix=a&after=a%2Fb"])
        }
    }

    @Test("a list that never ends is given up")
    func givesUpEndlessLists() async throws {
        try await withClient { _, _ in
            .answer(status: 200, body: #"{"servers":[],"next":"a"}"#)
        } claim: { client, _ in
            await #expect(throws: ClientError.badAnswer(cause: "The list at /v1/servers has no end.")) { try await client.servers() }
        }
    }

    @Test("a what-if question names the memory and the servers that are gone")
    func asksWhatIf() async throws {
        try await withClient { _, _ in
            .answer(status: 200, body: #"{"machine":"web01","servers":[]}"#)
        } claim: { client, server in
            let explanation = try await client.explain("web01", memoryMiB: 65_536, without: ["alpha", "beta"])

            #expect(explanation == ExplanationDocument(machine: "web01", chosen: nil, servers: []))
            #expect(server.heard.map(\.path) == ["/v1/vms/web01/explain?memoryMiB=65536&without=alpha,beta"])
        }
    }

    @Test("a filter of events and the indexes of the past are spelt out in the query")
    func asksForThePast() async throws {
        try await withClient { request, _ in
            .answer(status: request.path.hasPrefix("/v1/events") ? 200 : 410, body: #"{"events":[],"through":9}"#)
        } claim: { client, server in
            let filter = EventFilterText(
                object: "vm/web01", principal: "operator/admin", kinds: "vm-placed,tag-set", from: QueryTime(milliseconds: 0))
            _ = try await client.events(since: 4, filter: filter)
            _ = try await client.events()
            await #expect(throws: ClientError.self) { try await client.poolState(at: 7) }
            await #expect(throws: ClientError.self) { try await client.poolState(at: nil) }
            await #expect(throws: ClientError.self) { try await client.poolDiff(from: 4, to: 9) }
            await #expect(throws: ClientError.self) { try await client.poolDiff(from: 4, to: nil) }

            #expect(
                server.heard.map(\.path) == [
                    "/v1/events?since=4&object=vm%2Fweb01&principal=operator%2Fadmin&kind=vm-placed%2Ctag-set"
                        + "&from=1970-01-01T00%3A00%3A00.000Z", "/v1/events", "/v1/pool/state?at=7", "/v1/pool/state",
                    "/v1/pool/diff?from=4&to=9", "/v1/pool/diff?from=4",
                ])
        }
    }

    @Test("the pages of a state are followed to the end, and make one")
    func followsState() async throws {
        @Sendable func page(_ name: String, next: String?) -> String {
            #"{"index":7,"time":"1970-01-01T00:00:00.000Z","pool":{"id":"","name":"demo","authority":"","formatVersion":1,"#
                + #""time":"1970-01-01T00:00:00.000Z","settings":{"overcommitRatio":4,"voterLimit":5,"#
                + #""voterReplacementSeconds":600,"changedAt":0},"#
                + #""servers":{"total":0,"reachable":0,"inMaintenance":0},"machines":{"total":0,"byStatus":{}},"#
                + #""capacity":{"memoryMiB":0,"virtualCPUs":0,"networkKbps":0},"free":{"memoryMiB":0,"virtualCPUs":0,"networkKbps":0}},"#
                + #""servers":[],"machines":[],"rules":[],"tags":[{"machine":"\#(name)","key":"k","value":"v"}],"tagCount":2,"#
                + #""ruleCount":0,"answer":{"term":1,"index":9}"# + (next.map { #","next":"\#($0)"}"# } ?? "}")
        }
        try await withClient { request, _ in
            .answer(status: 200, body: request.path.contains("after") ? page("b", next: nil) : page("a", next: "7/tag/a/k"))
        } claim: { client, server in
            let state = try await client.poolState(at: 7)

            #expect(state.document.tags.map(\.machine) == ["a", "b"])
            #expect(state.document.next == nil)
            #expect(server.heard.map(\.path) == ["/v1/pool/state?at=7", "/v1/pool/state?after=7%2Ftag%2Fa%2Fk"])
        }
    }

    @Test("every write bears a key of its own, and no reading bears one")
    func keysWrites() async throws {
        try await withClient { request, _ in
            .answer(status: 200, body: request.method == .GET ? #"{"tasks":[]}"# : "{}")
        } claim: { client, server in
            try await client.deleteMachine("a")
            try await client.deleteMachine("a")
            _ = try await client.tasks()

            let keys = server.heard.map { $0.headers.first(name: QueryHeader.idempotencyKey) }
            #expect(Set(keys).count == 3)
            #expect(keys.last == .some(nil))
        }
    }

    @Test("a write whose answer cannot be read was carried out, so its outcome is unknown and not refused")
    func readsNonsense() async throws {
        try await withClient { _, _ in
            .answer(status: 200, body: "<html>")
        } claim: { client, _ in
            let writing = await #expect(throws: ClientError.self) { try await client.createToken(CreateTokenRequest()) }
            let reading = await #expect(throws: ClientError.self) { try await client.tokens() }

            #expect(writing?.exitCode == 4)
            #expect(reading?.exitCode == 1)
        }
    }

    private func withClient(
        _ script: @escaping QueryPortStandIn.Script, claim: (PoolClient, QueryPortStandIn) async throws -> Void
    ) async throws {
        let pool = try StandInPool()
        let server = try await QueryPortStandIn(pool, script: script)
        let file = PoolFile(
            pool: pool.identifier, authority: String(decoding: pool.authority.certificate.pem, as: UTF8.self), token: "secret",
            servers: [PoolFile.Server(name: "alpha", query: server.address.description)])
        let client = try PoolClient(
            file: file, path: "pool.json", reason: "because", eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
        try await claim(client, server)
        await client.shutdown()
        try await server.stop()
    }
}
