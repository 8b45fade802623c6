import AgentCore
import AgentPorts
import PoolModel
import PoolStateMachine
import Synchronization
import Testing

@testable import AgentRuntime

@Suite("The agent's loop", .timeLimit(.minutes(2)))
struct AgentLoopTests {
    private let scene: LoopScene

    init() throws { scene = try LoopScene() }

    @Test("a write is answered once it is stored and not before; writes reach storage in the core's order")
    func storesBeforeAnswering() async throws {
        let running = Task { [scene] in try await scene.loop.run() }
        try await LoopScene.eventually("the agent to serve") { await scene.read() == "" }
        scene.storage.hold()
        let isAnswered = Mutex(false)
        let storage = scene.storage

        async let answer = {
            let answer = try await scene.write()
            isAnswered.withLock { $0 = true }
            return answer
        }()
        try await LoopScene.eventually("the write to reach storage") { storage.heldCount > 0 }
        // The loop has gone round since, and what it had to say is said.
        let unread = await scene.loop.read(.stale) { state, _ in state.machines.count }
        #expect(!isAnswered.withLock { $0 })
        storage.letGo()

        guard case .outcome(.done(.machine), _) = try await answer else { throw FakePast.Unexpected() }
        guard case .value(0, _) = unread else { throw FakePast.Unexpected() }
        #expect(await scene.read() == "web01")
        let sequences = storage.sequences
        #expect(sequences == (1...UInt64(sequences.count)).map { $0 })
        scene.loop.stop()
        try await running.value
    }

    @Test("a disk that fails ends the agent with its reason; who waits is told that the outcome is unknown; nothing is stored any more")
    func haltsOnStorageError() async throws {
        let running = Task { [scene] in try await scene.loop.run() }
        try await LoopScene.eventually("the agent to serve") { await scene.read() == "" }
        let failure = StorageError.inputOutput(path: "/var/lib/ovm/pool.sqlite", code: 1_034)
        let storage = scene.storage
        storage.hold()
        storage.fail(failure)

        async let answer = scene.write()
        try await LoopScene.eventually("the write to reach storage") { storage.heldCount > 0 }
        storage.letGo()

        await #expect(throws: AgentHalt(message: failure.message)) { try await running.value }
        #expect(try await answer == .unknown(cause: "this server's agent is ending"))
        let stored = storage.sequences
        scene.loop.submit(.timePassed)
        #expect(try await scene.write() == .notTaken(cause: "this server's agent is ending"))
        #expect(storage.sequences == stored)
    }

    @Test("an agent that stops says goodbye, answers everyone who waits, and ends the streams of those who watch")
    func answersAtTheEnd() async throws {
        let storage = scene.storage
        // Without its vote on the disk it never leads, and whoever asks waits.
        storage.hold()
        let running = Task { [scene] in try await scene.loop.run() }
        let watching = Task { [scene] in for await _ in scene.loop.appliedIndexes() {} }
        async let written = scene.write()
        async let read = scene.read()
        try await LoopScene.eventually("both to wait") { await scene.loop.writes.count + scene.loop.reads.count == 2 }

        scene.loop.stop()
        try await running.value

        #expect(try await written == .unknown(cause: "this server's agent is ending"))
        #expect(await read == "refused: this server's agent is ending")
        await watching.value
        #expect(scene.peers.asked.first == "peers" && scene.peers.asked.last == "goodbye")
        #expect(await scene.read() == "refused: this server's agent is ending")
        #expect(try await scene.write() == .notTaken(cause: "this server's agent is ending"))
    }
}
