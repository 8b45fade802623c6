import Placement
import PoolModel
import Testing

@Suite("What remains of a server, in millionths worked out by hand")
struct ScoreTests {
    @Test("each resource has its share of what stays free after the start; the smallest is the score")
    func scoresEachResource() throws {
        let server = try PlacementScene.server(1, "alpha")
        let machine = PlacementScene.machine(interfaces: [PlacementScene.interface()], disks: ["/OVS/a.img"], newImages: 25_000)

        let finding = try PlacementScene.finding(machine, on: server)

        // Memory (8,000 - 2,000) / 8,000; CPUs (16 - 2) / 16; network (1,000,000 - 10,000) / 1,000,000; disk 75,000 / 100,000.
        let score = PlacementScore(memory: 750_000, processors: 875_000, network: 990_000, disk: 750_000, machines: 0)
        #expect(finding == .score(score))
        #expect(score.smallest == 750_000)
        #expect(score.sum == 3_365_000)
    }

    @Test("what machines placed there take already counts")
    func countsReservations() throws {
        let held = PlacementScene.machine(
            memory: 4_000, virtualCPUs: 6, interfaces: [PlacementScene.interface(rate: 490_000)], newImages: 50_000)
        let server = try PlacementScene.server(1, "alpha", holding: [held])
        let machine = PlacementScene.machine(interfaces: [PlacementScene.interface()], newImages: 25_000)

        let finding = try PlacementScene.finding(machine, on: server)

        #expect(finding == .score(PlacementScore(memory: 250_000, processors: 500_000, network: 500_000, disk: 250_000, machines: 1)))
    }

    @Test("shares are rounded down")
    func roundsDown() throws {
        let server = try PlacementScene.server(1, "alpha", facts: PlacementScene.facts(total: 3_000, reserved: 0, processors: 3))

        let finding = try PlacementScene.finding(PlacementScene.machine(memory: 1_000, virtualCPUs: 1), on: server)

        // 2/3 and 11/12.
        #expect(finding == .score(PlacementScore(memory: 666_666, processors: 916_666, network: 1_000_000, disk: 1_000_000, machines: 0)))
    }

    @Test("the overcommit ratio multiplies the CPUs")
    func overcommits() throws {
        let server = try PlacementScene.server(1, "alpha")
        let machine = PlacementScene.machine(virtualCPUs: 5)

        let once = PlacementScene.decide(machine, among: [server], ratio: 1)
        let twice = PlacementScene.decide(machine, among: [server], ratio: 2)

        #expect(once.verdicts.first?.finding == .refused(.notEnoughProcessors(needed: 5, free: 4)))
        // (8 - 5) / 8.
        #expect(
            twice.verdicts.first?.finding
                == .score(PlacementScore(memory: 750_000, processors: 375_000, network: 1_000_000, disk: 1_000_000, machines: 0)))
    }

    @Test("a machine may take all that is free, and not one more")
    func fillsExactly() throws {
        let server = try PlacementScene.server(1, "alpha")

        let exact = try PlacementScene.finding(PlacementScene.machine(memory: 8_000, virtualCPUs: 16), on: server)
        let more = try PlacementScene.finding(PlacementScene.machine(memory: 8_001), on: server)

        #expect(exact == .score(PlacementScore(memory: 0, processors: 0, network: 1_000_000, disk: 1_000_000, machines: 0)))
        #expect(more == .refused(.notEnoughMemory(needed: Mebibytes(8_001), free: Mebibytes(8_000))))
    }

    @Test("a bridge has the speed of the cards behind it together, and several interfaces on it add up")
    func addsCardsAndRates() throws {
        let facts = PlacementScene.facts(
            cards: [
                NetworkInterfaceCard(name: "eth0", speed: KilobitsPerSecond(1_000_000)),
                NetworkInterfaceCard(name: "eth1", speed: KilobitsPerSecond(1_000_000)),
            ], bridges: [NetworkBridge(name: "xenbr0", cards: ["eth0", "eth1", "eth1", "gone"])])
        let server = try PlacementScene.server(1, "alpha", facts: facts)
        let machine = PlacementScene.machine(interfaces: [
            PlacementScene.interface(rate: 300_000), PlacementScene.interface(rate: 200_000),
        ])

        let finding = try PlacementScene.finding(machine, on: server)

        // (2,000,000 - 500,000) / 2,000,000: a card named twice counts once.
        #expect(finding == .score(PlacementScore(memory: 750_000, processors: 875_000, network: 750_000, disk: 1_000_000, machines: 0)))
    }

    @Test("of several bridges the one with the smallest share counts")
    func takesTheNarrowestBridge() throws {
        let facts = PlacementScene.facts(
            cards: [
                NetworkInterfaceCard(name: "eth0", speed: KilobitsPerSecond(1_000_000)),
                NetworkInterfaceCard(name: "eth1", speed: KilobitsPerSecond(100_000)),
            ], bridges: [NetworkBridge(name: "wide", cards: ["eth0"]), NetworkBridge(name: "narrow", cards: ["eth1"])])
        let server = try PlacementScene.server(1, "alpha", facts: facts)
        let machine = PlacementScene.machine(interfaces: [PlacementScene.interface("wide"), PlacementScene.interface("narrow")])

        let finding = try PlacementScene.finding(machine, on: server)

        // 990,000 on the wide one, (100,000 - 10,000) / 100,000 on the narrow one.
        #expect(finding == .score(PlacementScore(memory: 750_000, processors: 875_000, network: 900_000, disk: 1_000_000, machines: 0)))
    }

    @Test("rates above what a bridge has left are refused with the figures")
    func refusesFullBridge() throws {
        let held = PlacementScene.machine(memory: 100, interfaces: [PlacementScene.interface(rate: 900_000)])
        let server = try PlacementScene.server(1, "alpha", holding: [held])
        let machine = PlacementScene.machine(interfaces: [PlacementScene.interface(rate: 100_001)])

        let finding = try PlacementScene.finding(machine, on: server)

        #expect(
            finding
                == .refused(
                    .notEnoughNetwork(bridge: "xenbr0", needed: KilobitsPerSecond(100_001), free: KilobitsPerSecond(100_000))))
    }

    /// 1 Gb/s behind `eth0` and `eth1` each.
    private static func facts(_ bridges: [NetworkBridge]) -> ServerFacts {
        PlacementScene.facts(
            cards: ["eth0", "eth1"].map { NetworkInterfaceCard(name: $0, speed: KilobitsPerSecond(1_000_000)) }, bridges: bridges)
    }

    @Test("what is promised on one bridge is taken from every bridge that shares its card")
    func sharedCardsCountOnce() throws {
        let facts = Self.facts([
            NetworkBridge(name: "one", cards: ["eth1"]), NetworkBridge(name: "other", cards: ["eth1"]),
            NetworkBridge(name: "apart", cards: ["eth0", "gone"]), NetworkBridge(name: "lost", cards: ["gone"]),
        ])
        let held = PlacementScene.machine(
            memory: 100, interfaces: [PlacementScene.interface("one", rate: 700_000), PlacementScene.interface("lost", rate: 900_000)])
        let server = try PlacementScene.server(1, "alpha", facts: facts, holding: [held])
        func finding(_ interfaces: InterfaceRequirement...) throws -> PlacementFinding {
            try PlacementScene.finding(PlacementScene.machine(interfaces: interfaces), on: server)
        }

        let fits = try finding(PlacementScene.interface("other", rate: 300_000))
        let more = try finding(PlacementScene.interface("other", rate: 300_001))
        let both = try finding(PlacementScene.interface("other", rate: 200_000), PlacementScene.interface("one", rate: 200_000))
        let apart = try finding(PlacementScene.interface("apart", rate: 1_000_000))

        #expect(fits == .score(PlacementScore(memory: 737_500, processors: 750_000, network: 0, disk: 1_000_000, machines: 1)))
        #expect(
            more
                == .refused(
                    .notEnoughNetwork(bridge: "other", needed: KilobitsPerSecond(300_001), free: KilobitsPerSecond(300_000))))
        #expect(
            both == .refused(.notEnoughNetwork(bridge: "one", needed: KilobitsPerSecond(400_000), free: KilobitsPerSecond(300_000))))
        #expect(apart == .score(PlacementScore(memory: 737_500, processors: 750_000, network: 0, disk: 1_000_000, machines: 1)))
    }

    @Test("a bridge carries no more than its own cards, however much its group has; a group reaches through bridges")
    func ownCardsBound() throws {
        let facts = Self.facts([
            NetworkBridge(name: "left", cards: ["eth0"]), NetworkBridge(name: "middle", cards: ["eth0", "eth1"]),
            NetworkBridge(name: "right", cards: ["eth1"]),
        ])
        let held = PlacementScene.machine(memory: 100, interfaces: [PlacementScene.interface("middle", rate: 900_000)])
        let server = try PlacementScene.server(1, "alpha", facts: facts, holding: [held])
        func finding(_ interfaces: InterfaceRequirement...) throws -> PlacementFinding {
            try PlacementScene.finding(PlacementScene.machine(interfaces: interfaces), on: server)
        }

        let own = try finding(PlacementScene.interface("left", rate: 1_000_001))
        let group = try finding(PlacementScene.interface("left", rate: 600_000), PlacementScene.interface("right", rate: 500_001))

        #expect(
            own
                == .refused(
                    .notEnoughNetwork(bridge: "left", needed: KilobitsPerSecond(1_000_001), free: KilobitsPerSecond(1_000_000))))
        #expect(
            group
                == .refused(
                    .notEnoughNetwork(bridge: "left", needed: KilobitsPerSecond(1_100_001), free: KilobitsPerSecond(1_100_000))))
    }

    @Test("a bridge without cards is wholly free: its traffic leaves no card")
    func doesNotLimitInnerBridges() throws {
        let facts = PlacementScene.facts(bridges: [NetworkBridge(name: "inner", cards: [])])
        let server = try PlacementScene.server(1, "alpha", facts: facts)
        let machine = PlacementScene.machine(interfaces: [PlacementScene.interface("inner", rate: 5_000_000)])

        let finding = try PlacementScene.finding(machine, on: server)

        #expect(finding == .score(PlacementScore(memory: 750_000, processors: 875_000, network: 1_000_000, disk: 1_000_000, machines: 0)))
    }

    @Test("new images need local space; shared roots give none, and a machine without new images does not care")
    func countsLocalDiskOnly() throws {
        let roots = [
            StorageRoot(path: "/OVS", isShared: true, capacity: Mebibytes(1_000_000)),
            StorageRoot(path: "/local", isShared: false, capacity: Mebibytes(10_000)),
        ]
        let held = PlacementScene.machine(memory: 100, newImages: 8_000)
        let server = try PlacementScene.server(1, "alpha", facts: PlacementScene.facts(roots: roots), holding: [held])

        let creating = try PlacementScene.finding(PlacementScene.machine(newImages: 2_001), on: server)
        let plain = try PlacementScene.finding(PlacementScene.machine(), on: server)

        #expect(creating == .refused(.notEnoughDisk(needed: Mebibytes(2_001), free: Mebibytes(2_000))))
        guard case .score(let score) = plain else { return #expect(Bool(false), "the machine without new images was refused") }
        #expect(score.disk == PlacementPlanner.wholeShare)
    }

    @Test("a server whose facts shrank below what it holds has nothing free, and says so")
    func survivesShrunkenFacts() throws {
        let held = PlacementScene.machine(memory: 8_000, virtualCPUs: 16)
        let server = try PlacementScene.server(1, "alpha", facts: PlacementScene.facts(total: 5_000), holding: [held])

        let finding = try PlacementScene.finding(PlacementScene.machine(memory: 1), on: server)

        #expect(finding == .refused(.notEnoughMemory(needed: Mebibytes(1), free: .zero)))
    }
}
