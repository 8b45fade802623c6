import AgentCore
import AgentPorts
import Foundation
import PoolModel
import Testing

@testable import SimulatedHost

@Suite("What domains of a simulated host use", .timeLimit(.minutes(2)))
struct UsageTests {
    @Test("it grows while a domain runs, stands still while it is paused or has ended, and is gone with the domain")
    func follows() throws {
        var scene = Scene()
        let domain = try scene.runningDomain(7)
        func processorTime() -> Duration? { scene.model.usage(at: scene.now).first?.processorTime }
        _ = scene.elapse(8_000)
        let first = processorTime()
        _ = scene.perform(.pause(domain: domain))
        let paused = processorTime()
        _ = scene.elapse(60_000)
        let still = processorTime()
        _ = scene.perform(.unpause(domain: domain))
        _ = scene.elapse(8_000)
        let second = processorTime()
        _ = scene.perform(.shutdown(domain: domain))
        _ = scene.elapse(1_000)
        let ended = processorTime()
        _ = scene.elapse(60_000)

        #expect(first == .seconds(2))
        #expect(paused == still)
        #expect(try #require(second) >= .seconds(4) && #require(second) < .milliseconds(4_100))
        #expect(scene.state(of: domain) == .ended(.powerOff) && processorTime() == ended)
        _ = scene.perform(.destroy(domain: domain))
        #expect(scene.model.usage(at: scene.now).isEmpty)
    }

    @Test("a domain tells its devices, in bytes that belong to its requests; foreign domains are left out")
    func tellsDevices() throws {
        var scene = Scene()
        _ = scene.perform(
            .createPaused(try Scene.specification(7, bridges: ["xenbr0", "xenbr1"], disks: ["/OVS/a.img", "/OVS/b.img", "/OVS/c.img"])))
        _ = scene.perform(.unpause(domain: 1))
        let foreign = ForeignDomain(name: "alien", uuid: UniqueIdentifier(high: 1, low: 1), memory: Mebibytes(64))
        #expect(scene.model.control(.startForeign(foreign), now: scene.now) == nil)
        _ = scene.elapse(10_000)

        let usage = scene.model.usage(at: scene.now)

        let told = try #require(usage.first)
        #expect(usage.count == 1 && told.domain == 1 && told.ownership.machine == VirtualMachineID(7))
        #expect(told.memory == 1_024 * 1_048_576)
        #expect(told.disks.map(\.name) == ["xvda", "xvdb", "xvdc"] && told.interfaces.map(\.name) == ["0", "1"])
        #expect(told.disks.first == DiskUsage(name: "xvda", readBytes: 200 * 16_384, writtenBytes: 120 * 8_192, reads: 200, writes: 120))
        #expect(
            told.interfaces.first
                == InterfaceUsage(name: "0", receivedBytes: 450_000, sentBytes: 90_000, receivedPackets: 500, sentPackets: 300))
    }

    @Test("a power cut begins anew, although the numbers of domains do, too")
    func forgets() throws {
        var scene = Scene()
        _ = try scene.runningDomain(7)
        _ = scene.elapse(10_000)

        _ = scene.model.powerCut(newBoot: UniqueIdentifier(high: 1, low: 2), now: scene.now)
        _ = scene.perform(.createPaused(try Scene.specification(7)))

        #expect(scene.model.usage(at: scene.now).map(\.domain) == [1])
        #expect(scene.model.usage(at: scene.now).first?.processorTime == .zero)
    }

    @Test("as many domains as a host takes, with all the devices that are told, fit into a line, and come over the socket")
    func fits() async throws {
        let document = UsageDocument(
            domain: .max,
            ownership: OwnershipDocument(
                DomainOwnership(pool: Scene.pool, machine: VirtualMachineID(.max), epoch: PlacementEpoch(.max))),
            nanoseconds: .max, memory: SimulatedHostLimits.memory.count, virtualCPUs: 65_536, disks: DomainUsage.mostDevices,
            interfaces: DomainUsage.mostDevices)
        let all = HostAnswer(id: .max, reply: .usage(Array(repeating: document, count: SimulatedHostLimits.domains)))

        #expect(HostLine.encode(all).count <= SimulatedHostLimits.lineBytes)
        // Nor does the largest overflow anything.
        #expect(try document.usage().disks.count == DomainUsage.mostDevices)
        try await withServedHost { (_, client) async throws in
            _ = await client.perform(.createPaused(try Scene.specification(7)))
            _ = await client.perform(.unpause(domain: 1))
            #expect(try await eventually { try await client.usage().first?.processorTime ?? .zero > .zero })
        }
    }

    @Test("a usage out of bounds is no answer", arguments: [(-1, 1, 1, 1), (0, -1, 1, 1), (0, 1, 65, 1), (0, 1, 1, 65), (0, 1, -1, 1)])
    func refuses(nanoseconds: Int64, memory: Int, disks: Int, interfaces: Int) {
        let document = UsageDocument(
            domain: 1,
            ownership: OwnershipDocument(DomainOwnership(pool: Scene.pool, machine: VirtualMachineID(1), epoch: PlacementEpoch(1))),
            nanoseconds: nanoseconds, memory: memory, virtualCPUs: 1, disks: disks, interfaces: interfaces)

        #expect(throws: DocumentFault.self) { try document.usage() }
    }

    @Test("a host that takes the question and never answers is waited for no longer than patience allows")
    func isNotWaitedFor() async throws {
        try await withFolder { (folder) async throws in
            // Connections come about in its queue, and nobody takes them from it.
            let listener = try folder.listen()
            let client = SimulatedHypervisor(socketPath: folder.socket, patience: .milliseconds(200))
            let start = ContinuousClock.now

            let error = await #expect(throws: HypervisorError.self) { try await client.usage() }

            #expect(error == .unreachable(reason: "the simulated host did not answer in time"))
            #expect(ContinuousClock.now - start < .seconds(10))
            client.close()
            withExtendedLifetime(listener) {}
        }
    }
}
