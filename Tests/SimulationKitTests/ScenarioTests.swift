import AgentCore
import PoolModel
import PoolStateMachine
import RaftCore
import Testing

@testable import SimulationKit

@Suite("What befalls a pool, by hand") struct ScenarioTests {
    @Test("a master that is cut off acknowledges nothing, and the others elect another")
    func masterIsCutOff() throws {
        let scene = PoolSimulation.scene(servers: 3)
        try scene.create("vm0")
        let former = try scene.theMaster()
        let id = try scene.machine("vm0").id
        let key = try #require(TagKey("key"))

        let cut = scene.isolate(former)
        let lost = scene.submit(.putTag(id, key: key, value: "in the minority"), to: former)
        scene.expect { scene in scene.serversInOrder.contains { $0.id != former.id && $0.core?.mastershipStatus.isMaster == true } }
        let other = try #require(scene.serversInOrder.first { $0.id != former.id && $0.core?.mastershipStatus.isMaster == true })
        let kept = scene.submit(.putTag(id, key: key, value: "in the majority"), to: other)
        scene.advance(milliseconds: 2_000)

        #expect(scene.isDone(kept))
        #expect(scene.clients.writeAnswers[lost] == nil)
        #expect(former.core?.mastershipStatus.isMaster == false)
        scene.heal(cut)
        scene.expect(within: 20_000) { $0.unsettled == nil }
    }

    @Test("a power cut ends the placements of its server, with the reason")
    func powerCutEndsPlacements() throws {
        let scene = PoolSimulation.scene(servers: 3)
        try scene.run("vm0")
        let id = try scene.machine("vm0").id
        let server = try scene.serverPlaced("vm0")

        scene.cutPower(server)
        scene.expect { $0.state.machines[id]?.status == .unknown }
        #expect(scene.state.machines[id]?.placement?.server == server.id)
        scene.restart(server.id)

        scene.expect { $0.state.machines[id]?.placement == nil }
        #expect(try scene.machine("vm0").status == .poweredOff)
        #expect(try scene.machine("vm0").cause.contains("powered off or booted anew"))
        scene.expect { $0.unsettled == nil }
    }

    @Test("an agent killed in the middle of a start neither loses the virtual machine nor runs it twice", arguments: 1...8)
    func agentDiesDuringStart(seed: Int) throws {
        let scene = PoolSimulation.scene(servers: 3, seed: UInt64(seed))
        try scene.create("vm0")
        let id = try scene.machine("vm0").id

        scene.submit(.startMachine(id), to: try scene.theMaster())
        scene.expect { $0.state.machines[id]?.placement != nil }
        let server = try scene.serverPlaced("vm0")
        scene.advance(milliseconds: 20 * seed)
        scene.crash(server)
        scene.advance(milliseconds: 100)
        scene.restart(server.id)
        scene.expect(within: 20_000) { $0.unsettled == nil }
        if scene.state.machines[id]?.placement == nil { scene.submit(.startMachine(id), to: try scene.theMaster()) }

        scene.expect(within: 20_000) { $0.state.machines[id]?.status == .running && $0.unsettled == nil }
        #expect(scene.checks.serversRunning(id).count == 1)
    }

    @Test("a guest that crashes leaves an Error that says so")
    func guestCrashes() throws {
        let scene = PoolSimulation.scene(servers: 3)
        try scene.run("vm0")
        let id = try scene.machine("vm0").id
        let server = try scene.serverPlaced("vm0")

        scene.endGuest(of: try #require(server.runningDomains.first).domain, on: server, .crash)

        scene.expect { $0.state.machines[id]?.status == .error }
        #expect(try scene.machine("vm0").cause.contains("crashed"))
        #expect(try scene.machine("vm0").placement == nil)
    }

    @Test("the virtual machines of a server that was cut off go from Unknown to Running, and nothing is started twice")
    func partitionHeals() throws {
        let scene = PoolSimulation.scene(servers: 3)
        let other = try #require(scene.serversInOrder.first { $0.id != scene.master?.id })
        try scene.run("vm0", on: [other.id.number])
        let id = try scene.machine("vm0").id
        let starts = scene.report.counts.starts

        let cut = scene.isolate(other)
        scene.expect { $0.state.machines[id]?.status == .unknown }
        scene.submit(.startMachine(id), to: try scene.theMaster())
        scene.advance(milliseconds: 2_000)
        scene.heal(cut)

        scene.expect { $0.state.machines[id]?.status == .running && $0.unsettled == nil }
        #expect(scene.report.counts.starts == starts)
    }

    @Test("a removed server ends, whoever is master, and the others go on", arguments: [2, 3, 5], [true, false])
    func removedServerEnds(servers: Int, isMaster: Bool) throws {
        let scene = PoolSimulation.scene(servers: servers)
        let leaving = try #require(scene.serversInOrder.first { ($0.id == scene.master?.id) == isMaster })
        let staying = try #require(scene.serversInOrder.first { $0.id != leaving.id })

        scene.submit(.removeServer(leaving.id), to: staying)

        scene.expect { _ in leaving.hasHalted }
        scene.expect { $0.unsettled == nil }
        #expect(scene.checks.configuration.members.contains(leaving.id) == false)
        try scene.run("vm0")
    }

    @Test("joiners become voters: all up to two, then odd numbers, a lone fourth learns")
    func joinersVote() throws {
        let scene = PoolSimulation.scene(servers: 1)

        var voters: [Int] = [scene.checks.configuration.voters.count]
        for _ in 2...6 {
            scene.beginJoin(through: try scene.theMaster())
            let count = scene.state.activeServers.count
            scene.expect { $0.state.activeServers.count == count + 1 }
            scene.expect { $0.unsettled == nil }
            scene.advance(milliseconds: 2_000)
            voters.append(scene.checks.configuration.voters.count)
        }

        #expect(voters == [1, 2, 3, 3, 5, 5])
        #expect(scene.checks.configuration.learners.count == 1)
    }

    @Test("a server that was down while another joined and became master is told of it by the others, and catches up")
    func learnsOfNewcomers() throws {
        let scene = PoolSimulation.scene(servers: 3)
        let former = try scene.theMaster()
        let absent = try #require(scene.serversInOrder.last { $0.id != former.id })
        let newcomers = [ServerID(4), ServerID(5)]

        scene.crash(absent)
        for newcomer in newcomers {
            scene.beginJoin(through: former)
            scene.expect { $0.state.servers[newcomer]?.isSessionOpen == true }
        }
        scene.expect { Set($0.checks.configuration.voters).isSuperset(of: newcomers) }
        scene.step(former, .transferMastership(target: newcomers[1]))
        scene.expect { $0.master?.id == newcomers[1] }
        scene.restart(absent.id)

        scene.expect { $0.unsettled == nil }
    }

    @Test("a learner that was down while another joined and became master asks for the members, and catches up")
    func learnerAsksForNewcomers() throws {
        let scene = PoolSimulation.scene(servers: 4)
        let former = try scene.theMaster()
        let voters = scene.checks.configuration.voters
        let absent = try #require(scene.serversInOrder.first { !voters.contains($0.id) })
        let leaving = try #require(voters.first { $0 != former.id })
        let newcomer = ServerID(5)

        scene.crash(absent)
        scene.beginJoin(through: former)
        scene.expect { $0.state.servers[newcomer]?.isSessionOpen == true }
        scene.submit(.removeServer(leaving), to: former)
        scene.expect { $0.checks.configuration.voters.contains(newcomer) }
        scene.step(former, .transferMastership(target: newcomer))
        scene.expect { $0.master?.id == newcomer }
        scene.restart(absent.id)

        scene.expect { $0.unsettled == nil }
    }

    @Test("a pool that lost power as a whole finds itself again, though its founder was told of nobody", arguments: [2, 3, 5])
    func wholePoolLosesPower(servers: Int) throws {
        let scene = PoolSimulation.scene(servers: servers)
        try scene.run("vm0")
        let id = try scene.machine("vm0").id

        for server in scene.serversInOrder { scene.cutPower(server) }
        scene.advance(milliseconds: 1_000)
        for server in scene.serversInOrder { scene.restart(server.id) }

        scene.expect(within: 20_000) { $0.unsettled == nil }
        #expect(scene.state.machines[id]?.status == .poweredOff)
        try scene.run("vm1")
    }

    @Test("a stop in good order hands mastership over and leaves the domains running")
    func masterStops() throws {
        let scene = PoolSimulation.scene(servers: 3)
        let former = try scene.theMaster()
        try scene.run("vm0", on: [former.id.number])
        let id = try scene.machine("vm0").id

        scene.stop(former)
        scene.expect { _ in former.core == nil }

        #expect(scene.checks.serversRunning(id) == [former.id])
        #expect(scene.state.servers[former.id]?.isSessionOpen == false)
        #expect(try scene.theMaster().id != former.id)
        scene.restart(former.id)
        scene.expect { $0.unsettled == nil && $0.state.machines[id]?.status == .running }
        #expect(scene.report.counts.starts == 1)
    }
}
