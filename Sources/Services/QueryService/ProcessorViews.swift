import PoolModel
import PoolStateMachine
import QueryModel

// What the CPUs of servers have to do with each other: machines that run can move only where nothing that they were given is lacking.

extension ProcessorDocument {
    init(_ facts: ProcessorFacts) {
        self.init(
            vendor: facts.vendor, model: facts.model, sockets: facts.sockets, coresPerSocket: facts.coresPerSocket,
            threadsPerCore: facts.threadsPerCore, numaNodes: facts.nodes, features: facts.features.text,
            liveDomainTypes: facts.liveDomainTypes.map(\.rawValue))
    }
}

extension ProcessorFacts {
    /// Reads what a joiner tells of itself.
    init(_ document: ProcessorDocument) throws(QueryRefusal) {
        guard let features = ProcessorFeatures(document.features) else {
            throw .badValue("processor.features", document.features, expected: "up to 32 words of 8 hexadecimal digits, colons between")
        }
        var live: [DomainType] = []
        for word in document.liveDomainTypes {
            guard let type = DomainType(rawValue: word), live.count < DomainType.allCases.count else {
                throw .badValue("processor.liveDomainTypes", word, expected: "up to three of pv, pvh and hvm")
            }
            live.append(type)
        }
        let facts = ProcessorFacts(
            vendor: document.vendor, model: document.model, sockets: document.sockets, coresPerSocket: document.coresPerSocket,
            threadsPerCore: document.threadsPerCore, nodes: document.numaNodes, features: features, liveDomainTypes: live)
        guard let facts else {
            throw .badValue(
                "processor", document.model, expected: "printable ASCII for vendor and model, and counts of 1 to \(Self.counts.upperBound)")
        }
        self = facts
    }
}

extension PoolState {
    /// The servers that machines could not move to live from `server`, by name; nil when there are none.
    func processorGaps(from server: Server) -> [ProcessorGapDocument]? {
        guard let processor = server.facts?.processor else { return nil }
        let gaps = serversByName(without: server.id).compactMap { other -> ProcessorGapDocument? in
            guard let gap = other.facts?.processor.flatMap({ processor.gap(to: $0) }) else { return nil }
            return ProcessorGapDocument(server: other.name.text, features: gap.features, vendor: gap.vendor)
        }
        return gaps.isEmpty ? nil : gaps
    }

    /// What to tell whoever joins with these CPUs: a sentence for each way between it and another server that machines could not move live;
    /// nil when there is none.
    ///
    /// - Parameter server: the newcomer's number, where it has one already.
    func joinWarnings(for processor: ProcessorFacts?, _ name: ServerName, _ server: ServerID?) -> [String]? {
        guard let processor else { return nil }
        var warnings: [String] = []
        for other in serversByName(without: server) {
            guard let theirs = other.facts?.processor else { continue }
            if let gap = theirs.gap(to: processor) { warnings.append(gap.sentence(from: other.name, to: name)) }
            if let gap = processor.gap(to: theirs) { warnings.append(gap.sentence(from: name, to: other.name)) }
        }
        return warnings.isEmpty ? nil : warnings
    }

    private func serversByName(without server: ServerID?) -> [Server] {
        activeServers.filter { $0.id != server }.sorted { $0.name < $1.name }
    }
}

extension ProcessorGap {
    /// Features that a sentence names.
    private static let namedFeatures = 12

    fileprivate func sentence(from server: ServerName, to other: ServerName) -> String {
        var reasons: [String] = []
        if let vendor { reasons.append("are of another maker (\(vendor))") }
        if !features.isEmpty {
            let rest = features.count - Self.namedFeatures
            let names = features.prefix(Self.namedFeatures).joined(separator: ", ")
            reasons.append("lack \(names)" + (rest > 0 ? " and \(rest) more features" : ""))
        }
        return "Virtual machines started on \(server) could not move live to \(other), whose CPUs \(reasons.joined(separator: " and "))."
    }
}
