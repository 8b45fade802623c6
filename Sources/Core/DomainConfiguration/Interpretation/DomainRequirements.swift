/// What a pool must know of a domain to find it a server: drawn from its settings, nothing else.
package struct DomainRequirements: Hashable, Sendable {
    /// An interface's demands on its server.
    package struct Interface: Hashable, Sendable {
        /// The bridge it needs; nil for the server's default.
        package let bridge: String?
        /// The outgoing rate it is limited to in kilobits (1,000 bits) per second; nil for none.
        package let kilobitsPerSecond: Int?

        package init(bridge: String?, kilobitsPerSecond: Int?) {
            self.bridge = bridge
            self.kilobitsPerSecond = kilobitsPerSecond
        }
    }

    /// A path that must exist on the server.
    package struct Disk: Hashable, Sendable {
        package let path: String
        /// Whether the domain writes to it.
        package let isWritten: Bool
        /// Whether other domains may have it open at the same time.
        package let isShared: Bool

        package init(path: String, isWritten: Bool, isShared: Bool) {
            self.path = path
            self.isWritten = isWritten
            self.isShared = isShared
        }
    }

    package let domainType: DomainType
    /// Memory at the start, in MiB.
    package let memoryMebibytes: Int
    /// Virtual CPUs online at the start.
    package let virtualCPUs: Int
    /// One for each interface, in order.
    package let interfaces: [Interface]
    /// One for each disk that is a path on the server, in order; empty drives and script targets are none.
    package let disks: [Disk]
}

extension DomainSettings {
    /// What a pool must know to place the domain.
    package var requirements: DomainRequirements {
        DomainRequirements(
            domainType: domainType, memoryMebibytes: memoryMebibytes, virtualCPUs: virtualCPUs,
            interfaces: interfaces.map { .init(bridge: $0.bridge, kilobitsPerSecond: $0.rate?.kilobitsPerSecond) },
            disks: disks.compactMap { disk in
                disk.hostPath.map { path in
                    let isWritten = disk.access == .write || disk.access == .sharedWrite
                    return .init(path: path, isWritten: isWritten, isShared: disk.access.isShared)
                }
            })
    }
}
