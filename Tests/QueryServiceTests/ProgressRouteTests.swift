import AgentCore
import PoolModel
import QueryModel
import Testing

@testable import QueryService

@Suite("Progress in the documents of tasks")
struct ProgressRouteTests {
    @Test("a task that goes on shows what its server said, and when; in lists and by itself")
    func shows() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()
        let begun: TaskBegunDocument = try await scene.send("POST", "/v1/vms/web01/start").document()
        let id = begun.task.id
        await scene.gateway.report([
            TaskProgress(task: TaskID(id + 1), phase: .pausing),
            TaskProgress(task: TaskID(id), phase: .waitingForGuest, permille: 350, age: .milliseconds(1_500)),
        ])

        let shown: TaskDocument = try await scene.send("GET", "/v1/tasks/\(id)").document()
        let listed: TaskListDocument = try await scene.send("GET", "/v1/tasks").document()

        let time = QueryTime(milliseconds: scene.gateway.clock.now().wall.milliseconds - 1_500)
        #expect(shown.progress == TaskProgressDocument(phase: "waiting for the guest to shut down", permille: 350, asOf: time))
        #expect(listed.tasks.map(\.progress) == [shown.progress])
        #expect(begun.task.progress == nil)
    }

    @Test("where nobody says anything there is no progress; of a task that has ended nobody is asked")
    func absent() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()
        let begun: TaskBegunDocument = try await scene.send("POST", "/v1/vms/web01/start").document()
        let quiet: TaskDocument = try await scene.send("GET", "/v1/tasks/\(begun.task.id)").document()
        _ = try await scene.send("DELETE", "/v1/tasks/\(begun.task.id)")
        let reads = await scene.gateway.progressReads

        let ended: TaskDocument = try await scene.send("GET", "/v1/tasks/\(begun.task.id)").document()

        #expect(quiet.progress == nil && reads == 1)
        #expect(ended.hasEnded && ended.progress == nil)
        #expect(await scene.gateway.progressReads == reads)
    }
}
