import AgentCore
import AgentPorts
import PoolModel
import PoolStateMachine
import PrometheusMetrics
import QueryModel
import Testing

@testable import QueryService

@Suite("What virtual machines use, as metrics", .timeLimit(.minutes(2)))
struct UsageRouteTests {
    private static func ownership(_ machine: UInt64, epoch: UInt64 = 1, pool: String = Scene.pool) throws -> DomainOwnership {
        DomainOwnership(
            pool: try #require(UniqueIdentifier(pool)), machine: VirtualMachineID(machine), epoch: PlacementEpoch(epoch))
    }

    private static let disk = DiskUsage(name: "xvda", readBytes: 4_096, writtenBytes: 512, reads: 2, writes: nil)
    private static let interface = InterfaceUsage(name: "0", receivedBytes: 1_000, sentBytes: 20, receivedPackets: 3, sentPackets: 4)

    /// A pool with web01, number 1, and web02, number 2.
    private static func scene(_ usage: @escaping QueryMonitoring.Usage) async throws -> Scene {
        let store = MetricStore(QueryService.countedMetrics)
        let scene = try await Scene(monitoring: QueryMonitoring(factory: store, sources: [store], usage: usage))
        for name in ["web01", "web02"] { #expect(try await scene.createMachine(name).status == 201) }
        return scene
    }

    /// The lines of a metric whose name begins so, without their comments.
    private static func lines(_ text: String, _ prefix: String) -> [String] {
        text.split(separator: "\n").map(String.init).filter { $0.hasPrefix(prefix) }
    }

    private static let used = ["cpu_seconds", "memory_held", "disk_", "network_"].map { "ovm_machine_\($0)" }

    @Test("a machine's figures bear its name in the pool, and its guest's view; what is not known is absent")
    func shows() async throws {
        let scene = try await Self.scene { () async throws(HypervisorError) in [] }
        let machine = try await scene.send("GET", "/v1/vms/web01").document(MachineDocument.self).id
        let usage = [
            DomainUsage(
                domain: 4, ownership: try Self.ownership(machine), processorTime: .milliseconds(12_500), memory: 1_073_741_824,
                disks: [Self.disk, Self.disk], interfaces: [Self.interface])
        ]
        let state = await scene.gateway.state

        let text = PrometheusText.write(UsageMetrics.tables(of: usage, state))

        #expect(
            Self.used.flatMap { Self.lines(text, $0) } == [
                #"ovm_machine_cpu_seconds_total{machine="web01"} 12.5"#,
                #"ovm_machine_memory_held_bytes{machine="web01"} 1073741824"#,
                #"ovm_machine_disk_read_bytes_total{machine="web01",disk="xvda"} 4096"#,
                #"ovm_machine_disk_written_bytes_total{machine="web01",disk="xvda"} 512"#,
                #"ovm_machine_disk_read_requests_total{machine="web01",disk="xvda"} 2"#,
                #"ovm_machine_network_received_bytes_total{machine="web01",interface="0"} 1000"#,
                #"ovm_machine_network_sent_bytes_total{machine="web01",interface="0"} 20"#,
                #"ovm_machine_network_received_packets_total{machine="web01",interface="0"} 3"#,
                #"ovm_machine_network_sent_packets_total{machine="web01",interface="0"} 4"#,
            ])
        #expect(Self.lines(text, "ovm_hypervisor_usage_known") == ["ovm_hypervisor_usage_known 1"])
    }

    @Test("of two domains of one machine the newest is shown; another pool's, and one that the pool has forgotten, are not")
    func choosesDomains() async throws {
        let scene = try await Self.scene { () async throws(HypervisorError) in [] }
        let machine = try await scene.send("GET", "/v1/vms/web02").document(MachineDocument.self).id
        func usage(_ domain: UInt32, _ ownership: DomainOwnership) -> DomainUsage {
            DomainUsage(domain: domain, ownership: ownership, processorTime: .seconds(Int(domain)), memory: 1)
        }
        let all = [
            usage(9, try Self.ownership(machine, epoch: 1)), usage(3, try Self.ownership(machine, epoch: 2)),
            usage(2, try Self.ownership(machine, epoch: 2)), usage(5, try Self.ownership(99)),
            usage(6, try Self.ownership(machine, epoch: 7, pool: "11111111-2222-4333-8444-555555555555")),
        ]
        let state = await scene.gateway.state

        let text = PrometheusText.write(UsageMetrics.tables(of: all, state))

        #expect(Self.lines(text, "ovm_machine_cpu_seconds_total") == [#"ovm_machine_cpu_seconds_total{machine="web02"} 3"#])
    }

    @Test("the route shows them; a hypervisor that does not answer costs its own metrics and no others")
    func survives() async throws {
        let scene = try await Self.scene { () async throws(HypervisorError) in throw .unreachable(reason: "it hangs") }

        let answer = try await scene.send("GET", "/metrics")

        #expect(answer.status == 200)
        #expect(Self.lines(answer.text, "ovm_hypervisor_usage_known") == ["ovm_hypervisor_usage_known 0"])
        #expect(Self.used.flatMap { Self.lines(answer.text, $0) } == [])
        #expect(Self.lines(answer.text, "ovm_machine_memory_bytes").count == 2)
        let none = try await Scene().send("GET", "/metrics").text
        #expect(!none.contains("ovm_hypervisor_usage_known"))
    }

    @Test("the number of devices that are named is bounded over all machines")
    func bounds() async throws {
        let scene = try await Self.scene { () async throws(HypervisorError) in [] }
        for number in 3...70 { #expect(try await scene.createMachine("web\(number)").status == 201) }
        let state = await scene.gateway.state
        let disks = (0..<DomainUsage.mostDevices + 1).map {
            DiskUsage(name: "xvd\($0)", readBytes: 1, writtenBytes: 1, reads: 1, writes: 1)
        }
        let usage = try state.machinesInOrder.map {
            DomainUsage(
                domain: UInt32($0.id.number), ownership: try Self.ownership($0.id.number), processorTime: .zero, memory: 1, disks: disks)
        }

        let text = PrometheusText.write(UsageMetrics.tables(of: usage, state))

        #expect(usage.count == 70 && usage.allSatisfy { $0.disks.count == DomainUsage.mostDevices })
        #expect(Self.lines(text, "ovm_machine_disk_read_bytes_total").count == QueryLimits.devicesOfMetrics)
        #expect(Self.lines(text, "ovm_machine_memory_held_bytes").count == 70)
    }
}
