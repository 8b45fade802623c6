import PoolCommands
import QueryModel
import Testing

@Suite("What is said of a task that is waited for")
struct TaskLineTests {
    private func task(_ status: String, _ phase: String? = nil, permille: Int? = nil) -> TaskDocument {
        let time = QueryTime(milliseconds: 0)
        return TaskDocument(
            id: 7, kind: "stop", target: "web01", principal: "operator admin", status: status, cause: nil, startedAt: time, endedAt: nil,
            progress: phase.map { TaskProgressDocument(phase: $0, permille: permille, asOf: time) })
    }

    @Test("a terminal has one line, drawn anew, erased at the end; nothing in the first second")
    func terminal() {
        var line = TaskLine(isTerminal: true)

        #expect(line.text(of: task("running", "creating domain"), after: .milliseconds(900)) == nil)
        #expect(line.text(of: task("running"), after: .seconds(1)) == "\r\u{1B}[Kstop web01: running, 1 s")
        #expect(
            line.text(of: task("running", "waiting for the guest to shut down", permille: 359), after: .seconds(2))
                == "\r\u{1B}[Kstop web01: waiting for the guest to shut down, 35%, 2 s")
        #expect(line.text(of: task("done"), after: .seconds(3)) == "\r\u{1B}[K")
        #expect(line.text(of: task("done"), after: .seconds(3)) == nil)
    }

    @Test("elsewhere there is a line for each phase, once, and none for a moment's work")
    func plain() {
        var line = TaskLine(isTerminal: false)

        #expect(line.text(of: task("running", "creating domain"), after: .milliseconds(900)) == nil)
        #expect(line.text(of: task("running"), after: .seconds(1)) == nil)
        #expect(line.text(of: task("running", "creating domain"), after: .seconds(2)) == "stop web01: creating domain\n")
        #expect(line.text(of: task("running", "creating domain", permille: 4), after: .seconds(3)) == nil)
        #expect(line.text(of: task("running", "bad\u{1B}[2J"), after: .seconds(4))?.contains("\u{1B}") == false)
        #expect(line.text(of: task("done"), after: .seconds(5)) == nil)
    }
}
