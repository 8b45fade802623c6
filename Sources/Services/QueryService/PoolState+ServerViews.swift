import Placement
import PoolModel
import PoolStateMachine
import QueryModel

/// The one word for how a server is; the first that fits.
enum ServerStatusWord: String, CaseIterable {
    /// Its agent has not introduced itself yet.
    case joining
    /// Its agent was stopped in good order.
    case stopped
    /// It is not heard of.
    case unreachable
    case maintenance
    case active

    init(_ server: Server) {
        if server.session == .none {
            self = .joining
        } else if !server.isSessionOpen {
            self = .stopped
        } else if !server.isReachable {
            self = .unreachable
        } else {
            self = server.isInMaintenance ? .maintenance : .active
        }
    }
}

extension ServerDocument {
    /// - Parameter master: who the answering server believes to be the Server Pool Master.
    init(_ server: Server, _ state: PoolState, master: ServerID?) {
        let missing = state.overcommittedMemory(on: server.id)
        self.init(
            id: server.id.number, name: server.name.text, roles: server.roles.words, status: ServerStatusWord(server).rawValue,
            isMaster: server.id == master, isReachable: server.isSessionOpen && server.isReachable, inMaintenance: server.isInMaintenance,
            peerAddress: server.peerAddress, queryAddress: server.queryAddress,
            session: server.boot.map { boot in
                SessionDocument(
                    number: server.session.number, boot: boot.description, agentVersion: server.agentVersion, isOpen: server.isSessionOpen)
            },
            facts: server.facts.map { ServerFactsDocument($0) }, capacity: ResourcesDocument(capacityOf: server, state.settings),
            free: ResourcesDocument(freeOn: server, state), overcommittedMiB: missing > .zero ? missing.count : nil,
            machineCount: state.reservations(on: server.id).machines, joinedAt: QueryTime(server.joinedAt),
            hardware: server.hardware?.description,
            strays: server.strays.isEmpty ? nil : Self.strays(of: server, state))
    }

    private static func strays(of server: Server, _ state: PoolState) -> [StrayDocument] {
        server.strays.compactMap { stray in
            state.machines[stray.machine].map { StrayDocument(machine: $0.name.text, domain: stray.domain) }
        }.sorted { $0.machine.utf8.lexicographicallyPrecedes($1.machine.utf8) }
    }
}

extension ServerFactsDocument {
    init(_ facts: ServerFacts) {
        self.init(
            totalMemoryMiB: facts.totalMemory.count, reservedMemoryMiB: facts.reservedMemory.count, processors: facts.processors,
            cards: facts.cards.map { CardDocument(name: $0.name, speedKbps: $0.speed.count) },
            bridges: facts.bridges.map { BridgeDocument(name: $0.name, cards: $0.cards) },
            storageRoots: facts.storageRoots.map {
                StorageRootDocument(path: $0.path, isShared: $0.isShared, capacityMiB: $0.capacity.count)
            },
            domainTypes: facts.domainTypes.map(\.rawValue), hypervisor: facts.hypervisor,
            processor: facts.processor.map { ProcessorDocument($0) })
    }
}

extension ServerListDocument {
    init(_ state: PoolState, master: ServerID?) {
        self.init(servers: state.activeServers.sorted { $0.name < $1.name }.map { ServerDocument($0, state, master: master) })
    }
}
