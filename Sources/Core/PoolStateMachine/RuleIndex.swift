import PoolModel

/// Which rules a machine belongs to, and where the machines are that rules select by tag. Derived from rules, tags and placements.
///
/// It lets a start look at its own rules and at the servers only, however many machines and rules there are. Names need no place here:
/// a rule names few machines, and where each of them is placed is found by its name.
struct RuleIndex: Hashable, Sendable {
    private var rulesByMachine: [VirtualMachineName: Set<RuleID>] = [:]
    private var rulesByTag: [TagSelector: Set<RuleID>] = [:]
    /// The placed machines that a tag selects, by number; only for tags that some rule selects by, and without empty lists.
    private var placed: [TagSelector: [ServerID: [VirtualMachineID]]] = [:]

    /// A machine that is placed, as the index sees it.
    struct PlacedMachine {
        let id: VirtualMachineID
        let tags: [TagKey: String]
        let server: ServerID
    }

    // MARK: Looking

    /// The rules that a machine of this name with these tags belongs to, by number.
    func rules(of name: VirtualMachineName, _ tags: [TagKey: String]) -> [RuleID] {
        guard !rulesByTag.isEmpty || !rulesByMachine.isEmpty else { return [] }
        let named = rulesByMachine[name] ?? []
        return selectors(of: tags).reduce(into: named) { $0.formUnion(rulesByTag[$1] ?? []) }.sorted()
    }

    /// The placed machines that a tag selects, by server, each list by number.
    func placedMachines(selectedBy tag: TagSelector) -> [ServerID: [VirtualMachineID]] { placed[tag] ?? [:] }

    /// The selectors of some rule that select a machine with these tags, in no order.
    private func selectors(of tags: [TagKey: String]) -> [TagSelector] {
        // A machine may have many tags and the pool many rules; the shorter list is walked.
        guard tags.count < rulesByTag.count else { return rulesByTag.keys.filter { $0.selects(tags) } }
        return tags.flatMap { [TagSelector(key: $0.key), TagSelector(key: $0.key, value: $0.value)] }.filter { rulesByTag[$0] != nil }
    }

    // MARK: Changing

    /// - Parameter machines: every machine that is placed.
    mutating func add(_ rule: Rule, placed machines: [PlacedMachine]) {
        for name in rule.definition.machines { rulesByMachine[name, default: []].insert(rule.id) }
        for tag in rule.definition.tags {
            let isNew = rulesByTag[tag] == nil
            rulesByTag[tag, default: []].insert(rule.id)
            guard isNew else { continue }
            for machine in machines where tag.selects(machine.tags) { insert(machine.id, tag, machine.server) }
        }
    }

    mutating func remove(_ rule: Rule) {
        for name in rule.definition.machines {
            rulesByMachine[name]?.remove(rule.id)
            if rulesByMachine[name]?.isEmpty == true { rulesByMachine[name] = nil }
        }
        for tag in rule.definition.tags {
            rulesByTag[tag]?.remove(rule.id)
            guard rulesByTag[tag]?.isEmpty == true else { continue }
            rulesByTag[tag] = nil
            placed[tag] = nil
        }
    }

    mutating func place(_ id: VirtualMachineID, _ tags: [TagKey: String], on server: ServerID) {
        for tag in selectors(of: tags) { insert(id, tag, server) }
    }

    mutating func remove(_ id: VirtualMachineID, _ tags: [TagKey: String], from server: ServerID) {
        for tag in selectors(of: tags) { remove(id, tag, server) }
    }

    /// A machine that is placed has got another value for a tag; nil stands for no such tag.
    mutating func retag(_ id: VirtualMachineID, _ key: TagKey, from former: String?, to value: String?, on server: ServerID) {
        if let former { remove(id, [key: former], from: server) }
        if let value { place(id, [key: value], on: server) }
    }

    private mutating func insert(_ id: VirtualMachineID, _ tag: TagSelector, _ server: ServerID) {
        let position = placed[tag]?[server]?.position(of: id) ?? 0
        placed[tag, default: [:]][server, default: []].insert(id, at: position)
    }

    private mutating func remove(_ id: VirtualMachineID, _ tag: TagSelector, _ server: ServerID) {
        guard let position = placed[tag]?[server]?.position(of: id), placed[tag]?[server]?[position] == id else { return }
        placed[tag]?[server]?.remove(at: position)
        if placed[tag]?[server]?.isEmpty == true { placed[tag]?[server] = nil }
        if placed[tag]?.isEmpty == true { placed[tag] = nil }
    }
}

extension [VirtualMachineID] {
    /// Where `id` is, or belongs, in a list by number.
    func position(of id: VirtualMachineID) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < id { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Both lists as one, by number, without duplicates.
    func merged(with other: [VirtualMachineID]) -> [VirtualMachineID] {
        guard !isEmpty else { return other }
        var result: [VirtualMachineID] = []
        result.reserveCapacity(count + other.count)
        var (left, right) = (0, 0)
        while left < count || right < other.count {
            let takesLeft = right == other.count || left < count && self[left] <= other[right]
            let next = takesLeft ? self[left] : other[right]
            if takesLeft { left += 1 } else { right += 1 }
            if result.last != next { result.append(next) }
        }
        return result
    }
}
