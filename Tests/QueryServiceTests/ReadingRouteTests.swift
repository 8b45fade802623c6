import AgentCore
import PoolModel
import PoolStateMachine
import QueryModel
import Testing

@testable import QueryService

@Suite("Routes that read")
struct ReadingRouteTests {
    @Test("the process is healthy whoever asks, and ready once it knows a master")
    func health() async throws {
        let scene = try await Scene()

        #expect(try await scene.send("GET", "/healthz", as: nil).text == "ok\n")
        #expect(try await scene.send("GET", "/readyz", as: nil).status == 200)
        await scene.gateway.loseMaster()
        let unready = try await scene.send("GET", "/readyz", as: nil)

        #expect(unready.status == 503)
        #expect(unready.headers["Retry-After"] == "1")
        #expect(unready.problem?.kind == .noMaster)
    }

    @Test("every answer names the master, the term and the index, in headers and in the document")
    func reflection() async throws {
        let scene = try await Scene()

        let answer = try await scene.send("GET", "/v1/master")
        let document = try answer.document(Answered<MasterDocument>.self)

        let index = await scene.gateway.state.appliedIndex.number
        #expect(document.answer == AnswerReflection(master: "alpha", term: 7, index: index))
        #expect(document.document.master == ServerReference(id: 1, name: "alpha", queryAddress: "10.0.0.1:4443"))
        #expect(document.document.isMaster)
        #expect(answer.headers["Ovm-Master"] == "alpha")
        #expect(answer.headers["Ovm-Term"] == "7")
        #expect(answer.headers["Ovm-Index"] == "\(index)")
        #expect(answer.headers["Ovm-Age"] == nil)
    }

    @Test("a stale read says how old it may be, or that nobody knows")
    func age() async throws {
        let scene = try await Scene()

        let unknown = try await scene.send("GET", "/v1/pool?consistency=stale")
        await scene.gateway.setStaleAge(.milliseconds(1_500))
        let known = try await scene.send("GET", "/v1/pool?consistency=stale")

        #expect(unknown.headers["Ovm-Age"] == "unknown")
        #expect(known.headers["Ovm-Age"] == "1500")
        #expect(try await scene.send("GET", "/v1/pool?consistency=fresh").status == 400)
    }

    @Test("a read that no master confirms is refused, to be tried again")
    func noMaster() async throws {
        let scene = try await Scene()

        await scene.gateway.refuseReads("no master was found within 5 s")
        let answer = try await scene.send("GET", "/v1/pool")

        #expect(answer.status == 503)
        #expect(answer.headers["Retry-After"] == "1")
        #expect(answer.problem?.detail.contains("no master was found within 5 s.") == true)
    }

    @Test("the pool shows what it has and what is free")
    func pool() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()
        _ = try await scene.send("POST", "/v1/vms/web01/start")

        let pool = try await scene.send("GET", "/v1/pool").document(PoolDocument.self)

        #expect(pool.name == "test")
        #expect(pool.servers == ServerCountsDocument(total: 2, reachable: 2, inMaintenance: 0))
        #expect(pool.machines == MachineCountsDocument(total: 1, byStatus: ["Initializing": 1]))
        #expect(pool.capacity == ResourcesDocument(memoryMiB: 12_288, virtualCPUs: 32, networkKbps: 2_000_000))
        #expect(pool.free == ResourcesDocument(memoryMiB: 11_264, virtualCPUs: 30, networkKbps: 1_980_000))
    }

    @Test("servers are listed by name, with facts and session")
    func servers() async throws {
        let scene = try await Scene()

        let list = try await scene.send("GET", "/v1/servers").document(ServerListDocument.self)
        let beta = try await scene.send("GET", "/v1/servers/beta").document(ServerDocument.self)

        #expect(list.servers.map(\.name) == ["alpha", "beta"])
        #expect(list.servers.map(\.isMaster) == [true, false])
        #expect(beta.status == "active")
        #expect(beta.facts?.bridges == [BridgeDocument(name: "xenbr0", cards: ["eth0"])])
        #expect(beta.session?.number == 1)
        #expect(try await scene.send("GET", "/v1/servers/gamma").problem?.kind == .notFound)
        #expect(try await scene.send("GET", "/v1/servers/%00").status == 400)
    }
}

@Suite("Routes for servers")
struct ServerRouteTests {
    @Test("maintenance is begun and ended by an administrator only")
    func maintenance() async throws {
        let scene = try await Scene()

        let refused = try await scene.send("PUT", "/v1/servers/beta/maintenance", as: "ulla")
        let begun = try await scene.send("PUT", "/v1/servers/beta/maintenance").document(ServerDocument.self)
        let ended = try await scene.send("DELETE", "/v1/servers/beta/maintenance").document(ServerDocument.self)

        #expect(refused.problem?.kind == .forbidden)
        #expect(refused.problem?.refusal == "not-allowed")
        #expect(begun.status == "maintenance")
        #expect(ended.status == "active")
    }

    @Test("who is still there is named, with what keeps it from any other server")
    func namesWhoIsLeft() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine("web02", preferred: ["beta"])
        _ = try await scene.createMachine("web01", preferred: ["beta", "alpha"])
        _ = try await scene.send("POST", "/v1/vms/web02/start")
        _ = try await scene.send("PUT", "/v1/servers/alpha/maintenance")
        _ = try await scene.send("POST", "/v1/vms/web01/start")
        _ = try await scene.send("DELETE", "/v1/servers/alpha/maintenance")

        let begun = try await scene.send("PUT", "/v1/servers/beta/maintenance").document(ServerDocument.self)
        let shown = try await scene.send("GET", "/v1/servers/beta").document(ServerDocument.self)
        let listed = try await scene.send("GET", "/v1/servers").document(ServerListDocument.self)
        let event = try await scene.send("GET", "/v1/events?kind=maintenance-on&object=server/beta").document(EventListDocument.self)

        let expected = [
            PlacedMachineDocument(name: "web01", status: "Initializing", obstacle: nil),
            PlacedMachineDocument(
                name: "web02", status: "Initializing", obstacle: "alpha is not a preferred server of this virtual machine."),
        ]
        #expect(begun.machines == expected)
        #expect(shown.machines == expected)
        #expect(listed.servers.allSatisfy { $0.machines == nil })
        #expect(event.events.map(\.message) == ["Server beta is in maintenance: no new starts. Still there: web01, web02."])
    }

    @Test("a start that maintenance refuses says so, and is taken once it has ended")
    func refusesStarts() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine(preferred: ["beta"])
        _ = try await scene.send("PUT", "/v1/servers/beta/maintenance")

        let refused = try await scene.send("POST", "/v1/vms/web01/start")
        let ended = try await scene.send("DELETE", "/v1/servers/beta/maintenance").document(ServerDocument.self)

        let beta = try #require(refused.problem?.servers?.first { $0.server == "beta" })
        #expect(refused.problem?.kind == .noPlacement)
        #expect(beta.refusal == RefusalDocument(type: "in-maintenance", message: "beta is in maintenance."))
        #expect(ended.machines == [])
        #expect(try await scene.send("POST", "/v1/vms/web01/start").status == 202)
    }

    @Test("a server is removed once, and not while it holds virtual machines")
    func removal() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine(preferred: ["alpha"])
        _ = try await scene.send("POST", "/v1/vms/web01/start")

        #expect(try await scene.send("DELETE", "/v1/servers/alpha").problem?.refusal == "server-in-use")
        #expect(try await scene.send("DELETE", "/v1/servers/beta").status == 200)
        #expect(try await scene.send("DELETE", "/v1/servers/beta").status == 404)
    }
}
