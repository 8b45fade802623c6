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
    /// The share of Xen, Domain-0 and foreign domains when memory was last at rest.
    var reserved: Mebibytes?
    /// The storage roots when their file systems answered last.
    var storageRoots: [StorageRoot] = []
    /// Whether their silence has been reported.
    var isStorageSilent = false

    /// The owner of a domain as it was seen last.
    func ownership(of domain: UInt32, uuid: UniqueIdentifier) -> DomainOwnership? {
        domains[domain].flatMap { $0.uuid == uuid ? $0.ownership : nil }
    }
}
