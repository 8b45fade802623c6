import PoolModel
import PoolStateMachine
import QueryModel
import Testing

@testable import QueryService

@Suite("Migration over the query port")
struct MigrationRouteTests {
    /// A machine that runs on alpha, of alpha and beta.
    private static func running() async throws -> (Scene, VirtualMachineID) {
        let scene = try await Scene()
        _ = try await scene.createMachine(preferred: ["alpha"])
        let id = VirtualMachineID(try await scene.send("GET", "/v1/vms/web01").document(MachineDocument.self).id)
        _ = try await scene.send("POST", "/v1/vms/web01/start")
        await scene.observe(id, .running)
        await scene.gateway.apply(.changeMachine(id, MachineChange(preferredServers: [])), Scene.admin)
        return (scene, id)
    }

    @Test("what a check says comes about: the task, where it goes, and that it is there")
    func migrates() async throws {
        let (scene, id) = try await Self.running()
        let check = try await scene.send("GET", "/v1/vms/web01/migration").document(MigrationCheckDocument.self)
        let begun = try await scene.send("POST", "/v1/vms/web01/migrate", #"{"server":"beta","bandwidthMiB":25}"#)
        let moving = try await scene.send("GET", "/v1/vms/web01").document(MachineDocument.self)
        let late = try await scene.send("GET", "/v1/vms/web01/migration").document(MigrationCheckDocument.self)
        await scene.gateway.apply(
            .migrationReported(id, server: ServerID(2), session: SessionNumber(1), epoch: PlacementEpoch(2), .received),
            .server(ServerID(2)))
        let handed = try await scene.send("GET", "/v1/vms/web01").document(MachineDocument.self)

        #expect(check.from == "alpha" && check.chosen == "beta" && check.obstacle == nil && !check.isLive)
        #expect(check.servers.last?.refusal?.type == "runs-there" && check.servers.last?.server == "alpha")
        #expect(begun.status == 202 && begun.headers["Location"]?.hasPrefix("/v1/tasks/") == true, "\(begun.text)")
        #expect(try begun.document(TaskBegunDocument.self).task.kind == "migrate")
        #expect(moving.status == "Migrating" && moving.server == "alpha" && moving.operations == ["stop"])
        #expect(moving.migration == MigrationDocument(to: "beta", isLive: false, bandwidthMiB: 25))
        #expect(late.obstacle?.contains("is Migrating") == true)
        #expect(handed.server == "beta" && handed.migration == nil && handed.remnantsOn == ["alpha"])
    }

    @Test("what hinders it is a conflict with each server's reason; what nobody can mean is refused")
    func refuses() async throws {
        let (scene, _) = try await Self.running()
        _ = try await scene.send("PUT", "/v1/servers/beta/maintenance")
        let hindered = try await scene.send("POST", "/v1/vms/web01/migrate")
        let there = try await scene.send("POST", "/v1/vms/web01/migrate", #"{"server":"alpha"}"#)
        let nobody = try await scene.send("POST", "/v1/vms/web01/migrate", #"{"server":"gamma"}"#)
        let fast = try await scene.send("POST", "/v1/vms/web01/migrate", #"{"bandwidthMiB":0}"#)
        let unknown = try await scene.send("GET", "/v1/vms/web01/migration?server=gamma")
        _ = try await scene.createMachine("off01")
        let off = try await scene.send("GET", "/v1/vms/off01/migration")

        #expect(hindered.status == 409 && hindered.problem?.servers?.map(\.refusal?.type) == ["runs-there", "in-maintenance"])
        #expect(there.status == 409 && there.problem?.detail.contains("alpha, which runs it already") == true, "\(there.text)")
        #expect([nobody.status, fast.status, unknown.status, off.status] == [404, 400, 404, 409], "\(fast.text)")
        #expect(off.problem?.detail.contains("runs nowhere") == true)
    }
}
