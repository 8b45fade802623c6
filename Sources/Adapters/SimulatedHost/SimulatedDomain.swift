import AgentCore
import PoolModel

/// One domain of a simulated host.
struct SimulatedDomain: Hashable, Sendable {
    let number: UInt32
    let name: String
    let uuid: UniqueIdentifier
    var memory: Mebibytes
    var virtualCPUs: Int
    /// Nil for a foreign domain.
    let specification: DomainSpecification?
    var state: DomainState
    /// Whether its builder is still at work. Such a domain shows as paused, as Xen's do.
    var isBuilding: Bool
    /// Its disks by virtual device and its interfaces by MAC address, each as the configuration's list has it in canonical form.
    var devices: [String: String] = [:]
    /// How the guest was asked to end; it has not acted on it.
    var endAsked: DomainEnd?
    /// The image that it was built from, until it is let run; of a suspended one that which its memory is written to.
    var image: String?
    /// Whether it stands suspended since it was sent to another host.
    var isSent = false
    /// The file that its memory was dumped to.
    var dump: String?

    var ownership: DomainOwnership? { specification?.ownership }
    var identity: SimulatedDomainIdentity { SimulatedDomainIdentity(number: number, name: name, uuid: uuid, ownership: ownership) }

    var report: DomainReport {
        DomainReport(domain: number, name: name, uuid: uuid, state: state, memory: memory, virtualCPUs: virtualCPUs, ownership: ownership)
    }
}
