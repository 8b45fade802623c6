import AgentCore
import PoolModel
import PoolStateMachine
import Testing

@testable import SimulationKit

@Suite("Simulated clocks") struct ClockTests {
    private static let second: Int64 = 1_000_000_000

    @Test(
        "a clock gains or loses what it drifts, and a timer fires when it shows its time, not earlier",
        arguments: [-1_000, -200, 0, 200, 1_000])
    func drifts(drift: Int64) {
        let clock = SimulatedClock(reading: 7 * Self.second, at: 3 * Self.second, drift: drift, wallOffset: 0)

        let later = clock.time(at: 1_003 * Self.second).monotonic

        #expect(later.nanoseconds == 1_007 * Self.second + 1_000 * drift * 1_000)
        for ahead in [Int64(1), 999, 1_000_001, 3_333_333_333_333] {
            let deadline = MonotonicInstant(nanoseconds: 7 * Self.second + ahead)
            let instant = clock.trueInstant(of: deadline)
            #expect(clock.time(at: instant).monotonic >= deadline)
            #expect(clock.time(at: instant - 10).monotonic < deadline)
        }
    }

    @Test("the monotonic clock of a suspended server stands still, never goes back, and runs on")
    func standsStill() {
        var clock = SimulatedClock(reading: 0, at: 0, drift: 0, wallOffset: 0)

        clock.stop(at: 5 * Self.second, until: 9 * Self.second)

        let shown = [5, 7, 9, 10].map { clock.time(at: $0 * Self.second).monotonic.nanoseconds / Self.second }
        #expect(shown == [5, 5, 5, 6])
        #expect(clock.trueInstant(of: MonotonicInstant(nanoseconds: 6 * Self.second)) / Self.second == 10)
        #expect(clock.time(at: 9 * Self.second).wall == PoolTime(milliseconds: 1_700_000_009_000))
    }

    @Test("a master that was suspended for longer than an election finds another in its place, and acknowledges nothing")
    func suspendedMaster() throws {
        let scene = PoolSimulation.scene(servers: 3)
        try scene.create("vm0")
        let id = try scene.machine("vm0").id
        let former = try scene.theMaster()
        let before = former.clock.time(at: scene.now).monotonic

        scene.suspend(former, nanoseconds: 3 * Self.second)
        scene.expect { $0.serversInOrder.contains { $0.id != former.id && $0.core?.mastershipStatus.isMaster == true } }
        #expect(former.clock.time(at: scene.now).monotonic == before)
        scene.advance(milliseconds: 3_000)

        #expect(former.core?.mastershipStatus.isMaster == false)
        scene.expect { $0.unsettled == nil }
        try scene.run("vm1")
        #expect(scene.state.machines[id] != nil)
    }

    @Test("a server whose wall clock is wrong is master like any other, and pool time does not go back")
    func wrongWallClock() throws {
        let scene = PoolSimulation.scene(servers: 3)
        try scene.create("vm0")
        let former = scene.state.poolTime

        for server in scene.serversInOrder { server.clock.wallOffset = -30 * Self.second }
        try scene.create("vm1")

        #expect(scene.state.poolTime >= former)
        #expect(scene.report.violations == [])
    }
}
