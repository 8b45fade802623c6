import AgentCore
import PoolModel
import Testing

@testable import ServerEnvironment

@Suite("clocks")
struct ClockTests {
    @Test("the monotonic clock never goes back, and the wall clock is after 2020")
    func readsClocks() {
        let clock = SystemClock()

        let readings = (0..<1_000).map { _ in clock.now() }

        #expect(zip(readings, readings.dropFirst()).allSatisfy { $0.monotonic <= $1.monotonic })
        #expect(readings.allSatisfy { $0.wall > PoolTime(milliseconds: 1_577_836_800_000) })
    }
}
