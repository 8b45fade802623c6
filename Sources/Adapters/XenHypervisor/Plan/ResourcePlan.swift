import DomainConfiguration
package import PoolModel

/// A domain's memory.
package struct MemoryPlan: Hashable, Sendable {
    /// What it starts with.
    package var target: Mebibytes
    /// What it may grow to; never less than `target`.
    package var maximum: Mebibytes
    /// `shadow_memory`: Xen's own book-keeping for the domain.
    package var shadow: Mebibytes?
    /// `videoram`; it is part of `target`.
    package var video: Mebibytes?

    init(_ requirements: MachineRequirements, keys: inout ConfigurationKeys) {
        target = requirements.memory
        maximum = max(requirements.memory, requirements.maximumMemory)
        shadow = keys.number("shadow_memory", 0...1_048_576).map { Mebibytes($0) }
        video = keys.domainType == .hvm ? keys.number("videoram", 0...1_024).map { Mebibytes($0) } : nil
    }
}

/// A domain's virtual CPUs.
package struct ProcessorPlan: Hashable, Sendable {
    /// Which physical CPUs virtual ones may use.
    package enum Affinity: Hashable, Sendable {
        /// The same for all.
        case all(ProcessorSelection)
        /// One after the other; virtual CPUs beyond the list may use any.
        case each([ProcessorSelection])
    }

    /// Online at the start.
    package var online: Int
    package var maximum: Int
    /// `cpus`: Xen runs them nowhere else.
    package var hard: Affinity?
    /// `cpus_soft`: Xen prefers to run them there.
    package var soft: Affinity?
    /// `cpu_weight`: 1 to 65,535; libxl's default is 256.
    package var weight: Int?
    /// `cap` in hundredths of one CPU; 0 is none.
    package var cap: Int?
    /// `pool`: the name of a CPU pool.
    package var pool: String?

    init(_ requirements: MachineRequirements, keys: inout ConfigurationKeys) {
        online = requirements.virtualCPUs
        maximum = max(requirements.virtualCPUs, requirements.maximumVirtualCPUs)
        hard = Self.affinity("cpus", &keys)
        soft = Self.affinity("cpus_soft", &keys)
        weight = keys.number("cpu_weight", 1...65_535)
        cap = keys.number("cap", 0...65_535)
        pool = keys.text("pool")
    }

    private static func affinity(_ key: String, _ keys: inout ConfigurationKeys) -> Affinity? {
        let value = keys.take(key)
        let affinity: Affinity?
        switch value {
        case nil, .text(""): return nil
        case .list(let elements):
            let selections = elements.map { ProcessorSelection($0.flatText) }
            affinity = selections.contains(nil) ? nil : .each(selections.compactMap { $0 })
        case .some(let value): affinity = ProcessorSelection(value.flatText).map { .all($0) }
        }
        if affinity == nil { keys.warnShape(key, "a choice of CPUs such as \"0-3,^1\", \"nodes:0\" or \"all\"") }
        return affinity
    }
}

/// A choice of physical CPUs, as xl.cfg(5) writes it: `all`, `0-3,^1`, `nodes:0-1,^node:1`.
package struct ProcessorSelection: Hashable, Sendable {
    /// One part of the choice; they count one after the other.
    struct Term: Hashable {
        /// `^`: taken away again.
        let isExcluded: Bool
        /// NUMA nodes instead of CPUs.
        let isNodes: Bool
        /// nil for all.
        let range: ClosedRange<Int>?
    }

    let terms: [Term]

    /// The largest number of a CPU or node that is read.
    private static let highest = 65_535
    private static let mostTerms = 1_024

    /// Nil for text that is no such choice.
    package init?(_ text: String) {
        var terms: [Term] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard terms.count < Self.mostTerms, let term = Self.term(part.filter { $0 != " " }[...]) else { return nil }
            terms.append(term)
        }
        self.terms = terms
    }

    private static func term(_ text: Substring) -> Term? {
        var rest = text
        let isExcluded = rest.hasPrefix("^")
        if isExcluded { rest = rest.dropFirst() }
        let isNodes = rest.hasPrefix("node:") || rest.hasPrefix("nodes:")
        if isNodes { rest = rest.drop { $0 != ":" }.dropFirst() }
        if rest == "all" { return Term(isExcluded: isExcluded, isNodes: isNodes, range: nil) }
        // xl takes `node:0-node:1` as well.
        let ends = rest.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map { number($0) }
        guard let low = ends.first ?? nil else { return nil }
        guard ends.count == 2 else { return Term(isExcluded: isExcluded, isNodes: isNodes, range: low...low) }
        guard let high = ends[1], high >= low else { return nil }
        return Term(isExcluded: isExcluded, isNodes: isNodes, range: low...high)
    }

    private static func number(_ text: Substring) -> Int? {
        guard (1...5).contains(text.utf8.count), text.allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int(text) else { return nil }
        return number <= highest ? number : nil
    }

    /// The CPUs of a server, sorted; empty where the choice leaves none.
    package func processors(of topology: XenTopology) -> [Int] {
        var chosen: Set<Int> = []
        for term in terms {
            let matching = topology.nodes.indices.filter { processor in
                guard let node = topology.nodes[processor] else { return false }
                return term.range?.contains(term.isNodes ? node : processor) ?? true
            }
            if term.isExcluded { chosen.subtract(matching) } else { chosen.formUnion(matching) }
        }
        return chosen.sorted()
    }
}

/// The physical CPUs of a server.
package struct XenTopology: Hashable, Sendable {
    /// The NUMA node of each CPU, by its number; nil for a CPU that is offline.
    package let nodes: [Int?]

    package init(nodes: [Int?]) { self.nodes = nodes }
}
