import Placement
import PoolModel
import Testing

@Suite("Which servers are refused, and by which rule")
struct FilterTests {
    @Test("a machine with one preferred server is refused rather than started elsewhere")
    func neverLeavesItsPreferredServer() throws {
        let full = try PlacementScene.server(1, "alpha", holding: [PlacementScene.machine(memory: 7_000)])
        let empty = try PlacementScene.server(2, "beta")

        let decision = PlacementScene.decide(PlacementScene.machine(), preferred: [1], among: [full, empty])

        #expect(decision.chosen == nil)
        #expect(
            decision.verdicts.map(\.finding) == [
                .refused(.notEnoughMemory(needed: Mebibytes(2_000), free: Mebibytes(1_000))), .refused(.notPreferred),
            ])
    }

    @Test("among several preferred servers the one with the most room is chosen, however empty the others are")
    func choosesAmongPreferred() throws {
        let servers = [
            try PlacementScene.server(1, "alpha", holding: [PlacementScene.machine(memory: 4_000)]),
            try PlacementScene.server(2, "beta", holding: [PlacementScene.machine(memory: 1_000)]),
            try PlacementScene.server(3, "gamma"),
        ]

        let decision = PlacementScene.decide(PlacementScene.machine(), preferred: [1, 2], among: servers)

        #expect(decision.chosen == ServerID(2))
        #expect(decision.verdicts.map(\.server.number) == [2, 1, 3])
        #expect(decision.verdicts.last?.finding == .refused(.notPreferred))
    }

    @Test(
        "a server that takes no machines says why",
        arguments: [
            (ServerAvailability.inMaintenance, PlacementRefusal.inMaintenance), (.lost, .lost), (.stopped, .stopped),
            (.joining, .joining),
        ])
    func refusesByState(availability: ServerAvailability, refusal: PlacementRefusal) throws {
        let server = try PlacementScene.server(1, "alpha", availability: availability)

        #expect(try PlacementScene.finding(PlacementScene.machine(), on: server) == .refused(refusal))
    }

    @Test("a Utility Server runs no virtual machines")
    func refusesWithoutRole() throws {
        let server = try PlacementScene.server(1, "alpha", roles: .utility)

        #expect(try PlacementScene.finding(PlacementScene.machine(), on: server) == .refused(.withoutRole))
    }

    @Test("a domain type that the hypervisor cannot run is refused")
    func refusesDomainType() throws {
        let server = try PlacementScene.server(1, "alpha", facts: PlacementScene.facts(domainTypes: [.pv]))

        #expect(try PlacementScene.finding(PlacementScene.machine(.hvm), on: server) == .refused(.domainTypeNotSupported(.hvm)))
    }

    @Test(
        "a disk lies below a storage root only where a directory ends",
        arguments: [
            ("/OVS/running_pool/a/System.img", true), ("/OVSX/a.img", false), ("/OV/a.img", false), ("/data/a.img", false),
            ("OVS/a.img", false),
        ])
    func judgesStorage(path: String, isSeen: Bool) throws {
        let server = try PlacementScene.server(1, "alpha")

        let finding = try PlacementScene.finding(PlacementScene.machine(disks: [path]), on: server)

        #expect((finding == .refused(.storageNotSeen(path: path))) == !isSeen)
    }

    @Test("one disk outside every storage root is enough to refuse")
    func everyDiskCounts() throws {
        let server = try PlacementScene.server(1, "alpha")
        let machine = PlacementScene.machine(disks: ["/OVS/a.img", "/data/b.img"])

        #expect(try PlacementScene.finding(machine, on: server) == .refused(.storageNotSeen(path: "/data/b.img")))
    }

    @Test("a bridge that the server lacks is named")
    func refusesMissingBridge() throws {
        let server = try PlacementScene.server(1, "alpha")
        let machine = PlacementScene.machine(interfaces: [PlacementScene.interface(), PlacementScene.interface("vlan7")])

        #expect(try PlacementScene.finding(machine, on: server) == .refused(.bridgeMissing("vlan7")))
    }

    @Test("the rules are asked in a fixed order, and the first that refuses is named")
    func asksInOrder() throws {
        let facts = PlacementScene.facts(total: 2_100, bridges: [], roots: [], domainTypes: [])
        let machine = PlacementScene.machine(.hvm, interfaces: [PlacementScene.interface()], disks: ["/OVS/a.img"])
        func refusal(
            preferred: [UInt64] = [], _ availability: ServerAvailability = .active, _ roles: ServerRoles = .all, facts: ServerFacts
        ) throws -> PlacementFinding {
            let server = try PlacementScene.server(1, "alpha", availability: availability, roles: roles, facts: facts)
            return try PlacementScene.finding(machine, on: server, preferred: preferred)
        }
        let withType = PlacementScene.facts(total: 2_100, bridges: [], roots: [])
        let withStorage = PlacementScene.facts(total: 2_100, bridges: [])
        let withBridge = PlacementScene.facts(total: 2_100)

        #expect(try refusal(preferred: [2], .lost, .utility, facts: facts) == .refused(.notPreferred))
        #expect(try refusal(.lost, .utility, facts: facts) == .refused(.lost))
        #expect(try refusal(.active, .utility, facts: facts) == .refused(.withoutRole))
        #expect(try refusal(facts: facts) == .refused(.domainTypeNotSupported(.hvm)))
        #expect(try refusal(facts: withType) == .refused(.storageNotSeen(path: "/OVS/a.img")))
        #expect(try refusal(facts: withStorage) == .refused(.bridgeMissing("xenbr0")))
        #expect(try refusal(facts: withBridge) == .refused(.notEnoughMemory(needed: Mebibytes(2_000), free: Mebibytes(100))))
    }

    @Test("a pool without servers refuses and invents no verdict")
    func refusesInEmptyPool() {
        let decision = PlacementScene.decide(PlacementScene.machine(), among: [])

        #expect(decision == PlacementDecision(chosen: nil, verdicts: []))
    }

    @Test("a machine goes on from its image only where that is reached: below the same shared root, or on the disk of the one server")
    func reachesImage() throws {
        let roots = [true, false].map { [StorageRoot(path: "/OVS", isShared: $0, capacity: Mebibytes(100))] }
        let servers = [
            try PlacementScene.server(1, "alpha", facts: PlacementScene.facts(roots: roots[1])),
            try PlacementScene.server(2, "beta", facts: PlacementScene.facts(roots: roots[0])),
            try PlacementScene.server(3, "gamma", facts: PlacementScene.facts(roots: [])),
        ]
        func reached(_ root: String?) throws -> [String] {
            let place = ImagePlace(server: ServerID(1), name: try #require(ServerName("alpha")), root: root)
            let decision = PlacementPlanner.decide(
                PlacementQuestion(
                    requirements: PlacementScene.machine(), preferredServers: [], candidates: servers, overcommitRatio: 4, image: place))
            for case .refused(let refusal) in decision.verdicts.map(\.finding) { #expect(refusal == .imageNotReached(place)) }
            return decision.verdicts.filter { if case .score = $0.finding { true } else { false } }.map(\.name.text)
        }

        #expect(try reached("/OVS") == ["beta"])
        #expect(try reached(nil) == ["alpha"])
    }

    @Test("a guest goes on only where the CPUs have what those had that it ran on; what nobody knows keeps it from nothing")
    func needsProcessor() throws {
        func facts(_ vendor: String, _ word: UInt32) throws -> ProcessorFacts {
            let features = try #require(ProcessorFeatures(words: [word]))
            return try #require(
                ProcessorFacts(
                    vendor: vendor, model: "", sockets: 1, coresPerSocket: 1, threadsPerCore: 1, nodes: 1, features: features,
                    liveDomainTypes: []))
        }
        func server(_ number: UInt64, _ name: String, _ processor: ProcessorFacts?) throws -> PlacementCandidate {
            let plain = PlacementScene.facts(roots: [StorageRoot(path: "/OVS", isShared: true, capacity: Mebibytes(100))])
            return try PlacementScene.server(
                number, name,
                facts: ServerFacts(
                    totalMemory: plain.totalMemory, reservedMemory: plain.reservedMemory, processors: plain.processors, cards: plain.cards,
                    bridges: plain.bridges, storageRoots: plain.storageRoots, domainTypes: plain.domainTypes, hypervisor: "simulated",
                    processor: processor))
        }
        let servers = [
            try server(1, "alpha", try facts("A", 0b1001)), try server(2, "beta", try facts("A", 0b1011)),
            try server(3, "gamma", try facts("A", 0b0001)), try server(4, "delta", try facts("B", 0b1001)), try server(5, "epsilon", nil),
        ]
        let place = ImagePlace(
            server: ServerID(1), name: try #require(ServerName("alpha")), root: "/OVS", processor: try facts("A", 0b1001))

        let verdicts = PlacementPlanner.decide(
            PlacementQuestion(
                requirements: PlacementScene.machine(), preferredServers: [], candidates: servers, overcommitRatio: 4, image: place)
        ).verdicts

        var reasons: [String: String] = [:]
        for verdict in verdicts {
            if case .refused(let refusal) = verdict.finding { reasons[verdict.name.text] = refusal.message }
        }
        #expect(
            reasons == [
                "gamma": "has CPUs that lack pse, which its guest found on server alpha",
                "delta": "has CPUs of another maker (B) than server alpha, where its guest ran",
            ])
    }

    @Test("every refusal has a word of its own for programs, and a reason to stand after a server's name")
    func refusalsSpeak() throws {
        let refusals: [PlacementRefusal] = [
            .notPreferred, .leftOut, .inMaintenance, .lost, .stopped, .joining, .withoutRole,
            .imageNotReached(ImagePlace(server: ServerID(1), name: try #require(ServerName("alpha")), root: "/OVS")),
            .processorDiffers(ProcessorGap(features: ["avx"], vendor: nil), from: try #require(ServerName("alpha"))),
            .domainTypeNotSupported(.pv),
            .storageNotSeen(path: "/a"), .bridgeMissing("b"), .notEnoughMemory(needed: Mebibytes(2), free: Mebibytes(1)),
            .notEnoughProcessors(needed: 2, free: 1),
            .notEnoughNetwork(bridge: "b", needed: KilobitsPerSecond(2), free: KilobitsPerSecond(1)),
            .notEnoughDisk(needed: Mebibytes(2), free: Mebibytes(1)),
        ]

        #expect(Set(refusals.map(\.type)).count == refusals.count)
        #expect(Set(refusals.map(\.message)).count == refusals.count)
        #expect(refusals.allSatisfy { !$0.message.isEmpty && !$0.message.hasSuffix(".") })
    }
}
