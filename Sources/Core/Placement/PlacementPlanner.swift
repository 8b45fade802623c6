import PoolModel

/// Decides where a virtual machine starts: filter, score, choose. Start, explanation and what-if all call this one function.
package enum PlacementPlanner {
    /// A whole share, in millionths.
    package static let wholeShare = 1_000_000

    /// - Returns: the choice and the reason for every server. Equal questions give equal decisions on every server.
    package static func decide(_ question: PlacementQuestion) -> PlacementDecision {
        let verdicts = question.candidates.map { verdict(on: $0, question) }
        let ordered = verdicts.sorted(by: isBefore)
        guard let best = ordered.first, case .score = best.finding else {
            return PlacementDecision(chosen: nil, verdicts: ordered)
        }
        return PlacementDecision(chosen: best.server, verdicts: ordered)
    }

    /// Fewer broken soft rules first, then fewer machines that they are about; then the highest score.
    /// Ties by the larger sum of shares, then fewer virtual machines, then the name. Refused ones last, by name.
    private static func isBefore(_ left: PlacementVerdict, _ right: PlacementVerdict) -> Bool {
        switch (left.finding, right.finding) {
        case (.score(let one), .score(let other)):
            if left.brokenRules.count != right.brokenRules.count { return left.brokenRules.count < right.brokenRules.count }
            let (met, metByOther) = (left.machinesOfBrokenRules, right.machinesOfBrokenRules)
            if met != metByOther { return met < metByOther }
            if one.smallest != other.smallest { return one.smallest > other.smallest }
            if one.sum != other.sum { return one.sum > other.sum }
            if one.machines != other.machines { return one.machines < other.machines }
            return left.name < right.name
        case (.score, .refused): return true
        case (.refused, .score): return false
        case (.refused, .refused): return left.name < right.name
        }
    }

    private static func verdict(on candidate: PlacementCandidate, _ question: PlacementQuestion) -> PlacementVerdict {
        let finding = judge(candidate, question)
        var broken: [RuleConflict] = []
        if case .score = finding { broken = conflicts(on: candidate, question, .soft) }
        return PlacementVerdict(server: candidate.server, name: candidate.name, finding: finding, brokenRules: broken)
    }

    private static func judge(_ candidate: PlacementCandidate, _ question: PlacementQuestion) -> PlacementFinding {
        if let sighting = question.sighting { return .refused(.seenOutside(sighting)) }
        if let refusal = refusalOfState(candidate, question) { return .refused(refusal) }
        guard let facts = candidate.facts else { return .refused(.joining) }
        if let refusal = question.image?.refusal(of: candidate.server, facts) { return .refused(refusal) }
        if let refusal = question.move?.refusal(of: candidate.server, facts, question.requirements) { return .refused(refusal) }
        if let refusal = refusalOfFacts(facts, question.requirements) { return .refused(refusal) }
        if let conflict = conflicts(on: candidate, question, .hard).first { return .refused(.brokenRule(conflict)) }
        return room(on: candidate, facts, question)
    }

    /// The rules of this strength that the machine would break there.
    private static func conflicts(
        on candidate: PlacementCandidate, _ question: PlacementQuestion, _ strength: RuleStrength
    ) -> [RuleConflict] {
        question.rules.compactMap { rule in
            guard rule.strength == strength else { return nil }
            return rule.conflict(on: candidate.server) { server in question.candidates.first { $0.server == server }?.name }
        }
    }

    private static func refusalOfState(_ candidate: PlacementCandidate, _ question: PlacementQuestion) -> PlacementRefusal? {
        let isPreferred = question.preferredServers.isEmpty || question.preferredServers.contains(candidate.server)
        guard isPreferred else { return .notPreferred }
        guard !question.leftOut.contains(candidate.server) else { return .leftOut }
        switch candidate.availability {
        case .inMaintenance: return .inMaintenance
        case .lost: return .lost
        case .stopped: return .stopped
        case .joining: return .joining
        case .active: return candidate.roles.contains(.virtualMachine) ? nil : .withoutRole
        }
    }

    static func refusalOfFacts(_ facts: ServerFacts, _ requirements: MachineRequirements) -> PlacementRefusal? {
        guard facts.domainTypes.contains(requirements.domainType) else { return .domainTypeNotSupported(requirements.domainType) }
        for path in requirements.diskPaths where !facts.storageRoots.contains(where: { isPath(path, below: $0.path) }) {
            return .storageNotSeen(path: path)
        }
        for interface in requirements.interfaces where !facts.bridges.contains(where: { $0.name == interface.bridge }) {
            return .bridgeMissing(interface.bridge)
        }
        return nil
    }

    /// The root of a server that holds this path: the deepest, as that is what is mounted last; nil where none does.
    static func root(of path: String, _ facts: ServerFacts) -> StorageRoot? {
        facts.storageRoots.filter { isPath(path, below: $0.path) }.max { $0.path.utf8.count < $1.path.utf8.count }
    }

    /// Whether `path` lies below `root`; `/OVSX/a` does not lie below `/OVS`, and neither does a path that climbs out with `..`.
    private static func isPath(_ path: String, below root: String) -> Bool {
        let path = path.utf8
        let root = root.utf8
        let slash = UInt8(ascii: "/")
        guard path.starts(with: root), !path.split(separator: slash).contains(where: { $0.elementsEqual("..".utf8) }) else { return false }
        let rest = path.dropFirst(root.count)
        return rest.count > 1 && rest.first == slash || root.last == slash && !rest.isEmpty
    }

    private static func room(
        on candidate: PlacementCandidate, _ facts: ServerFacts, _ question: PlacementQuestion
    ) -> PlacementFinding {
        let needs = question.requirements
        let reserved = candidate.reservations
        let freeMemory = facts.capacity - reserved.memory
        guard needs.memory <= freeMemory else { return .refused(.notEnoughMemory(needed: needs.memory, free: freeMemory)) }

        let processorCapacity = facts.processors * question.overcommitRatio
        let freeProcessors = max(0, processorCapacity - reserved.virtualCPUs)
        guard needs.virtualCPUs <= freeProcessors else {
            return .refused(.notEnoughProcessors(needed: needs.virtualCPUs, free: freeProcessors))
        }

        var networkShare = wholeShare
        let network = NetworkRoom(facts, reserved: reserved.rates, needed: needs.interfaces)
        for bound in network.bounds {
            guard bound.needed <= bound.free else {
                return .refused(
                    .notEnoughNetwork(
                        bridge: bound.bridge, needed: KilobitsPerSecond(bound.needed), free: KilobitsPerSecond(bound.free)))
            }
            networkShare = min(networkShare, share(of: bound.free - bound.needed, in: bound.speed))
        }

        let diskCapacity = facts.storageRoots.filter { !$0.isShared }.reduce(Mebibytes.zero) { $0 + $1.capacity }
        let freeDisk = diskCapacity - reserved.newImages
        guard needs.newImageSize <= freeDisk || needs.newImageSize == .zero else {
            return .refused(.notEnoughDisk(needed: needs.newImageSize, free: freeDisk))
        }
        let diskShare = needs.newImageSize == .zero ? wholeShare : share(of: (freeDisk - needs.newImageSize).count, in: diskCapacity.count)

        return .score(
            PlacementScore(
                memory: share(of: (freeMemory - needs.memory).count, in: facts.capacity.count),
                processors: share(of: freeProcessors - needs.virtualCPUs, in: processorCapacity), network: networkShare,
                disk: diskShare, machines: reserved.machines))
    }

    /// `part` of `whole` in millionths, rounded down, without overflow.
    private static func share(of part: Int, in whole: Int) -> Int {
        guard whole > 0, part > 0 else { return 0 }
        let product = part.multipliedFullWidth(by: wholeShare)
        return min(wholeShare, whole.dividingFullWidth(product).quotient)
    }
}

extension PlacementVerdict {
    /// How many machines the broken soft rules would keep it apart from, or together with.
    fileprivate var machinesOfBrokenRules: Int { brokenRules.reduce(0) { $0 + $1.count } }
}
