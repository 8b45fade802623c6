import QueryModel
import Testing

@testable import PoolCommands

@Suite("What is large")
struct TopTextTests {
    private static func resources(_ memory: Int, _ processors: Int) -> ResourcesDocument {
        ResourcesDocument(memoryMiB: memory, virtualCPUs: processors, networkKbps: 0)
    }

    private static func server(_ name: String, capacity: ResourcesDocument, free: ResourcesDocument) -> ServerDocument {
        ServerDocument(
            id: 1, name: name, roles: ["vm"], status: "active", isMaster: false, isReachable: true, inMaintenance: false,
            peerAddress: "127.0.0.1:1", queryAddress: "127.0.0.1:2", session: nil, facts: nil, capacity: capacity, free: free,
            machineCount: 2, joinedAt: QueryTime(milliseconds: 0))
    }

    private static func machine(_ name: String, on server: String?, memory: Int, processors: Int) -> MachineDocument {
        MachineDocument(
            name: name, id: 1, uuid: "u", status: server == nil ? "PoweredOff" : "Running", cause: nil, intent: "running", server: server,
            epoch: 1,
            requirements: RequirementsDocument(
                domainType: "pv", memoryMiB: memory, virtualCPUs: processors, interfaces: [], diskPaths: [], newImageMiB: 0,
                maximumMemoryMiB: memory, maximumVirtualCPUs: processors, onPowerOff: "destroy", onReboot: "restart", onCrash: "destroy"),
            preferredServers: [], tagCount: 0, task: nil, configuration: nil, operations: [])
    }

    private let servers = [
        server("alpha", capacity: resources(4_096, 8), free: resources(3_072, 2)),
        server("bravo", capacity: resources(4_096, 8), free: resources(1_024, 7)),
        server("charlie", capacity: resources(0, 0), free: resources(5, -5)),
    ]

    @Test("servers are sorted by the share that is reserved, those without figures last")
    func sortsServers() {
        #expect(TopText.sorted(servers, by: .memory).map(\.name) == ["bravo", "alpha", "charlie"])
        #expect(TopText.sorted(servers, by: .cpu).map(\.name) == ["alpha", "bravo", "charlie"])
        #expect(TopText.sorted(servers.reversed(), by: .name).map(\.name) == ["alpha", "bravo", "charlie"])
    }

    @Test("what is not known is a dash")
    func showsServers() {
        #expect(
            TopText.table(of: Array(servers.dropFirst()), title: "T").text == """
                T
                NAME     STATUS  VMS  MEMORY  MEM%  VCPUS   VCPU%  NETWORK  NET%
                bravo    active    2   3 GiB  75 %      1  12.5 %   0 kb/s     -
                charlie  active    2   0 MiB     -      0       -   0 kb/s     -

                """)
    }

    @Test("what is reserved beyond what a server has is more than 100 %, and less than nothing is free")
    func showsOvercommitted() {
        var server = Self.server("alpha", capacity: Self.resources(4_096, 8), free: Self.resources(0, 2))
        server.overcommittedMiB = 1_024

        let top = TopText.table(of: [server], title: "T").text(in: TextStyle(hasHeadings: false))
        let list = ServerText.table(of: [server]).text(in: TextStyle(hasHeadings: false))

        #expect(top.contains("5 GiB  125 %"), "\(top)")
        #expect(list.contains("4 GiB  -1 GiB"), "\(list)")
        #expect(TopText.sorted(servers + [server], by: .memory).first?.overcommittedMiB == 1_024)
    }

    @Test("machines are sorted by what they take of their server, those that are on none last")
    func sortsMachines() {
        let machines = [
            Self.machine("off", on: nil, memory: 9_000, processors: 9), Self.machine("b", on: "alpha", memory: 1_024, processors: 1),
            Self.machine("a", on: "bravo", memory: 1_024, processors: 4), Self.machine("c", on: "gone", memory: 1_024, processors: 4),
        ]

        let sorted = TopText.sorted(machines, by: .memory, servers: servers)

        #expect(sorted.map(\.name) == ["a", "b", "c", "off"])
        #expect(TopText.sorted(machines, by: .cpu, servers: servers).map(\.name) == ["a", "b", "c", "off"])
        #expect(
            TopText.table(of: [sorted[0], sorted[3]], servers: servers, title: "T").text(in: TextStyle(hasHeadings: false)) == """
                a    Running     bravo    1 GiB  25 %  4  50 %  -
                off  PoweredOff  -      8.8 GiB     -  9     -  -

                """)
    }

    @Test("a slip of the pen is told what it may have meant, and a stranger is not")
    func findsNames() {
        let names = ["web01", "web02", "erp-db01"]

        #expect(NearestName.find("web1", among: names) == "web01")
        #expect(NearestName.find("wbe02", among: names) == "web02")
        #expect(NearestName.find("ERP-DB01", among: names) == "erp-db01")
        #expect(NearestName.find("mail", among: names) == nil)
        #expect(NearestName.find("w", among: ["x"]) == nil)
        #expect(NearestName.find("", among: names) == nil)
        #expect(NearestName.find("strat", among: ["start", "stop", "set"]) == "start")
    }

    @Test(
        "a cure that names a path of the API names the command instead",
        arguments: [
            ("Did you mean web01? List them with GET /v1/vms.", "Did you mean web01? `ovm vm ls` lists them."),
            ("List them with GET /v1/vms/web01/tags.", "`ovm vm tag ls web01` lists them."),
            ("List them with GET /v1/strangers.", "List them with GET /v1/strangers."),
            ("Look elsewhere.", "Look elsewhere."),
        ])
    func speaksAsCommandLine(cure: String, expected: String) {
        let error = ClientError.problem(ProblemDocument(.notFound, cause: "There is none.", cure: cure))

        #expect(error.message == "There is none. " + expected)
    }
}
