import PoolModel
import PoolStateMachine
import Testing

@Suite("The pool's settings")
struct SettingsTests {
    @Test(
        "settings at the ends of their ranges are taken",
        arguments: [
            PoolSettingsChange(overcommitRatio: 1), .init(overcommitRatio: 64), .init(voterLimit: 1), .init(voterLimit: 7),
            .init(voterReplacement: .seconds(10)), .init(voterReplacement: .seconds(2_592_000)),
        ])
    func takesEnds(change: PoolSettingsChange) throws {
        var scene = try PoolScene()

        #expect(scene.apply(.changeSettings(change)) == .done(.none))

        #expect(scene.state.settings.overcommitRatio == change.overcommitRatio ?? 4)
        #expect(scene.state.settings.voterLimit == change.voterLimit ?? 5)
        #expect(scene.state.settings.voterReplacement == change.voterReplacement ?? .seconds(600))
        #expect(scene.state.settings.changedAt == scene.state.appliedIndex)
    }

    @Test(
        "beyond them they are refused, with all that is named beside them",
        arguments: [
            PoolSettingsChange(overcommitRatio: 0, voterLimit: 3), .init(overcommitRatio: 65), .init(overcommitRatio: -1),
            .init(overcommitRatio: 8, voterLimit: 4), .init(voterLimit: 0), .init(voterLimit: 9),
            .init(voterReplacement: .seconds(9)), .init(voterLimit: 3, voterReplacement: .seconds(2_592_001)),
            .init(voterReplacement: .milliseconds(10_500)), .init(voterReplacement: .seconds(-600)),
        ])
    func refusesBeyond(change: PoolSettingsChange) throws {
        var scene = try PoolScene()
        let events = scene.state.events.events

        expectRefused(scene.apply(.changeSettings(change)), .invalidValue)

        #expect(scene.state.settings == PoolSettings())
        #expect(scene.state.events.events == events)
    }

    @Test("each setting that changes makes an event with its new and its old value, and who did it, when and why")
    func notes() throws {
        var scene = try PoolScene()

        scene.apply(
            .changeSettings(PoolSettingsChange(overcommitRatio: 6, voterLimit: 3, voterReplacement: .seconds(3_600))), reason: "two sites")

        let events = scene.state.events.events.filter { $0.index == scene.state.appliedIndex }
        #expect(
            events.map(\.text) == [
                "The overcommit ratio of CPUs is 6 now; it was 4.", "At most 3 servers vote now; the limit was 5.",
                "A lost voter is replaced after 3600 s now; it was after 600 s.",
            ])
        #expect(events.allSatisfy { $0.kind == "setting-changed" && $0.objectKind == "pool" && $0.object == "test" })
        #expect(events.allSatisfy { $0.principal == "operator root" && $0.reason == "two sites" && $0.time == scene.state.poolTime })
    }

    @Test("what is as it was already is no change: no event, and the version stays")
    func ignoresNoChange() throws {
        var scene = try PoolScene()
        scene.apply(.changeSettings(PoolSettingsChange(voterLimit: 3)))
        let (settings, events) = (scene.state.settings, scene.state.events.events)

        #expect(scene.apply(.changeSettings(PoolSettingsChange(overcommitRatio: 4, voterLimit: 3))) == .done(.none))
        #expect(scene.apply(.changeSettings(PoolSettingsChange())) == .done(.none))

        #expect(scene.state.settings == settings)
        #expect(scene.state.events.events == events)
    }

    @Test("a change that rests on an older version is refused")
    func heedsVersion() throws {
        var scene = try PoolScene()
        func entry(_ limit: Int, expecting version: LogIndex) -> PoolEntry {
            PoolEntry(
                command: .changeSettings(PoolSettingsChange(voterLimit: limit)), principal: PoolScene.root,
                proposedAt: PoolTime(milliseconds: 1), expected: version)
        }

        let first = scene.apply(entry(3, expecting: .zero))
        let changedAt = scene.state.settings.changedAt
        let late = scene.apply(entry(7, expecting: .zero))
        let second = scene.apply(entry(7, expecting: changedAt))

        #expect(first == .done(.none) && second == .done(.none))
        expectRefused(late, .changedMeanwhile)
        #expect(scene.state.settings.voterLimit == 7)
    }

    @Test("a start is placed by the overcommit ratio at its own index")
    func placesByRatio() throws {
        var scene = try PoolScene()
        let processors = try #require(scene.state.servers[PoolScene.one]?.facts?.processors)
        let machines = try ["a", "b", "c"].map { try scene.createMachine($0, memory: 100, virtualCPUs: processors) }

        scene.apply(.changeSettings(PoolSettingsChange(overcommitRatio: 1)))
        let first = scene.apply(.startMachine(machines[0]))
        let refused = scene.apply(.startMachine(machines[1]))
        scene.apply(.changeSettings(PoolSettingsChange(overcommitRatio: 2)))
        let second = scene.apply(.startMachine(machines[1]))
        scene.apply(.changeSettings(PoolSettingsChange(overcommitRatio: 1)))
        let third = scene.apply(.startMachine(machines[2]))

        for outcome in [first, second] { if case .refused(let refusal) = outcome { Issue.record("\(refusal.message)") } }
        expectRefused(refused, .noServerFits)
        // What runs beyond a lowered ratio goes on; nothing more starts.
        expectRefused(third, .noServerFits)
        #expect(scene.state.machines(on: PoolScene.one) == [machines[0], machines[1]])
    }

    @Test("a state with changed settings is the same after a snapshot, and no other one has its digest")
    func survivesSnapshot() throws {
        var scene = try PoolScene()
        let before = scene.state
        scene.apply(.changeSettings(PoolSettingsChange(voterReplacement: .seconds(60))))
        var parts = scene.state.parts
        let restored = try PoolState(restoring: parts)
        parts.settings.voterReplacement = .seconds(61)

        #expect(restored.settings == scene.state.settings && restored.digest == scene.state.digest)
        #expect(try PoolState(restoring: parts).digest != scene.state.digest)
        #expect(before.settings.changedAt == .zero)
    }
}
