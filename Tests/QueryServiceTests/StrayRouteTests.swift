import AgentCore
import PoolModel
import PoolStateMachine
import QueryModel
import Testing

@testable import QueryService

@Suite("Views of machines that were started behind the pool's back")
struct StrayRouteTests {
    /// A pool in which beta sees web01, which the pool did not start.
    private static func scene() async throws -> Scene {
        let scene = try await Scene()
        let created = try await scene.createMachine().document(MachineCreatedDocument.self).machine
        await scene.gateway.apply(
            .strays(
                server: ServerID(2), session: SessionNumber(1), [StrayDomain(machine: VirtualMachineID(created.id), domain: 7)]),
            .server(ServerID(2)))
        return scene
    }

    @Test("the machine shows where it is seen, and offers no start; its server shows what it sees")
    func shows() async throws {
        let scene = try await Self.scene()

        let machine = try await scene.send("GET", "/v1/vms/web01").document(MachineDocument.self)
        let server = try await scene.send("GET", "/v1/servers/beta").document(ServerDocument.self)
        let other = try await scene.send("GET", "/v1/servers/alpha").document(ServerDocument.self)

        #expect(machine.status == "PoweredOff")
        #expect(machine.seenOn == [SightingDocument(server: "beta", domain: 7)])
        #expect(machine.operations == ["resize", "change-devices", "reset-status"])
        #expect(server.strays == [StrayDocument(machine: "web01", domain: 7)])
        #expect(other.strays == nil)
    }

    @Test("its start is a conflict with server, domain and cure, and so is every server in the explanation")
    func refuses() async throws {
        let scene = try await Self.scene()

        let start = try await scene.send("POST", "/v1/vms/web01/start")
        let explanation = try await scene.send("GET", "/v1/vms/web01/explain").document(ExplanationDocument.self)

        #expect(start.status == 409)
        #expect(start.problem?.refusal == "machine-seen-outside")
        #expect(start.problem?.detail.contains("beta") == true)
        #expect(explanation.chosen == nil)
        #expect(explanation.servers.map(\.refusal?.type) == ["seen-outside", "seen-outside"])
    }
}
