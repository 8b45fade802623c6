import AgentCore
import PoolModel
import PoolStateMachine
import RaftCore
import Testing

@testable import SimulationKit

@Suite("How many servers vote") struct VoterLimitTests {
    private static func settled(servers: Int) -> PoolSimulation {
        var settings = SimulationSettings(seed: 1, servers: servers, seconds: 1, faults: .none)
        settings.workload.requestMilliseconds = 0
        return PoolSimulation(settings)
    }

    private static func has(_ scene: PoolSimulation, voters: Int, learners: Int) -> Bool {
        guard scene.unsettled == nil, let configuration = scene.master?.core?.raft.committedConfiguration else { return false }
        return !configuration.isJoint && configuration.voters.count == voters && configuration.learners.count == learners
    }

    @Test(
        "all servers vote up to two, then the largest odd number within the limit, which is 5 at first",
        arguments: [(1, 1), (2, 2), (3, 3), (4, 3), (5, 5), (6, 5), (7, 5)])
    func votersOfServers(servers: Int, voters: Int) {
        let scene = Self.settled(servers: servers)

        scene.expect { Self.has($0, voters: voters, learners: servers - voters) }
    }

    @Test("of seven servers as many vote as the limit says, the master always among them; the others go on as learners")
    func followsLimit() throws {
        let scene = Self.settled(servers: 7)
        scene.expect { Self.has($0, voters: 5, learners: 2) }

        for limit in [3, 7, 1, 5] {
            let master = try scene.theMaster().id
            scene.submit(.changeSettings(PoolSettingsChange(voterLimit: limit)), to: try scene.theMaster())

            scene.expect { Self.has($0, voters: limit, learners: 7 - limit) }
            #expect(try scene.theMaster().id == master)
        }
    }

    @Test("a lower limit takes the vote from those first that are down: what stays has a majority, and the pool goes on")
    func keepsTheLiving() throws {
        let scene = Self.settled(servers: 5)
        scene.expect { Self.has($0, voters: 5, learners: 0) }
        let master = try scene.theMaster()
        // The lowest numbers, which would stay if only numbers counted.
        let down = scene.serversInOrder.filter { $0.id != master.id }.prefix(2)
        for server in down { scene.cutPower(server) }

        scene.submit(.changeSettings(PoolSettingsChange(voterLimit: 3)), to: master)

        scene.expect { $0.checks.configuration.voters.count == 3 && !$0.checks.configuration.isJoint }
        let voters = scene.checks.configuration.voters
        #expect(voters.contains(master.id) && down.allSatisfy { !voters.contains($0.id) }, "\(voters)")
        let write = scene.submit(.createMachine(scene.definition("vm0")), to: try scene.theMaster())
        scene.expect { $0.isDone(write) }
        for server in down { scene.restart(server.id) }
        scene.expect { Self.has($0, voters: 3, learners: 2) }
    }

    @Test("a limit that is lowered and raised amid crashes and cuts holds once the pool is healed, and no promise is broken")
    func holdsAmidFaults() throws {
        for seed in UInt64(1)...8 {
            let scene = PoolSimulation(SimulationSettings(seed: seed, servers: 7, seconds: 6))

            let report = scene.run()

            let limit = scene.state.settings.voterLimit
            let isReached = scene.advance(until: { Self.votersFollow($0) }, milliseconds: 20_000)
            #expect(report.violations == [], "seed \(seed)")
            #expect(isReached, "seed \(seed): \(scene.checks.configuration) with a limit of \(limit)")
        }
    }

    private static func votersFollow(_ scene: PoolSimulation) -> Bool {
        let active = scene.state.activeServers.count
        let limit = min(scene.state.settings.voterLimit, active)
        let wanted = limit <= 2 ? limit : (limit - 1) / 2 * 2 + 1
        return !scene.checks.configuration.isJoint && scene.checks.configuration.voters.count == wanted
    }

    @Test("a voter that is lost is replaced after the time that the pool's settings say, and not before")
    func replacesAfterSetTime() throws {
        let scene = Self.settled(servers: 4)
        scene.expect { Self.has($0, voters: 3, learners: 1) }
        let learner = try #require(scene.checks.configuration.learners.first)
        let change = scene.submit(.changeSettings(PoolSettingsChange(voterReplacement: .seconds(20))), to: try scene.theMaster())
        scene.expect { $0.isDone(change) }
        let voters = scene.checks.configuration.voters
        let lost = try #require(scene.serversInOrder.first { voters.contains($0.id) && $0.id != scene.master?.id })

        scene.cutPower(lost)
        scene.advance(milliseconds: 19_000)
        let before = scene.checks.configuration.voters
        scene.advance(milliseconds: 3_000)
        let after = scene.checks.configuration.voters

        #expect(before.contains(lost.id) && !before.contains(learner))
        #expect(!after.contains(lost.id) && after.contains(learner) && after.count == 3)
        scene.restart(lost.id)
        scene.expect { Self.has($0, voters: 3, learners: 1) }
    }
}
