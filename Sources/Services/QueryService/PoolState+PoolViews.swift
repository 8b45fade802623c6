import AgentCore
import AgentPorts
import Placement
import PoolModel
import PoolStateMachine
import QueryModel

// Views turn the pool's state into documents, and decide nothing. They run on the agent's loop, so each is one pass over what it shows.

extension MasterDocument {
    init(_ state: PoolState, _ context: AnswerContext) {
        self.init(
            master: context.mastership.master.flatMap { state.servers[$0] }.map { ServerReference($0) },
            term: context.mastership.term.number,
            answeredBy: state.servers[context.answeredBy].map { ServerReference($0) }
                ?? ServerReference(id: context.answeredBy.number, name: "", queryAddress: ""),
            isMaster: context.mastership.isMaster)
    }
}

extension ServerReference {
    init(_ server: Server) { self.init(id: server.id.number, name: server.name.text, queryAddress: server.queryAddress) }
}

extension PoolDocument {
    init(_ state: PoolState, _ pool: PoolSummary) {
        let servers = state.activeServers
        let machines = state.machines.values.reduce(into: [String: Int]()) { counts, machine in
            counts[machine.status.rawValue, default: 0] += 1
        }
        let usable = servers.filter { ServerStatusWord($0) == .active }
        self.init(
            id: pool.pool.description, name: pool.name, authority: pool.authority.description, formatVersion: state.formatVersion,
            time: QueryTime(state.poolTime),
            settings: PoolSettingsDocument(state.settings),
            servers: ServerCountsDocument(
                total: servers.count, reachable: servers.count { $0.isSessionOpen && $0.isReachable },
                inMaintenance: servers.count { $0.isInMaintenance }),
            machines: MachineCountsDocument(total: state.machines.count, byStatus: machines),
            capacity: usable.reduce(.none) { $0 + ResourcesDocument(capacityOf: $1, state.settings) },
            free: usable.reduce(.none) { $0 + ResourcesDocument(freeOn: $1, state) })
    }
}

extension PoolSettingsDocument {
    init(_ settings: PoolSettings) {
        self.init(
            overcommitRatio: settings.overcommitRatio, voterLimit: settings.voterLimit,
            voterReplacementSeconds: settings.voterReplacement.components.seconds, changedAt: settings.changedAt.number)
    }
}

extension ResourcesDocument {
    static let none = ResourcesDocument(memoryMiB: 0, virtualCPUs: 0, networkKbps: 0)

    init(capacityOf server: Server, _ settings: PoolSettings) {
        guard let facts = server.facts else {
            self = .none
            return
        }
        self.init(
            memoryMiB: facts.capacity.count, virtualCPUs: facts.processors * settings.overcommitRatio,
            networkKbps: facts.cardsBehindBridges.reduce(0) { $0 + $1.speed.count })
    }

    init(freeOn server: Server, _ state: PoolState) {
        let capacity = ResourcesDocument(capacityOf: server, state.settings)
        let reserved = state.reservations(on: server.id)
        self.init(
            memoryMiB: max(0, capacity.memoryMiB - reserved.memory.count),
            virtualCPUs: max(0, capacity.virtualCPUs - reserved.virtualCPUs),
            networkKbps: max(0, capacity.networkKbps - reserved.rates.values.reduce(0, +)))
    }

    static func + (left: ResourcesDocument, right: ResourcesDocument) -> ResourcesDocument {
        ResourcesDocument(
            memoryMiB: left.memoryMiB + right.memoryMiB, virtualCPUs: left.virtualCPUs + right.virtualCPUs,
            networkKbps: left.networkKbps + right.networkKbps)
    }
}

extension ServerFacts {
    /// The cards that virtual machines can reach, each counted once.
    fileprivate var cardsBehindBridges: [NetworkInterfaceCard] {
        let used = Set(bridges.flatMap(\.cards))
        return cards.filter { used.contains($0.name) }
    }
}

extension QueryTime {
    init(_ time: PoolTime) { self.init(milliseconds: time.milliseconds) }
}
