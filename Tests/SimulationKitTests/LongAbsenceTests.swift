import AgentCore
import PoolModel
import PoolStateMachine
import RaftCore
import Testing

@testable import SimulationKit

/// A server that comes back when nobody whom it knew is a member any more.
@Suite("A server that was long away") struct LongAbsenceTests {
    private static func voters(_ scene: PoolSimulation) -> [ServerID] {
        guard let configuration = scene.master?.core?.raft.committedConfiguration, !configuration.isJoint else { return [] }
        return configuration.voters
    }

    /// Two servers join, then everybody leaves but them and `absent`, whose power is off meanwhile.
    private static func replaceEverybody(but absent: SimulatedServer, in scene: PoolSimulation) throws {
        let former = scene.state.activeServers.map(\.id)
        scene.cutPower(absent)
        for _ in 0..<2 {
            let before = scene.state.activeServers.count
            scene.beginJoin(through: try scene.theMaster())
            scene.expect { $0.state.activeServers.count == before + 1 && $0.state.activeServers.last?.isSessionOpen == true }
        }
        scene.expect { voters($0).count == 5 }
        for leaving in former where leaving != absent.id {
            scene.submit(.removeServer(leaving), to: try scene.theMaster())
            scene.expect { !voters($0).isEmpty && !voters($0).contains(leaving) && $0.servers[leaving]?.core == nil }
        }
        #expect(!scene.state.activeServers.contains { former.contains($0.id) && $0.id != absent.id })
    }

    @Test("is told by those that came meanwhile who the members are, lets them in and follows", arguments: 1...5 as ClosedRange<UInt64>)
    func isTold(seed: UInt64) throws {
        let scene = PoolSimulation.scene(servers: 3, seed: seed)
        let master = try scene.theMaster().id
        let absent = try #require(scene.serversInOrder.last { $0.id != master })
        try Self.replaceEverybody(but: absent, in: scene)

        scene.restart(absent.id)

        scene.expect { $0.unsettled == nil && absent.core?.state.servers[absent.id]?.isReachable == true }
    }

    @Test("gives its vote to one that came meanwhile, where the pool has no master without it")
    func givesItsVote() throws {
        let scene = PoolSimulation.scene(servers: 3)
        let master = try scene.theMaster().id
        let absent = try #require(scene.serversInOrder.last { $0.id != master })
        try Self.replaceEverybody(but: absent, in: scene)
        scene.expect { Self.voters($0).contains(absent.id) }
        let gone = try scene.theMaster()
        scene.cutPower(gone)

        scene.restart(absent.id)

        scene.expect { $0.master != nil }
        scene.restart(gone.id)
        scene.expect { $0.unsettled == nil }
    }

    /// Found by running many seeds: there, a lone voter had been replaced.
    @Test("is not lost in pools that once did not settle", arguments: [(68, 1), (149, 4)] as [(UInt64, Int)])
    func seeds(seed: UInt64, servers: Int) {
        let report = PoolSimulation(SimulationSettings(seed: seed, servers: servers, seconds: 30)).run()

        #expect(report.violations == [])
    }
}
