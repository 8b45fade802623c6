import DequeModule
package import Placement
package import PoolModel

/// The state of a server pool: what its log, applied from the first entry on, has made of it.
///
/// Only `apply` changes it. Equal applied index, equal state, on every server.
package struct PoolState: Sendable {
    /// The newest format that this agent can apply; a committed entry raises the pool to it.
    package static let newestFormatVersion = 1

    /// Nil until the founding entry.
    package internal(set) var pool: PoolSummary?
    package internal(set) var formatVersion = 1
    package internal(set) var settings = PoolSettings()
    /// The newest of all proposers' clocks.
    package internal(set) var poolTime = PoolTime.zero
    package internal(set) var appliedIndex = LogIndex.zero

    package internal(set) var servers: [ServerID: Server] = [:]
    package internal(set) var machines: [VirtualMachineID: VirtualMachine] = [:]
    package internal(set) var rules: [RuleID: Rule] = [:]
    package internal(set) var tokens: [TokenID: StoredToken] = [:]
    package internal(set) var credentials: [CredentialID: StoredCredential] = [:]
    package internal(set) var tasks: [TaskID: PoolTask] = [:]
    package internal(set) var events = EventHistory()
    package internal(set) var requests: [ServerID: RequestHistory] = [:]
    package internal(set) var nextServer: UInt64 = 1
    package internal(set) var nextMachine: UInt64 = 1

    // Derived from the above; rebuilt, never stored.
    var machinesByName: [VirtualMachineName: VirtualMachineID] = [:]
    var machinesByUUID: [UniqueIdentifier: VirtualMachineID] = [:]
    /// Of those whose configuration bears another name than they do.
    var machinesByConfiguredName: [String: Set<VirtualMachineID>] = [:]
    var machinesByServer: [ServerID: Set<VirtualMachineID>] = [:]
    /// Of those that a migration brings to a server, by that server.
    var machinesComing: [ServerID: Set<VirtualMachineID>] = [:]
    /// Of those of which something is left on a server, by that server.
    var machinesWithRemnants: [ServerID: Set<VirtualMachineID>] = [:]
    /// Of those that have an image.
    var machinesWithImages: Set<VirtualMachineID> = []
    var reservations: [ServerID: ServerReservations] = [:]
    var credentialsBySecret: [SHA256Digest: CredentialID] = [:]
    var ruleIndex = RuleIndex()
    /// The servers that see an unasked domain of a machine, by number.
    var strayServers: [VirtualMachineID: [ServerID]] = [:]
    var tagBytes = 0
    var endedTasks: Deque<TaskID> = []
    var idempotency = IdempotencyTable()

    /// Counts the events of the entry that is being applied.
    var eventOrdinal = 0

    package init() {}

    // MARK: Looking

    /// The servers that were not removed, by number.
    package var activeServers: [Server] { servers.values.filter { !$0.isRemoved }.sorted { $0.id < $1.id } }

    /// The server of this name that was not removed.
    package func server(named name: ServerName) -> Server? { activeServers.first { $0.name == name } }

    /// The virtual machine of this name.
    package func machine(named name: VirtualMachineName) -> VirtualMachine? { machinesByName[name].flatMap { machines[$0] } }

    /// The virtual machine of this UUID.
    package func machine(withUUID uuid: UniqueIdentifier) -> VirtualMachine? { machinesByUUID[uuid].flatMap { machines[$0] } }

    /// The virtual machines whose configuration bears this name, which is not their own, by number.
    package func machines(configuredAs name: String) -> [VirtualMachineID] { (machinesByConfiguredName[name] ?? []).sorted() }

    /// The virtual machines by name.
    package var machinesInOrder: [VirtualMachine] { machines.values.sorted { $0.name < $1.name } }

    /// The machines placed on a server, by number.
    package func machines(on server: ServerID) -> [VirtualMachineID] { (machinesByServer[server] ?? []).sorted() }

    /// What the machines placed on a server, or coming to it, take together, with what is left there of others.
    package func reservations(on server: ServerID) -> ServerReservations { reservations[server] ?? ServerReservations() }

    /// The unrevoked credential whose secret has this digest.
    package func credential(withSecret secret: SHA256Digest) -> StoredCredential? {
        credentialsBySecret[secret].flatMap { credentials[$0] }
    }

    /// The tasks, newest first.
    package var tasksInOrder: [PoolTask] { tasks.values.sorted { $0.id > $1.id } }

    /// All tags of the pool together, in bytes of keys and values.
    package var totalTagBytes: Int { tagBytes }

    // MARK: Placing

    /// Where a machine would start now, with the reason for every server: the very function that a start uses.
    ///
    /// - Parameters:
    ///   - without: servers to leave out, as if they were gone.
    ///   - memory: another size to ask for.
    ///   - virtualCPUs: another number of virtual CPUs to ask for.
    package func decidePlacement(
        for machine: VirtualMachine, without: [ServerID] = [], memory: Mebibytes? = nil, virtualCPUs: Int? = nil
    ) -> PlacementDecision {
        decide(machine, without: without, memory: memory, virtualCPUs: virtualCPUs, moving: nil)
    }

    func decide(
        _ machine: VirtualMachine, without: [ServerID], memory: Mebibytes?, virtualCPUs: Int?, moving: MovePlace?
    ) -> PlacementDecision {
        var requirements = machine.requirements
        if let memory { requirements.memory = memory }
        if let virtualCPUs { requirements.virtualCPUs = virtualCPUs }
        let candidates = activeServers.map { candidate($0, asking: machine) }
        let question = PlacementQuestion(
            requirements: requirements, preferredServers: machine.preferredServers, candidates: candidates,
            overcommitRatio: settings.overcommitRatio, leftOut: without, rules: placementRules(of: machine),
            sighting: sightings(of: machine.id).first { !without.contains($0.server) }, image: imagePlace(of: machine),
            move: moving)
        return PlacementPlanner.decide(question)
    }

    /// A machine that is placed already does not compete with itself when it is only asked where it would start.
    private func candidate(_ server: Server, asking machine: VirtualMachine) -> PlacementCandidate {
        var reserved = reservations(on: server.id)
        if let placed = machines[machine.id], placed.placement?.server == server.id || placed.migration?.target == server.id {
            reserved.remove(placed.reserved)
        }
        return PlacementCandidate(
            server: server.id, name: server.name, availability: availability(of: server), roles: server.roles, facts: server.facts,
            reservations: reserved)
    }

    private func availability(of server: Server) -> ServerAvailability {
        if server.session == .none { return .joining }
        if !server.isSessionOpen { return .stopped }
        if !server.isReachable { return .lost }
        return server.isInMaintenance ? .inMaintenance : .active
    }
}
