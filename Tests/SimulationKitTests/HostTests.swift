import AgentCore
import PoolModel
import PoolStateMachine
import SimulatedHost
import Testing

@testable import SimulationKit

@Suite("What befalls a simulated pool's hypervisors") struct HostTests {
    @Test("a domain outlives its agent, and the next run adopts it")
    func domainOutlivesAgent() throws {
        let scene = PoolSimulation.scene(servers: 3)
        try scene.run("vm0")
        let id = try scene.machine("vm0").id
        let server = try scene.serverPlaced("vm0")
        let (boot, domains) = (server.host.boot, server.host.domainReports)

        scene.crash(server)
        scene.advance(milliseconds: 5_000)
        scene.restart(server.id)

        scene.expect { $0.unsettled == nil && $0.state.machines[id]?.status == .running }
        #expect(server.host.domainReports == domains)
        #expect(server.host.boot == boot)
        #expect(scene.report.counts.starts == 1)
    }

    @Test("a power cut takes the domains with it, and the server comes up under another boot")
    func powerCutTakesDomains() throws {
        let scene = PoolSimulation.scene(servers: 3)
        try scene.run("vm0")
        let id = try scene.machine("vm0").id
        let server = try scene.serverPlaced("vm0")
        let boot = server.host.boot

        scene.cutPower(server)

        #expect(server.host.domainReports.isEmpty)
        #expect(server.host.boot != boot)
        #expect(scene.checks.serversRunning(id).isEmpty)
        scene.restart(server.id)
        scene.expect { $0.state.servers[server.id]?.boot == server.host.boot && $0.unsettled == nil }
    }

    @Test("a start that hangs goes on when the hypervisor does, and hinders no other")
    func hangingStartGoesOn() throws {
        let scene = PoolSimulation.scene(servers: 1)
        try scene.create("vm0")
        let id = try scene.machine("vm0").id
        let server = try scene.theMaster()

        scene.control(.inject(.create, .hangs), server)
        scene.submit(.startMachine(id), to: server)
        scene.advance(milliseconds: 10_000)
        #expect(try scene.machine("vm0").status == .initializing)
        try scene.run("vm1")
        scene.control(.release, server)

        scene.expect { $0.state.machines[id]?.status == .running && $0.unsettled == nil }
    }

    @Test("a creation that hung while its agent died makes a domain that is never let run")
    func lateCreationNeverRuns() throws {
        let scene = PoolSimulation.scene(servers: 1)
        try scene.create("vm0")
        let id = try scene.machine("vm0").id
        let server = try scene.theMaster()

        scene.control(.inject(.create, .hangs), server)
        scene.submit(.startMachine(id), to: server)
        scene.advance(milliseconds: 1_000)
        scene.crash(server)
        scene.restart(server.id)
        scene.expect { $0.state.machines[id]?.placement == nil }
        scene.control(.release, server)
        scene.advance(milliseconds: 5_000)

        #expect(server.host.domainReports.map(\.state) == [.paused])
        #expect(try scene.machine("vm0").cause.contains("in the middle of the start"))
        #expect(scene.report.counts.starts == 0)
        #expect(scene.report.violations == [])
    }

    @Test("a machine that was started by hand is neither started a second time nor destroyed", arguments: [true, false])
    func refusesSecondInstance(isRenamed: Bool) throws {
        let scene = PoolSimulation.scene(servers: 3)
        try scene.create("vm0")
        let machine = try scene.machine("vm0")
        let server = try #require(scene.serversInOrder.last)
        let uuid = isRenamed ? machine.uuid : UniqueIdentifier(high: 8, low: 8)
        let copy = ForeignDomain(name: isRenamed ? "by-hand" : "vm0", uuid: uuid, memory: Mebibytes(256))

        scene.control(.startForeign(copy), server)
        scene.expect { !$0.state.sightings(of: machine.id).isEmpty }
        let started = scene.submit(.startMachine(machine.id), to: try scene.theMaster())
        scene.advance(milliseconds: 2_000)
        scene.crash(server)
        scene.advance(milliseconds: 5_000)
        #expect(scene.state.sightings(of: machine.id).map(\.server) == [server.id])
        scene.restart(server.id)
        scene.expect { $0.unsettled == nil }

        #expect(!scene.isDone(started))
        #expect(scene.report.counts.starts == 0)
        let domain = try #require(server.host.domainReports.first)
        #expect(domain.uuid == uuid && domain.state == .running)
        scene.control(.destroy(domain: domain.domain), server)
        scene.expect { $0.state.sightings(of: machine.id).isEmpty }
        scene.submit(.startMachine(machine.id), to: try scene.theMaster())
        scene.expect { $0.state.machines[machine.id]?.status == .running && $0.unsettled == nil }
    }

    @Test("a second instance beside a running machine is shown, and neither is touched")
    func showsSecondInstance() throws {
        let scene = PoolSimulation.scene(servers: 3)
        try scene.run("vm0")
        let machine = try scene.machine("vm0")
        let home = try scene.serverPlaced("vm0")
        let other = try #require(scene.serversInOrder.first { $0.id != home.id })

        scene.control(.startForeign(ForeignDomain(name: "vm0", uuid: machine.uuid, memory: Mebibytes(256))), other)
        scene.expect { $0.state.events.events.contains { $0.kind == "vm-seen-twice" } }
        scene.advance(milliseconds: 5_000)

        #expect(try scene.machine("vm0").status == .running)
        #expect([home, other].map(\.host.domainReports.count) == [1, 1])
        #expect(scene.report.violations == [])
    }

    @Test("a start that the hypervisor has no memory for ends as Error, with its words")
    func noMemory() throws {
        let scene = PoolSimulation.scene(servers: 1)
        let server = try scene.theMaster()
        try scene.create("vm0")
        let id = try scene.machine("vm0").id
        let foreign = ForeignDomain(name: "by-hand", uuid: UniqueIdentifier(high: 8, low: 8), memory: Mebibytes(7_000))

        scene.control(.startForeign(foreign), server)
        scene.submit(.startMachine(id), to: server)

        scene.expect { $0.state.machines[id]?.status == .error }
        #expect(try scene.machine("vm0").cause.contains("MiB"))
        #expect(server.host.freeMemory == Mebibytes(8_192 - 512 - 7_000))
    }

    @Test("no chance befalls a hypervisor when its faults are switched off")
    func faultsAreSwitchedOff() {
        var settings = SimulationSettings(seed: 3, servers: 3, seconds: 10)
        settings.faults.operationFailureMillionths = 0
        settings.faults.operationHangMillionths = 0
        settings.faults.operationSlownessMillionths = 0
        settings.faults.suspensionMilliseconds = 0
        settings.faults.clockStepMilliseconds = 0

        let counts = PoolSimulation(settings).run().counts

        #expect([counts.hostFaults, counts.suspensions, counts.clockSteps] == [0, 0, 0])
        #expect(counts.starts > 0)
    }
}
