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
    }
}
