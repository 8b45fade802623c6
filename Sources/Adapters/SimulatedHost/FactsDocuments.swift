import PoolModel

/// A network interface card as simulated.json and the protocol spell it.
struct CardDocument: Codable, Sendable {
    var name: String
    var kilobitsPerSecond: Int
}

/// A bridge as simulated.json and the protocol spell it.
struct BridgeDocument: Codable, Sendable {
    var name: String
    var cards: [String]
}

/// A storage root as simulated.json and the protocol spell it.
struct StorageRootDocument: Codable, Sendable {
    var path: String
    var shared: Bool
    var mebibytes: Int
}

/// What a host offers, in words and plain numbers; read with suspicion, whoever wrote it.
struct FactsDocument: Codable, Sendable {
    /// In MiB.
    var memory: Int
    /// In MiB.
    var reserve: Int
    var processors: Int
    var cards: [CardDocument]
    var bridges: [BridgeDocument]
    var storageRoots: [StorageRootDocument]
    var domainTypes: [String]
    var hypervisor: String?
    var processor: ProcessorFactsDocument?
}

/// What is wrong with a document: the rest of a sentence that begins with its name.
struct DocumentFault: Error, Hashable, Sendable {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}

extension FactsDocument {
    init(_ facts: ServerFacts) {
        self.init(
            memory: facts.totalMemory.count, reserve: facts.reservedMemory.count, processors: facts.processors,
            cards: facts.cards.map { CardDocument(name: $0.name, kilobitsPerSecond: $0.speed.count) },
            bridges: facts.bridges.map { BridgeDocument(name: $0.name, cards: $0.cards) },
            storageRoots: facts.storageRoots.map {
                StorageRootDocument(path: $0.path, shared: $0.isShared, mebibytes: $0.capacity.count)
            }, domainTypes: facts.domainTypes.map(\.rawValue), hypervisor: facts.hypervisor,
            processor: facts.processor.map { ProcessorFactsDocument($0) })
    }

    /// The capacity that the document describes, every bound checked.
    func capacity() throws(DocumentFault) -> SimulatedCapacity {
        let limits = SimulatedHostLimits.self
        guard (0...limits.memory.count).contains(memory) else { throw DocumentFault("memory is not 0 to \(limits.memory.count) MiB") }
        guard (0...memory).contains(reserve) else { throw DocumentFault("reserve is not between 0 and memory") }
        guard (1...limits.processors).contains(processors) else { throw DocumentFault("processors is not 1 to \(limits.processors)") }
        for (what, count) in [("cards", cards.count), ("bridges", bridges.count), ("storageRoots", storageRoots.count)] {
            guard count <= limits.listedItems else { throw DocumentFault("\(what) has more than \(limits.listedItems) items") }
        }
        return SimulatedCapacity(
            memory: Mebibytes(memory), reserve: Mebibytes(reserve), processors: processors, cards: try checkedCards(),
            bridges: try checkedBridges(), storageRoots: try checkedStorageRoots(),
            domainTypes: try Self.checkedTypes(domainTypes, "domainTypes"), processor: try processor?.facts(of: processors))
    }

    private func checkedCards() throws(DocumentFault) -> [NetworkInterfaceCard] {
        try requireNames(cards.map(\.name), of: "cards")
        var checked: [NetworkInterfaceCard] = []
        for card in cards {
            guard (1...SimulatedHostLimits.speed.count).contains(card.kilobitsPerSecond) else {
                throw DocumentFault("the card \(card.name) has no possible speed")
            }
            checked.append(NetworkInterfaceCard(name: card.name, speed: KilobitsPerSecond(card.kilobitsPerSecond)))
        }
        return checked
    }

    private func checkedBridges() throws(DocumentFault) -> [NetworkBridge] {
        try requireNames(bridges.map(\.name), of: "bridges")
        let known = Set(cards.map(\.name))
        for bridge in bridges {
            guard bridge.cards.count <= SimulatedHostLimits.listedItems, bridge.cards.allSatisfy(known.contains) else {
                throw DocumentFault("the bridge \(bridge.name) names a card that the server does not have")
            }
        }
        return bridges.map { NetworkBridge(name: $0.name, cards: $0.cards) }
    }

    private func checkedStorageRoots() throws(DocumentFault) -> [StorageRoot] {
        try requireNames(storageRoots.map(\.path), of: "storageRoots")
        var checked: [StorageRoot] = []
        for root in storageRoots {
            guard root.path.hasPrefix("/"), root.path == "/" || !root.path.hasSuffix("/") else {
                throw DocumentFault("the storage root \(root.path) is not an absolute path without a trailing slash")
            }
            // A petabyte is 2^30 MiB.
            guard (0...1_024 * 1_024 * 1_024).contains(root.mebibytes) else {
                throw DocumentFault("the storage root \(root.path) has no possible size")
            }
            checked.append(StorageRoot(path: root.path, isShared: root.shared, capacity: Mebibytes(root.mebibytes)))
        }
        return checked
    }

    static func checkedTypes(_ words: [String], _ what: String, mayBeEmpty: Bool = false) throws(DocumentFault) -> [DomainType] {
        let types = words.prefix(DomainType.allCases.count + 1).map { DomainType(rawValue: $0) }
        let known = types.compactMap { $0 }
        guard mayBeEmpty || !known.isEmpty, known.count == types.count, known.count == words.count, Set(known).count == known.count else {
            throw DocumentFault("\(what) is not a choice of pv, pvh and hvm")
        }
        return known
    }

    private func requireNames(_ names: [String], of what: String) throws(DocumentFault) {
        guard names.allSatisfy({ (1...SimulatedHostLimits.nameBytes).contains($0.utf8.count) }) else {
            throw DocumentFault("\(what) has an item whose name is empty or too long")
        }
        guard Set(names).count == names.count else { throw DocumentFault("\(what) names something twice") }
    }
}

extension FactsDocument {
    /// The facts that a host tells of itself.
    func serverFacts() throws(DocumentFault) -> ServerFacts {
        guard let hypervisor, hypervisor.utf8.count <= SimulatedHostLimits.nameBytes else { throw DocumentFault("it names no hypervisor") }
        let capacity = try capacity()
        return ServerFacts(
            totalMemory: capacity.memory, reservedMemory: capacity.reserve, processors: capacity.processors, cards: capacity.cards,
            bridges: capacity.bridges, storageRoots: capacity.storageRoots, domainTypes: capacity.domainTypes, hypervisor: hypervisor,
            // A host of an older build tells nothing of its CPUs.
            processor: processor == nil ? nil : capacity.processor)
    }
}
