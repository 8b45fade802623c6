import Foundation
import NIOPosix
import OpenSSLTransport
import QueryModel
import Testing

@testable import PoolCommands

@Suite("One operation for many virtual machines")
struct MachineBulkTests {
    @Test("one plain name is the only one; patterns, tags and --all may select more")
    func only() {
        #expect(MachineSelector(names: ["web01"]).only == "web01")
        #expect(MachineSelector(names: ["web*"]).only == nil)
        #expect(MachineSelector(names: ["web01"], tags: ["a"]).only == nil)
        #expect(MachineSelector(names: ["a", "b"]).only == nil && MachineSelector(names: [], isAll: true).only == nil)
    }

    @Test("plain names are not looked up; patterns are asked for one by one, further tags narrow what was found")
    func resolves() async throws {
        try await withClient { request, _ in
            switch request.path {
            case "/v1/vms?name=web%2A&tag=role%3Dweb": .answer(status: 200, body: Self.list(["web02", "web01"]))
            case "/v1/vms?name=db01&tag=role%3Dweb": .answer(status: 200, body: Self.list(["db01"]))
            case "/v1/vms?tag=night": .answer(status: 200, body: Self.list(["db01", "web02", "x"]))
            case "/v1/vms?name=%2A": .answer(status: 200, body: Self.list(["x"]))
            default: .answer(status: 404, body: "{}")
            }
        } claim: { client, server in
            let plain = try await MachineSelector(names: ["b", "a", "b"]).resolve(client)
            let asked = server.heard.count
            let several = try await MachineSelector(names: ["web*", "db01"], tags: ["role=web", "night"]).resolve(client)
            let all = try await MachineSelector(names: [], isAll: true).resolve(client)

            #expect(plain == ["a", "b"] && asked == 0)
            #expect(several == ["db01", "web02"])
            #expect(all == ["x"])
        }
    }

    @Test("a failure keeps nobody else; each end is told once, and no more than eight are under way")
    func goesOn() async throws {
        let names = (10..<40).map { "vm\($0)" }
        let (now, most) = (Locked(0), Locked(0))
        var ends: [MachineBulk.End] = []

        let done = await MachineBulk.run(names, tell: { ends.append($0) }) { name throws(ClientError) in
            let running = now.withLockedValue { count in
                count += 1
                return count
            }
            most.withLockedValue { $0 = max($0, running) }
            for _ in 0..<10 { await Task.yield() }
            now.withLockedValue { $0 -= 1 }
            if name == "vm20" { throw .taskFailed(cause: "It broke.") }
            return try Self.machine(name)
        }

        #expect(done.map(\.name) == names.filter { $0 != "vm20" })
        #expect(ends.count == 30 && ends.contains(.failed("vm20", cause: "It broke.")))
        #expect(most.withLockedValue { $0 } <= MachineBulk.width)
    }

    @Test("a change that is answered 202 names its task; one that is answered 200 has none, whatever else works on the machine")
    func changes() async throws {
        try await withClient { _, count in
            .answer(
                status: count == 0 ? 202 : 200, headers: count == 0 ? ["Location": "/v1/tasks/77"] : [:], body: Self.text("web01", task: 5))
        } claim: { client, _ in
            let begun = try await client.changeMachine("web01", ChangeMachineRequest(memoryMiB: 1))
            let plain = try await client.changeMachine("web01", ChangeMachineRequest(preferredServers: []))

            #expect(begun.task == 77 && begun.machine.name == "web01")
            #expect(plain.task == nil && plain.machine.task == 5)
        }
    }

    private static func text(_ name: String, task: Int? = nil) -> String {
        #"{"name":"\#(name)","id":1,"uuid":"u","status":"Running","intent":"running","epoch":1,"#
            + #""requirements":{"domainType":"pv","memoryMiB":1,"virtualCPUs":1,"interfaces":[],"diskPaths":[],"newImageMiB":0,"#
            + #""maximumMemoryMiB":1,"maximumVirtualCPUs":1,"onPowerOff":"destroy","onReboot":"restart","onCrash":"destroy"},"#
            + #""preferredServers":[],"tagCount":0,"operations":[]"# + (task.map { ",\"task\":\($0)" } ?? "") + "}"
    }

    private static func list(_ names: [String]) -> String { #"{"machines":[\#(names.map { text($0) }.joined(separator: ","))]}"# }

    private static func machine(_ name: String) throws(ClientError) -> MachineDocument {
        do {
            return try QueryJSON.decode(MachineDocument.self, from: Data(text(name).utf8))
        } catch {
            throw .badAnswer(cause: "\(error)")
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
        let client = try PoolClient(file: file, path: "pool.json", eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
        try await claim(client, server)
        await client.shutdown()
        try await server.stop()
    }
}
