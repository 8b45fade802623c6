import PoolModel

/// The CPUs of a host as simulated.json and the protocol spell them; what is absent is the usual.
struct ProcessorFactsDocument: Codable, Sendable {
    var vendor: String?
    var model: String?
    var sockets: Int?
    var coresPerSocket: Int?
    var threadsPerCore: Int?
    var nodes: Int?
    /// As `xl info` prints hw_caps.
    var features: String?
    /// Of `pv`, `pvh`, `hvm`.
    var liveDomainTypes: [String]?

    init(_ facts: ProcessorFacts) {
        vendor = facts.vendor
        model = facts.model
        sockets = facts.sockets
        coresPerSocket = facts.coresPerSocket
        threadsPerCore = facts.threadsPerCore
        nodes = facts.nodes
        features = facts.features.text
        liveDomainTypes = facts.liveDomainTypes.map(\.rawValue)
    }

    /// - Parameter count: of the host's CPUs, for the usual ones.
    func facts(of count: Int) throws(DocumentFault) -> ProcessorFacts {
        let usual = SimulatedCapacity.usualProcessor(of: count)
        guard let features = features.map({ ProcessorFeatures($0) }) ?? usual.features else {
            throw DocumentFault("processor.features is not up to \(ProcessorFeatures.mostWords) words of 8 hexadecimal digits")
        }
        let live = try liveDomainTypes.map { (words) throws(DocumentFault) in
            try FactsDocument.checkedTypes(words, "processor.liveDomainTypes", mayBeEmpty: true)
        }
        guard
            let facts = ProcessorFacts(
                vendor: vendor ?? usual.vendor, model: model ?? usual.model, sockets: sockets ?? usual.sockets,
                coresPerSocket: coresPerSocket ?? usual.coresPerSocket, threadsPerCore: threadsPerCore ?? usual.threadsPerCore,
                nodes: nodes ?? usual.nodes, features: features, liveDomainTypes: live ?? usual.liveDomainTypes)
        else { throw DocumentFault("processor has a count that is not 1 to \(ProcessorFacts.counts.upperBound), or too long a name") }
        return facts
    }
}
