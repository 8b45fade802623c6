import AgentCore
import PoolModel
import PoolStateMachine
import RaftCore
import Testing

@Suite("How far tasks are")
struct ProgressTests {
    /// What a reader at this agent is told.
    private func told(_ scene: inout AgentScene) -> [TaskProgress] {
        scene.nextClient += 1
        let reader = ClientRequestID(scene.nextClient)
        scene.step(.readProgress(reader))
        for effect in scene.effects {
            if case .answerProgress(reader, let tasks) = effect { return tasks }
        }
        return []
    }

    private func scene() throws -> (scene: AgentScene, machine: VirtualMachineID) {
        var scene = try AgentScene()
        scene.elapse(.seconds(2))
        let machine = try scene.startMachine()
        scene.elapse(.milliseconds(300))
        return (scene, machine)
    }

    @Test("the master knows what its server is doing, from the operation's begin to the task's end")
    func followsStart() throws {
        var (scene, machine) = try scene()
        let task = try #require(try scene.machine(machine).task)
        let create = try #require(scene.takeOperations().first)
        #expect(told(&scene).map(\.phase) == [.creating] && told(&scene).map(\.task) == [task])

        scene.domains = [scene.domain(machine, .paused)]
        scene.step(.operationEnded(create.id, .done))
        scene.elapse(.milliseconds(600))
        let unpause = try #require(scene.takeOperations().first)
        #expect(told(&scene).map(\.phase) == [.starting])

        scene.domains = [scene.domain(machine, .running)]
        scene.step(.operationEnded(unpause.id, .done))
        scene.elapse(.milliseconds(600))
        #expect(try scene.machine(machine).status == .running)
        #expect(told(&scene) == [])
    }

    @Test("a guest with a time to end in says how much of it is over; one without does not")
    func countsPatience() throws {
        var (scene, machine) = try scene()
        for state in [DomainState.paused, .running] {
            let operation = try #require(scene.takeOperations().first)
            scene.domains = [scene.domain(machine, state)]
            scene.step(.operationEnded(operation.id, .done))
            scene.elapse(.milliseconds(600))
        }
        _ = try scene.submit(.stopMachine(machine, force: false, patience: .seconds(10)))
        scene.elapse(.milliseconds(300))
        let shutdown = try #require(scene.takeOperations().first)
        #expect(told(&scene).map(\.phase) == [.askingGuest] && told(&scene).map(\.permille) == [nil])

        scene.step(.operationEnded(shutdown.id, .done))
        scene.elapse(.seconds(5))

        let progress = try #require(told(&scene).first)
        #expect(progress.phase == .waitingForGuest)
        #expect((350...550).contains(progress.permille ?? -1))
        #expect(progress.age <= .milliseconds(1_250))
        _ = try scene.submit(.stopMachine(machine, force: false))
        scene.elapse(.milliseconds(300))
        for operation in scene.takeOperations() { scene.step(.operationEnded(operation.id, .done)) }
        scene.elapse(.milliseconds(600))
        #expect(told(&scene).map(\.permille) == [nil])
    }

    @Test("words of a former session, of other servers' tasks, of unknown and of ended tasks are not looked at")
    func ignoresStrangers() throws {
        var (scene, machine) = try scene()
        let task = try #require(try scene.machine(machine).task)
        let before = told(&scene)
        let session = try #require(scene.core.state.servers[ServerID(1)]?.session)
        func say(_ tasks: [TaskProgress], _ session: SessionNumber, of server: ServerID) {
            scene.step(.received(.progress(session: session, tasks), from: server))
        }

        say([TaskProgress(task: task, phase: .destroying)], SessionNumber(session.number + 1), of: ServerID(1))
        say([TaskProgress(task: task, phase: .destroying)], session, of: ServerID(2))
        #expect(told(&scene) == before)
        say([TaskProgress(task: TaskID(9_999), phase: .destroying), TaskProgress(task: task, phase: .resizing)], session, of: ServerID(1))

        #expect(told(&scene).map(\.phase) == [.resizing] && told(&scene).map(\.task) == [task])
    }

    @Test("a report that no other one follows is forgotten after some seconds; so is all of it with the mastership")
    func forgets() throws {
        var (scene, _) = try scene()
        #expect(told(&scene).count == 1)

        // The agent stands still: it says nothing anew, and the next look finds only what is too old.
        scene.time = scene.time + .seconds(6)
        #expect(told(&scene) == [])
    }

    @Test("a report has at most 256 tasks, and what is more is cut off")
    func bounds() throws {
        var (scene, machine) = try scene()
        let task = try #require(try scene.machine(machine).task)
        let session = try #require(scene.core.state.servers[ServerID(1)]?.session)
        let strangers = (0..<256).map { TaskProgress(task: TaskID(UInt64(10_000 + $0)), phase: .creating) }

        scene.step(.received(.progress(session: session, strangers + [TaskProgress(task: task, phase: .pausing)]), from: ServerID(1)))

        #expect(told(&scene) == [])
    }
}
