import AgentCore
import PoolModel
import PoolStateMachine
import RaftCore
import Testing

@testable import SimulationKit

extension PoolSimulation {
    /// A pool without random faults or clients, in which all the servers are settled and all that shall vote do.
    static func scene(servers: Int, seed: UInt64 = 1) -> PoolSimulation {
        var settings = SimulationSettings(seed: seed, servers: servers, seconds: 1, faults: .none)
        settings.workload.requestMilliseconds = 0
        let scene = PoolSimulation(settings)
        let voters = servers <= 2 ? servers : (servers - 1) / 2 * 2 + 1
        let isSettled = scene.advance(
            until: { scene in
                scene.unsettled == nil && scene.master?.core?.raft.committedConfiguration.voters.count == voters
            }, milliseconds: 10_000)
        #expect(isSettled)
        return scene
    }

    func theMaster() throws -> SimulatedServer { try #require(master) }
    var state: PoolState { checks.reference }

    func machine(_ name: String) throws -> VirtualMachine {
        let name = try #require(VirtualMachineName(name))
        return try #require(state.machine(named: name))
    }

    /// The server that a virtual machine is placed on.
    func serverPlaced(_ name: String) throws -> SimulatedServer {
        let placement = try #require(try machine(name).placement)
        return try #require(servers[placement.server])
    }

    /// Lets time pass until it is so, and fails otherwise.
    func expect(
        within milliseconds: Int = 10_000, sourceLocation: SourceLocation = #_sourceLocation, _ isSo: (PoolSimulation) -> Bool
    ) {
        let isReached = advance(until: isSo, milliseconds: milliseconds)
        #expect(isReached, "\(unsettled ?? "")", sourceLocation: sourceLocation)
        #expect(report.violations == [], sourceLocation: sourceLocation)
    }

    /// Creates a virtual machine, with preferred servers if any are named.
    func create(_ name: String, on preferred: [UInt64] = []) throws {
        let general = definition(name)
        let definition = MachineDefinition(
            name: general.name, uuid: general.uuid, configuration: general.configuration, requirements: general.requirements,
            preferredServers: preferred.map { ServerID($0) })
        submit(.createMachine(definition), to: try theMaster())
        expect { $0.state.machine(named: general.name) != nil }
    }

    /// Creates a virtual machine and starts it.
    func run(_ name: String, on preferred: [UInt64] = []) throws {
        try create(name, on: preferred)
        let id = try machine(name).id
        submit(.startMachine(id), to: try theMaster())
        expect { $0.state.machines[id]?.status == .running }
    }

    /// Cuts a server off from all others, in both directions.
    func isolate(_ server: SimulatedServer) -> Int {
        let others = serversInOrder.filter { $0.id != server.id }
        let links = others.flatMap {
            [NetworkLink(sender: $0.id, receiver: server.id), NetworkLink(sender: server.id, receiver: $0.id)]
        }
        return network.cut(Set(links))
    }

    func isDone(_ client: ClientRequestID) -> Bool {
        if case .outcome(.done, _) = clients.writeAnswers[client] { true } else { false }
    }
}
