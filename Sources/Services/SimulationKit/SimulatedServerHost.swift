import AgentCore
import PoolModel

/// A server's hypervisor as a value: the domains that truly exist.
struct SimulatedServerHost {
    struct Domain {
        let specification: DomainSpecification
        var state: DomainState
    }

    private(set) var domains: [UInt32: Domain] = [:]
    private var nextDomain: UInt32 = 1
    let memory: Mebibytes
    /// A planted mistake: a destroyed domain is no longer listed, but runs on.
    var forgetsToDestroy = false
    private var hidden: Set<UInt32> = []

    init(memory: Mebibytes) { self.memory = memory }

    var facts: ServerFacts {
        ServerFacts(
            totalMemory: memory, reservedMemory: Mebibytes(512), processors: 8,
            cards: [NetworkInterfaceCard(name: "eth0", speed: KilobitsPerSecond(1_000_000))],
            bridges: [NetworkBridge(name: "xenbr0", cards: ["eth0"])], storageRoots: [], domainTypes: [.pv, .pvh, .hvm],
            hypervisor: "simulated")
    }

    var listing: [DomainReport] {
        domains.keys.sorted().filter { !hidden.contains($0) }.compactMap { number in
            domains[number].map { domain in
                DomainReport(
                    domain: number, name: domain.specification.name.text, uuid: domain.specification.uuid, state: domain.state,
                    memory: domain.specification.requirements.memory, ownership: domain.specification.ownership)
            }
        }
    }

    /// The domains whose guests run, by number.
    var running: [UInt32] { domains.keys.sorted().filter { domains[$0]?.state == .running } }

    func ownership(of number: UInt32) -> DomainOwnership? { domains[number]?.specification.ownership }

    mutating func create(_ specification: DomainSpecification) -> UInt32 {
        defer { nextDomain += 1 }
        domains[nextDomain] = Domain(specification: specification, state: .paused)
        return nextDomain
    }

    /// - Returns: the machine that runs from now on; nil when there is nothing to unpause.
    mutating func unpause(_ number: UInt32) -> DomainOwnership? {
        guard let domain = domains[number], domain.state == .paused else { return nil }
        domains[number]?.state = .running
        return domain.specification.ownership
    }

    mutating func destroy(_ number: UInt32) -> Bool {
        guard domains[number] != nil else { return false }
        if forgetsToDestroy, domains[number]?.state == .running {
            hidden.insert(number)
        } else {
            domains[number] = nil
        }
        return true
    }

    mutating func end(_ number: UInt32, _ end: DomainEnd) {
        guard domains[number]?.state == .running else { return }
        domains[number]?.state = .ended(end)
    }

    mutating func loseAll() { domains = [:] }
}
