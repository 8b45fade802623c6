package import AgentCore

/// What one domain of a pool has used of this server since it was built, read at one moment.
package struct DomainUsage: Hashable, Sendable {
    /// Xen's number of the domain on this boot.
    package let domain: UInt32
    package let ownership: DomainOwnership
    /// How long its virtual CPUs have run, all together; it only grows.
    package let processorTime: Duration
    /// Bytes that it holds now.
    package let memory: UInt64
    /// By name, at most ``mostDevices``.
    package let disks: [DiskUsage]
    /// By name, at most ``mostDevices``.
    package let interfaces: [InterfaceUsage]

    /// Disks, and interfaces, of one domain.
    package static let mostDevices = 64

    package init(
        domain: UInt32, ownership: DomainOwnership, processorTime: Duration, memory: UInt64, disks: [DiskUsage] = [],
        interfaces: [InterfaceUsage] = []
    ) {
        self.domain = domain
        self.ownership = ownership
        self.processorTime = processorTime
        self.memory = memory
        self.disks = Array(disks.prefix(Self.mostDevices))
        self.interfaces = Array(interfaces.prefix(Self.mostDevices))
    }
}

/// What went through a disk of a domain, as its guest sees it. What the host does not tell is nil; the rest only grows.
package struct DiskUsage: Hashable, Sendable {
    /// Such as `xvda`.
    package let name: String
    package let readBytes: UInt64?
    package let writtenBytes: UInt64?
    /// Requests to read.
    package let reads: UInt64?
    /// Requests to write.
    package let writes: UInt64?

    package init(name: String, readBytes: UInt64?, writtenBytes: UInt64?, reads: UInt64?, writes: UInt64?) {
        self.name = name
        self.readBytes = readBytes
        self.writtenBytes = writtenBytes
        self.reads = reads
        self.writes = writes
    }
}

/// What went through a network interface of a domain, as its guest sees it. What the host does not tell is nil; the rest only grows.
package struct InterfaceUsage: Hashable, Sendable {
    /// Its place among the machine's interfaces, from 0; with `-emulated` behind it for the card that a device model plays.
    package let name: String
    package let receivedBytes: UInt64?
    package let sentBytes: UInt64?
    package let receivedPackets: UInt64?
    package let sentPackets: UInt64?

    package init(name: String, receivedBytes: UInt64?, sentBytes: UInt64?, receivedPackets: UInt64?, sentPackets: UInt64?) {
        self.name = name
        self.receivedBytes = receivedBytes
        self.sentBytes = sentBytes
        self.receivedPackets = receivedPackets
        self.sentPackets = sentPackets
    }
}
