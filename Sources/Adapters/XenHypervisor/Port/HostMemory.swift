import AgentCore
import PoolModel

/// What is known of this host beside what Xen and xenstore say now.
struct HostMemory {
    /// A domain of the pool, as it was seen last.
    struct KnownDomain {
        let uuid: UniqueIdentifier
        let name: String
        let ownership: DomainOwnership
    }

    /// libxl removes a domain from xenstore before the domain itself: until that is gone, it is known from here.
    var domains: [UInt32: KnownDomain] = [:]
    /// Domains being built: Xen has them a moment before xenstore has their owner.
    var building: [UniqueIdentifier: DomainOwnership] = [:]
    /// The share of Xen, Domain-0 and foreign domains when memory was last at rest.
    var reserved: Mebibytes?
    /// The storage roots when their file systems answered last.
    var storageRoots: [StorageRoot] = []
    /// Whether their silence has been reported.
    var isStorageSilent = false

    /// The owner of a domain that xenstore says nothing of.
    func ownership(of domain: UInt32, uuid: UniqueIdentifier) -> DomainOwnership? {
        if let known = domains[domain], known.uuid == uuid { return known.ownership }
        return building[uuid]
    }
}
