import SimulationKit
import Testing

@Suite("Simulated pools") struct PoolSimulationTests {
    @Test("three servers on a clean network acknowledge writes and start virtual machines")
    func cleanNetwork() {
        let settings = SimulationSettings(seed: 1, servers: 3, seconds: 5, faults: .none)

        let report = PoolSimulation(settings).run()

        #expect(report.violations == [])
        #expect(report.counts.acknowledgedWrites > 50)
        #expect(report.counts.starts > 0)
        #expect(report.counts.comparedDigests > 0)
    }

    @Test("nothing that must not happen happens under faults", arguments: [1, 2, 3, 5, 7])
    func faults(servers: Int) {
        let settings = SimulationSettings(seed: 1, servers: servers, seconds: 8)

        for seed in UInt64(100 * servers)..<UInt64(100 * servers + 5) {
            let totals = SimulationRunner.run(seeds: seed...seed, settings: settings) { line in Issue.record("\(line)") }

            #expect(totals.isClean, "seed \(seed) with \(servers) servers")
        }
    }

    @Test("the faults that are asked for do happen")
    func faultsHappen() {
        let runs = (UInt64(1)...24).map { seed in
            var settings = SimulationSettings(seed: seed, servers: 3, seconds: 15)
            settings.faults.crashMilliseconds = 1_500
            settings.faults.powerCutMilliseconds = 2_500
            return PoolSimulation(settings).run().counts
        }

        let kinds: [KeyPath<SimulationCounts, Int>] = [
            \.crashes, \.powerCuts, \.gracefulStops, \.partitions, \.pauses, \.suspensions, \.clockSteps, \.hostFaults,
            \.membershipChanges, \.snapshots, \.restores, \.reads, \.refusedWrites, \.lostMessages, \.doubledMessages, \.delayedMessages,
            \.overtakingMessages, \.dumps, \.resumes, \.receptions, \.migrations,
        ]
        for kind in kinds { #expect(runs.contains { $0[keyPath: kind] > 0 }, "\(kind)") }
        #expect(runs.map(\.elections).reduce(0, +) > 2 * runs.count)
    }

    @Test("power goes in the midst of several writes, of which some reach the disk")
    func batchesBreak() {
        let hasBroken = (UInt64(1)...20).contains { seed in
            var settings = SimulationSettings(seed: seed, servers: 3, seconds: 10)
            settings.workload.requestMilliseconds = 2
            settings.faults.powerCutMilliseconds = 500
            return PoolSimulation(settings).run().counts.brokenBatches > 0
        }

        #expect(hasBroken)
    }

    @Test("the same seed does the same, another one something else")
    func sameSeedSameRun() {
        let settings = SimulationSettings(seed: 7, servers: 3, seconds: 5)
        var other = settings
        other.seed = 8

        let first = PoolSimulation(settings).run()
        let second = PoolSimulation(settings).run()

        #expect(first == second)
        #expect(first.trace != PoolSimulation(other).run().trace)
    }

    /// How a mistake is made likely enough to be found soon.
    private func settings(for bug: PlantedBug) -> SimulationSettings {
        var settings = SimulationSettings(seed: 1, servers: 3, seconds: 10)
        settings.plantedBug = bug
        settings.workload.requestMilliseconds = 12
        switch bug {
        case .grantsRefusedVotes, .emptiesDisk, .cutsLogAtRestart:
            settings.faults.crashMilliseconds = 600
            settings.faults.partitionMilliseconds = 1_000
        case .runsUnasked:
            // A creation that hangs while its agent dies is done when the placement has long ended.
            settings.faults.crashMilliseconds = 600
            settings.faults.operationHangMillionths = 300_000
        case .appliesDifferently: settings.faults.crashMilliseconds = 1_000
        case .skipsJoint: settings.faults.membershipMilliseconds = 800
        case .forgetsHardState: settings.faults.crashAfterVoteMillionths = 300_000
        default: break
        }
        return settings
    }

    @Test("each planted mistake is found within 40 seeds", arguments: PlantedBug.allCases)
    func findsPlantedBug(bug: PlantedBug) {
        var lines: [String] = []

        let totals = SimulationRunner.run(seeds: 1...40, settings: settings(for: bug)) { lines.append($0) }

        #expect(!totals.isClean, "\(bug) was not found")
        #expect(lines.first?.hasPrefix("seed \(totals.failingSeed ?? 0): VIOLATION") ?? false)
    }

    @Test("a server whose state goes another way is found by the agents' own comparison")
    func findsOtherState() {
        let totals = SimulationRunner.run(seeds: 1...40, settings: settings(for: .appliesDifferently)) { _ in }
        var failing = settings(for: .appliesDifferently)
        failing.seed = totals.failingSeed ?? 0

        let report = PoolSimulation(failing).run()

        #expect(report.violations.count == 1)
        #expect(report.violations.first?.sentence.contains("The pool's state on this server") == true, "\(report.violations)")
    }

    @Test(
        "each of these checks finds a mistake by itself, within 40 seeds",
        arguments: [
            (PlantedBug.grantsRefusedVotes, "was elected in term"), (.skipsJoint, "configuration meets none of"),
        ])
    func checkFinds(bug: PlantedBug, words: String) {
        var lines: [String] = []

        for seed in UInt64(1)...40 where !lines.contains(where: { $0.contains(words) }) {
            _ = SimulationRunner.run(seeds: seed...seed, settings: settings(for: bug)) { lines.append($0) }
        }

        #expect(lines.contains { $0.contains(words) }, "\(lines)")
    }
}
