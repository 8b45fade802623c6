import Placement
import PoolModel
import Testing

/// Servers and machines with round figures, so that shares can be worked out by hand.
enum PlacementScene {
    /// 8,000 MiB for virtual machines, 4 CPUs (16 virtual ones at the default ratio), 1 Gb/s behind `xenbr0`, 100,000 MiB of local disk.
    static func facts(
        total: Int = 10_000, reserved: Int = 2_000, processors: Int = 4,
        cards: [NetworkInterfaceCard] = [NetworkInterfaceCard(name: "eth0", speed: KilobitsPerSecond(1_000_000))],
        bridges: [NetworkBridge] = [NetworkBridge(name: "xenbr0", cards: ["eth0"])],
        roots: [StorageRoot] = [StorageRoot(path: "/OVS", isShared: false, capacity: Mebibytes(100_000))],
        domainTypes: [DomainType] = [.pv, .hvm]
    ) -> ServerFacts {
        ServerFacts(
            totalMemory: Mebibytes(total), reservedMemory: Mebibytes(reserved), processors: processors, cards: cards, bridges: bridges,
            storageRoots: roots, domainTypes: domainTypes, hypervisor: "simulated")
    }

    static func server(
        _ number: UInt64, _ name: String, availability: ServerAvailability = .active, roles: ServerRoles = .all,
        facts: ServerFacts? = PlacementScene.facts(), holding machines: [MachineRequirements] = []
    ) throws -> PlacementCandidate {
        var reservations = ServerReservations()
        for machine in machines { reservations.add(machine) }
        return PlacementCandidate(
            server: ServerID(number), name: try #require(ServerName(name)), availability: availability, roles: roles, facts: facts,
            reservations: reservations)
    }

    static func machine(
        _ type: DomainType = .pv, memory: Int = 2_000, virtualCPUs: Int = 2, interfaces: [InterfaceRequirement] = [],
        disks: [String] = [], newImages: Int = 0
    ) -> MachineRequirements {
        MachineRequirements(
            domainType: type, memory: Mebibytes(memory), virtualCPUs: virtualCPUs, interfaces: interfaces, diskPaths: disks,
            newImageSize: Mebibytes(newImages))
    }

    static func interface(_ bridge: String = "xenbr0", rate: Int = 10_000) -> InterfaceRequirement {
        InterfaceRequirement(bridge: bridge, rate: KilobitsPerSecond(rate))
    }

    static func decide(
        _ machine: MachineRequirements, preferred: [UInt64] = [], among servers: [PlacementCandidate], ratio: Int = 4
    ) -> PlacementDecision {
        PlacementPlanner.decide(
            PlacementQuestion(
                requirements: machine, preferredServers: preferred.map { ServerID($0) }, candidates: servers, overcommitRatio: ratio))
    }

    /// What was found about one server that is asked alone.
    static func finding(_ machine: MachineRequirements, on server: PlacementCandidate, preferred: [UInt64] = []) throws -> PlacementFinding
    {
        try #require(decide(machine, preferred: preferred, among: [server]).verdicts.first).finding
    }
}
