package import PoolModel

/// What a simulated server has to offer.
package struct SimulatedCapacity: Hashable, Sendable {
    /// All of the machine's memory.
    package var memory: Mebibytes
    /// What Xen itself and Domain-0 take of it.
    package var reserve: Mebibytes
    package var processors: Int
    package var cards: [NetworkInterfaceCard]
    package var bridges: [NetworkBridge]
    package var storageRoots: [StorageRoot]
    package var domainTypes: [DomainType]
    package var processor: ProcessorFacts

    /// A server with two 10 Gb/s cards and 64 GiB of memory, unless told otherwise.
    package init(
        memory: Mebibytes = Mebibytes(64 * 1_024),
        reserve: Mebibytes = Mebibytes(2 * 1_024),
        processors: Int = 16,
        cards: [NetworkInterfaceCard] = SimulatedCapacity.usualCards,
        bridges: [NetworkBridge] = SimulatedCapacity.usualBridges,
        storageRoots: [StorageRoot] = SimulatedCapacity.usualStorageRoots,
        domainTypes: [DomainType] = DomainType.allCases,
        processor: ProcessorFacts? = nil
    ) {
        self.memory = memory
        self.reserve = reserve
        self.processors = processors
        self.cards = cards
        self.bridges = bridges
        self.storageRoots = storageRoots
        self.domainTypes = domainTypes
        self.processor = processor ?? Self.usualProcessor(of: processors)
    }

    /// One socket whose cores have two threads where the number allows it: the features of a Xeon of 2017, which `xl info` printed.
    ///
    /// - Parameter count: of hardware threads.
    package static func usualProcessor(of count: Int) -> ProcessorFacts {
        let threads = count.isMultiple(of: 2) ? 2 : 1
        guard let features = ProcessorFeatures("bfebfbff:77fef3ff:2c100800:00000121:0000000f:d39ffffb:00000008:00000100"),
            let processor = ProcessorFacts(
                vendor: "GenuineIntel", model: "Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz (simulated)", sockets: 1,
                coresPerSocket: max(1, count / threads), threadsPerCore: threads, nodes: 1, features: features,
                liveDomainTypes: DomainType.allCases)
        else { preconditionFailure("a host cannot have \(count) CPUs") }
        return processor
    }

    package static let usualCards = [
        NetworkInterfaceCard(name: "eth0", speed: KilobitsPerSecond(10_000_000)),
        NetworkInterfaceCard(name: "eth1", speed: KilobitsPerSecond(10_000_000)),
    ]

    package static let usualBridges = [
        NetworkBridge(name: "xenbr0", cards: ["eth0"]),
        NetworkBridge(name: "xenbr1", cards: ["eth1"]),
        NetworkBridge(name: "xenbr9", cards: ["eth1"]),
    ]

    /// `/OVS` is the storage repository of an Oracle VM Server pool; `/dev` holds block devices handed to domains.
    package static let usualStorageRoots = [
        StorageRoot(path: "/OVS", isShared: true, capacity: Mebibytes(4 * 1_024 * 1_024)),
        StorageRoot(path: "/dev", isShared: false, capacity: Mebibytes(1_024 * 1_024)),
        StorageRoot(path: "/srv", isShared: false, capacity: Mebibytes(1_024 * 1_024)),
    ]
}
