import PoolModel
import PoolStateMachine
import Testing

@Suite("Events")
struct EventTests {
    @Test("a change makes an event that says who, when, why and what")
    func notes() throws {
        var scene = try PoolScene()

        scene.apply(.createMachine(try PoolScene.definition()), reason: "a new shop")

        let event = try #require(scene.state.events.events.last)
        #expect(event.index == scene.state.appliedIndex)
        #expect(event.ordinal == 0)
        #expect(event.time == scene.state.poolTime)
        #expect(event.principal == "operator root")
        #expect(event.reason == "a new shop")
        #expect(event.objectKind == "vm")
        #expect(event.object == "web")
        #expect(event.kind == "vm-created")
        #expect(event.text == "Virtual machine web was created.")
    }

    @Test("a refused command makes none")
    func isSilentAboutRefusals() throws {
        var scene = try PoolScene()
        let before = scene.state.events.events

        scene.apply(.startMachine(VirtualMachineID(9)))

        #expect(scene.state.events.events == before)
    }

    @Test("several events of one entry are counted from 0")
    func countsOrdinals() throws {
        var scene = try PoolScene()
        _ = try scene.runMachine("web", on: PoolScene.one)
        _ = try scene.runMachine("db", on: PoolScene.one)

        scene.reach(PoolScene.one, false)

        let events = scene.state.events.events.filter { $0.index == scene.state.appliedIndex }
        #expect(events.map(\.ordinal) == [0, 1, 2])
        #expect(events.map(\.object) == ["alpha", "web", "db"])
    }

    @Test("a reader resumes after an index, and is told when it has missed some")
    func resumes() throws {
        var scene = try PoolScene()
        let id = try scene.createMachine()
        let before = scene.state.appliedIndex
        for number in 0..<10_100 { scene.apply(.putTag(id, key: try PoolScene.tag("k"), value: "\(number)")) }

        #expect(scene.state.events.events.count == 10_000)
        #expect(scene.state.events.droppedUpTo > before)
        #expect(scene.state.events.since(before, most: 10) == nil)
        let resumed = try #require(scene.state.events.since(scene.state.events.droppedUpTo, most: 10))
        #expect(resumed.map(\.index) == (1...10).map { scene.state.events.droppedUpTo.advanced(by: $0) })
        #expect(scene.state.events.since(scene.state.appliedIndex, most: 10) == [])
    }

    @Test("events are bounded by their bytes too")
    func boundsBytes() throws {
        var scene = try PoolScene()
        let id = try scene.createMachine()
        let reason = String(repeating: "r", count: 8_000)

        for number in 0..<3_000 { scene.apply(.putTag(id, key: try PoolScene.tag("k"), value: "\(number)"), reason: reason) }

        let bytes = scene.state.events.events.reduce(0) { $0 + $1.reason.utf8.count + $1.text.utf8.count }
        #expect(bytes <= PoolLimits.eventBytes)
        #expect(scene.state.events.events.count > 1_900)
    }
}
