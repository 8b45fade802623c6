/// The roles that an Oracle VM Server holds besides being a possible Server Pool Master.
package struct ServerRoles: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Runs virtual machines.
    package static let virtualMachine = ServerRoles(rawValue: 1)
    /// Does the heavy file work: create, clone, import, convert, delete.
    package static let utility = ServerRoles(rawValue: 2)
    package static let all: ServerRoles = [.virtualMachine, .utility]

    /// The words of the command line and the API, in a fixed order: `vm`, `utility`.
    package var words: [String] {
        (contains(.virtualMachine) ? ["vm"] : []) + (contains(.utility) ? ["utility"] : [])
    }

    /// Reads one of the words above.
    package init?(word: some StringProtocol) {
        switch word {
        case "vm": self = .virtualMachine
        case "utility": self = .utility
        default: return nil
        }
    }
}

/// How a domain is virtualized.
package enum DomainType: String, Hashable, Sendable, CaseIterable {
    /// Paravirtualized.
    case pv
    /// Paravirtualized within a hardware container, without a device model.
    case pvh
    /// Hardware virtualized with a device model (qemu-dm).
    case hvm
}

/// A physical network interface card.
package struct NetworkInterfaceCard: Hashable, Sendable {
    package let name: String
    package let speed: KilobitsPerSecond

    package init(name: String, speed: KilobitsPerSecond) {
        self.name = name
        self.speed = speed
    }
}

/// A bridge that virtual network interfaces attach to, and the cards behind it.
package struct NetworkBridge: Hashable, Sendable {
    package let name: String
    /// Names of `NetworkInterfaceCard`s of the same server.
    package let cards: [String]

    package init(name: String, cards: [String]) {
        self.name = name
        self.cards = cards
    }
}

/// A directory below which the images of virtual machines lie.
package struct StorageRoot: Hashable, Sendable {
    /// An absolute path without a trailing slash.
    package let path: String
    /// Whether other servers see the same files.
    package let isShared: Bool
    /// Space for new images.
    package let capacity: Mebibytes

    package init(path: String, isShared: Bool, capacity: Mebibytes) {
        self.path = path
        self.isShared = isShared
        self.capacity = capacity
    }
}

/// What a server has to offer; committed to the log when it changes. Lists are sorted by name, so equal facts are equal values.
package struct ServerFacts: Hashable, Sendable {
    /// All of the machine's memory.
    package let totalMemory: Mebibytes
    /// What Xen itself, Domain-0 and domains that the pool did not create take.
    package let reservedMemory: Mebibytes
    /// Physical CPUs as `xl info` counts them (hardware threads).
    package let processors: Int
    package let cards: [NetworkInterfaceCard]
    package let bridges: [NetworkBridge]
    package let storageRoots: [StorageRoot]
    /// The domain types that the hypervisor can run, in the order of their declaration.
    package let domainTypes: [DomainType]
    /// `simulated`, or Xen's version as `xl info` prints it.
    package let hypervisor: String
    /// What the CPUs are; nil from an agent that does not tell.
    package let processor: ProcessorFacts?

    package init(
        totalMemory: Mebibytes, reservedMemory: Mebibytes, processors: Int, cards: [NetworkInterfaceCard], bridges: [NetworkBridge],
        storageRoots: [StorageRoot], domainTypes: [DomainType], hypervisor: String, processor: ProcessorFacts? = nil
    ) {
        self.totalMemory = totalMemory
        self.reservedMemory = reservedMemory
        self.processors = processors
        self.cards = cards.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        self.bridges = bridges.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        self.storageRoots = storageRoots.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        self.domainTypes = DomainType.allCases.filter { domainTypes.contains($0) }
        self.hypervisor = hypervisor
        self.processor = processor
    }

    /// At most how many bytes the lists take on a disk and on the wire.
    package var listedBytes: Int {
        let perItem = 24
        let cards = cards.reduce(0) { $0 + $1.name.utf8.count + perItem }
        let bridges = bridges.reduce(0) { sum, bridge in
            sum + bridge.cards.reduce(bridge.name.utf8.count + perItem) { $0 + $1.utf8.count + perItem }
        }
        let roots = storageRoots.reduce(0) { $0 + $1.path.utf8.count + perItem }
        return cards + bridges + roots + domainTypes.count * perItem + hypervisor.utf8.count + (processor?.listedBytes ?? 0)
    }

    /// The same facts with this much more memory that the pool cannot have.
    package func reserving(_ more: Mebibytes) -> ServerFacts {
        ServerFacts(
            totalMemory: totalMemory, reservedMemory: reservedMemory + more, processors: processors, cards: cards, bridges: bridges,
            storageRoots: storageRoots, domainTypes: domainTypes, hypervisor: hypervisor, processor: processor)
    }

    /// Memory that virtual machines of the pool may take together.
    package var capacity: Mebibytes { totalMemory - reservedMemory }
}
