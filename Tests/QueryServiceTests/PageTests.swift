import PoolModel
import QueryModel
import Testing

@testable import QueryService

@Suite("Lists in pages")
struct PageTests {
    private let names = ["app1", "app10", "app2", "db", "web01"]

    private func sceneWithMachines() async throws -> Scene {
        let scene = try await Scene()
        for name in names.reversed() { #expect(try await scene.createMachine(name).status == 201) }
        return scene
    }

    @Test("next leads through the whole list in the order of names, each once", arguments: 1...6)
    func follows(limit: Int) async throws {
        let scene = try await sceneWithMachines()
        var found: [String] = []
        var after = ""
        var pages = 0

        while true {
            let list: MachineListDocument = try await scene.send("GET", "/v1/vms?limit=\(limit)\(after)").document()
            found += list.machines.map(\.name)
            pages += 1
            guard let next = list.next else { break }
            #expect(list.machines.count == limit && next == list.machines.last?.name)
            after = "&after=\(next)"
        }

        #expect(found == names)
        #expect(pages == (names.count + limit - 1) / limit)
    }

    @Test("a page goes on behind an element that was deleted meanwhile")
    func survivesDeletion() async throws {
        let scene = try await sceneWithMachines()
        let first: MachineListDocument = try await scene.send("GET", "/v1/vms?limit=2").document()

        _ = try await scene.send("DELETE", "/v1/vms/app10")
        let second: MachineListDocument = try await scene.send("GET", "/v1/vms?limit=2&after=\(first.next ?? "")").document()

        #expect(first.machines.map(\.name) == ["app1", "app10"])
        #expect(second.machines.map(\.name) == ["app2", "db"])
    }

    @Test("tags are cut within their prefix, by key")
    func pagesOfTags() async throws {
        let scene = try await sceneWithMachines()
        for key in ["b/2", "a", "b/1", "b/10", "c"] { _ = try await scene.send("PUT", "/v1/vms/db/tags/\(key)", "\"v\"") }

        let first: TagListDocument = try await scene.send("GET", "/v1/vms/db/tags?prefix=b/&limit=2").document()
        let second: TagListDocument = try await scene.send("GET", "/v1/vms/db/tags?prefix=b/&limit=2&after=b%2F10").document()

        #expect(first.tags.map(\.key) == ["b/1", "b/10"] && first.next == "b/10")
        #expect(second.tags.map(\.key) == ["b/2"] && second.next == nil)
    }

    @Test("servers, tokens and tasks come in pages too, by name or by number")
    func otherLists() async throws {
        let scene = try await sceneWithMachines()
        _ = try await scene.send("POST", "/v1/tokens")
        for name in ["db", "web01"] { _ = try await scene.send("POST", "/v1/vms/\(name)/start") }

        let servers: ServerListDocument = try await scene.send("GET", "/v1/servers?limit=1").document()
        let tokens: TokenListDocument = try await scene.send("GET", "/v1/tokens?limit=1").document()
        let tasks: TaskListDocument = try await scene.send("GET", "/v1/tasks?limit=1").document()
        let rest: TaskListDocument = try await scene.send("GET", "/v1/tasks?after=\(tasks.next ?? "")").document()

        #expect(servers.servers.map(\.name) == ["alpha"] && servers.next == "alpha")
        #expect(tokens.tokens.count == 1 && tokens.next == tokens.tokens.first.map { String($0.id) })
        #expect(tasks.tasks.map(\.target) == ["db"] && rest.tasks.map(\.target) == ["web01"] && rest.next == nil)
    }

    @Test(
        "a limit or a place that cannot be is refused",
        arguments: ["limit=0", "limit=1001", "limit=-1", "limit=", "limit=two", "after=", "after=.x", "after=a%20b", "limit=1&limit=2"])
    func refuses(query: String) async throws {
        let scene = try await Scene()

        #expect(try await scene.send("GET", "/v1/vms?\(query)").status == 400)
    }
}
