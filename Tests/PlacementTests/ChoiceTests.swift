import Placement
import PoolModel
import Testing

@Suite("Which of the servers with room is chosen")
struct ChoiceTests {
    @Test("the highest smallest share wins, not the highest sum")
    func prefersTheLargestSmallestShare() throws {
        let lopsided = try PlacementScene.server(1, "alpha", facts: PlacementScene.facts(total: 102_000, processors: 1))
        let balanced = try PlacementScene.server(2, "beta", facts: PlacementScene.facts(total: 7_000, processors: 2))

        let decision = PlacementScene.decide(PlacementScene.machine(), among: [lopsided, balanced])

        // alpha: memory 980,000, CPUs 500,000, sum 3,480,000. beta: memory 600,000, CPUs 750,000, sum 3,350,000.
        #expect(decision.chosen == ServerID(2))
        #expect(
            decision.verdicts.map(\.finding) == [
                .score(PlacementScore(memory: 600_000, processors: 750_000, network: 1_000_000, disk: 1_000_000, machines: 0)),
                .score(PlacementScore(memory: 980_000, processors: 500_000, network: 1_000_000, disk: 1_000_000, machines: 0)),
            ])
    }

    @Test("equal smallest shares: the larger sum wins")
    func breaksTiesBySum() throws {
        let few = try PlacementScene.server(1, "alpha")
        let many = try PlacementScene.server(2, "beta", facts: PlacementScene.facts(processors: 8))

        let decision = PlacementScene.decide(PlacementScene.machine(), among: [few, many])

        // Both have 750,000 of memory left; of CPUs 14/16 against 30/32.
        #expect(decision.chosen == ServerID(2))
    }

    @Test("equal sums: fewer virtual machines win")
    func breaksTiesByMachines() throws {
        let two = [PlacementScene.machine(memory: 1_000, virtualCPUs: 1), PlacementScene.machine(memory: 1_000, virtualCPUs: 1)]
        let one = [PlacementScene.machine(memory: 2_000, virtualCPUs: 2)]
        let servers = [try PlacementScene.server(1, "alpha", holding: two), try PlacementScene.server(2, "beta", holding: one)]

        let decision = PlacementScene.decide(PlacementScene.machine(), among: servers)

        #expect(decision.chosen == ServerID(2))
    }

    @Test("all else equal, the name decides, not the number and not the order of asking")
    func breaksTiesByName() throws {
        let servers = [try PlacementScene.server(1, "gamma"), try PlacementScene.server(2, "beta"), try PlacementScene.server(3, "delta")]

        let forwards = PlacementScene.decide(PlacementScene.machine(), among: servers)
        let backwards = PlacementScene.decide(PlacementScene.machine(), among: servers.reversed())

        #expect(forwards.chosen == ServerID(2))
        #expect(forwards.verdicts.map(\.name.text) == ["beta", "delta", "gamma"])
        #expect(backwards == forwards)
    }

    @Test("every server has a verdict: the scores best first, then the refused by name")
    func coversEveryServer() throws {
        let servers = [
            try PlacementScene.server(1, "alpha", availability: .lost),
            try PlacementScene.server(2, "beta", holding: [PlacementScene.machine()]),
            try PlacementScene.server(3, "gamma"), try PlacementScene.server(4, "aaron", roles: .utility),
        ]

        let decision = PlacementScene.decide(PlacementScene.machine(), among: servers)

        #expect(decision.verdicts.map(\.name.text) == ["gamma", "beta", "aaron", "alpha"])
    }

    @Test("a random question has the same answer in any order, and never chooses what it refused", arguments: 1...40 as ClosedRange<UInt64>)
    func isIndependentOfOrder(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let servers = try (1...8).map { number in
            let held = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                PlacementScene.machine(memory: 1_000 * Int.random(in: 1...3, using: &random), interfaces: [PlacementScene.interface()])
            }
            return try PlacementScene.server(
                UInt64(number), "server\(number)", availability: Bool.random(using: &random) ? .active : .inMaintenance,
                facts: PlacementScene.facts(total: 2_000 + 1_000 * Int.random(in: 1...10, using: &random)), holding: held)
        }
        let machine = PlacementScene.machine(interfaces: [PlacementScene.interface()])

        let decision = PlacementScene.decide(machine, among: servers)
        let shuffled = PlacementScene.decide(machine, among: servers.shuffled(using: &random))

        #expect(shuffled == decision, "seed \(seed)")
        #expect(decision.verdicts.count == servers.count, "seed \(seed)")
        let isScored = decision.verdicts.contains { if case .score = $0.finding { true } else { false } }
        #expect((decision.chosen != nil) == isScored, "seed \(seed)")
    }
}

@Suite("What placed machines take together")
struct ReservationTests {
    @Test("what is added and removed in any order leaves nothing behind", arguments: 1...20 as ClosedRange<UInt64>)
    func returnsEverything(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let machines = (1...10).map { number in
            PlacementScene.machine(
                memory: number * 100, virtualCPUs: number,
                interfaces: [PlacementScene.interface(rate: number * 1_000), PlacementScene.interface("b\(number % 3)")],
                newImages: number)
        }
        var reservations = ServerReservations()
        for machine in machines.shuffled(using: &random) { reservations.add(machine) }
        #expect(reservations.memory == Mebibytes(5_500))
        #expect(reservations.rates["xenbr0"] == 55_000)

        for machine in machines.shuffled(using: &random) { reservations.remove(machine) }

        #expect(reservations == ServerReservations(), "seed \(seed)")
    }
}

/// SplitMix64: a seed replays a test.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
