import NIOCore
import Testing

@testable import PeerNetwork

@Suite("lines that may be logged") struct LineBudgetTests {
    @Test("a minute's lines are admitted, the rest is counted and told with the next line")
    func counts() {
        let start = NIODeadline.now()
        var budget = LineBudget(linesPerMinute: 2)

        let first = (1...5).map { _ in budget.admit(at: start) }
        let later = (1...2).map { _ in budget.admit(at: start + .minutes(1)) }

        #expect(first.map(\.isAdmitted) == [true, true, false, false, false])
        #expect(later.map(\.isAdmitted) == [true, true])
        #expect(later.map(\.suppressed) == [3, 0])
    }
}
