import PoolModel
import PoolStateMachine
import QueryModel
import Testing

@testable import QueryService

@Suite("Suspend and resume over the query port")
struct SuspendRouteTests {
    @Test("suspend and resume are tasks; where the memory goes is shown before, and where it is afterwards")
    func suspends() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine(preferred: ["alpha"])
        let id = VirtualMachineID(try await scene.send("GET", "/v1/vms/web01").document(MachineDocument.self).id)
        let early = try await scene.send("POST", "/v1/vms/web01/suspend")
        _ = try await scene.send("POST", "/v1/vms/web01/start")
        await scene.observe(id, .running)

        let running = try await scene.send("GET", "/v1/vms/web01").document(MachineDocument.self)
        let listed = try await scene.send("GET", "/v1/vms").document(MachineListDocument.self)
        let suspended = try await scene.send("POST", "/v1/vms/web01/suspend")
        await scene.observe(id, .suspended)
        await scene.observe(id, .stopped(.requested, cause: "Its memory is in its image."))
        let resting = try await scene.send("GET", "/v1/vms/web01").document(MachineDocument.self)
        let start = try await scene.send("POST", "/v1/vms/web01/start")
        let resumed = try await scene.send("POST", "/v1/vms/web01/resume")
        let resuming = try await scene.send("GET", "/v1/vms/web01").document(MachineDocument.self)

        let image = ImageDocument(server: "alpha", sharedRoot: "/OVS")
        #expect(early.status == 409 && start.status == 409)
        #expect(running.suspendsTo == image && running.image == nil && running.operations.contains("suspend"))
        #expect(listed.machines.first?.suspendsTo == nil)
        #expect(suspended.status == 202 && resumed.status == 202, "\(suspended.text) \(resumed.text)")
        #expect(try resumed.document(TaskBegunDocument.self).task.kind == "resume")
        #expect(resting.status == "Suspended" && resting.image == image && resting.operations == ["resume", "stop"])
        #expect(start.problem?.detail.contains("Resume it; or stop it with --force") == true)
        #expect(resuming.status == "Resuming" && resuming.image == image)
    }
}
