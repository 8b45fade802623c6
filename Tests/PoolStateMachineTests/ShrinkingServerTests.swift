import PoolModel
import PoolStateMachine
import Testing

@Suite("A server that comes to have less than is reserved there")
struct ShrinkingServerTests {
    private static func change(_ scene: inout PoolScene, total: Int) -> String {
        let session = scene.state.servers[PoolScene.one]?.session ?? .none
        scene.apply(.serverFacts(server: PoolScene.one, session: session, PoolScene.facts(total: total)), by: .server(PoolScene.one))
        return scene.state.events.events.last?.text ?? ""
    }

    @Test("the event names the deficit and what is reserved; what runs is left alone, and a start is refused with the figures")
    func shrinks() throws {
        var scene = try PoolScene()
        let running = try scene.runMachine(memory: 3_000, on: PoolScene.one)
        let other = try scene.createMachine("other", memory: 500)
        let before = scene.state.machines[running]

        let sentence = Self.change(&scene, total: 4_500)
        let start = scene.apply(.startMachine(other))

        #expect(sentence.contains("has 2500 MiB for virtual machines"), "\(sentence)")
        #expect(
            sentence.contains("That is 500 MiB less than the 3000 MiB reserved by the virtual machines placed there (1)"), "\(sentence)")
        #expect(scene.state.overcommittedMemory(on: PoolScene.one) == Mebibytes(500))
        #expect(scene.state.machines[running] == before)
        expectRefused(start, .noServerFits)
        guard case .refused(let refusal) = start else { return }
        #expect(refusal.message.contains("alpha has 0 MiB of memory free, 500 MiB are needed"), "\(refusal.message)")
    }

    @Test("when it grows again an event says that what is reserved fits")
    func growsAgain() throws {
        var scene = try PoolScene()
        _ = try scene.runMachine(memory: 3_000, on: PoolScene.one)
        _ = Self.change(&scene, total: 4_500)

        let less = Self.change(&scene, total: 4_600)
        let enough = Self.change(&scene, total: 5_000)
        let more = Self.change(&scene, total: 6_000)

        #expect(less.contains("That is 400 MiB less than"), "\(less)")
        #expect(enough.hasSuffix("CPUs. The 3000 MiB reserved there fit again."), "\(enough)")
        #expect(more.hasSuffix("CPUs."), "\(more)")
        #expect(scene.state.overcommittedMemory(on: PoolScene.one) == .zero)
    }

    @Test("an agent that comes back to less memory in the same boot says so as well; after a new boot nothing is placed there")
    func shrinksWhileAway() throws {
        var scene = try PoolScene()
        _ = try scene.runMachine(memory: 3_000, on: PoolScene.one)
        var booted = scene

        scene.open(PoolScene.one, facts: PoolScene.facts(total: 4_500))
        booted.open(PoolScene.one, boot: 2, facts: PoolScene.facts(total: 4_500))

        #expect(scene.state.events.events.last?.text.contains("That is 500 MiB less than") == true)
        #expect(booted.state.overcommittedMemory(on: PoolScene.one) == .zero)
        #expect(!booted.state.events.events.contains { $0.text.contains("less than") })
    }
}
