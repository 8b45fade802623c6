import PoolModel
import SwiftProtobuf

extension WireProcessor {
    init(_ facts: ProcessorFacts) {
        self.init()
        vendor = facts.vendor
        modelName = facts.model
        sockets = Int64(facts.sockets)
        coresPerSocket = Int64(facts.coresPerSocket)
        threadsPerCore = Int64(facts.threadsPerCore)
        nodes = Int64(facts.nodes)
        features = facts.features.words
        liveDomainTypes = facts.liveDomainTypes.map(\.rawValue)
    }

    func model() throws(WireError) -> ProcessorFacts {
        guard let features = ProcessorFeatures(words: features) else { throw .outOfRange("processor.features") }
        let facts = ProcessorFacts(
            vendor: vendor, model: modelName, sockets: try WireField.amount(sockets, "processor.sockets"),
            coresPerSocket: try WireField.amount(coresPerSocket, "processor.cores_per_socket"),
            threadsPerCore: try WireField.amount(threadsPerCore, "processor.threads_per_core"),
            nodes: try WireField.amount(nodes, "processor.nodes"), features: features,
            liveDomainTypes: try WireField.domainTypes(liveDomainTypes, "processor.live_domain_types"))
        guard let facts else { throw .outOfRange("processor") }
        return facts
    }
}
