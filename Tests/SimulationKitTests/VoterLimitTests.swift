import AgentCore
import PoolModel
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
            scene.submit(.changeSetting(.voterLimit(limit)), to: try scene.theMaster())

            scene.expect { Self.has($0, voters: limit, learners: 7 - limit) }
            #expect(try scene.theMaster().id == master)
        }
    }
}
