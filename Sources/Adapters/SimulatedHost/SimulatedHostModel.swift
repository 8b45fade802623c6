package import AgentCore
package import PoolModel

/// A Xen host as a value: domains, memory, operations that take time, and faults on request.
///
/// It has no clock and no random source: instants come with each call and may be virtual, and a seed decides what is drawn. Callers
/// `begin` operations and `control` the host, then `advance` it to the present; `advance` tells all that has come of it, in order.
package struct SimulatedHostModel: Sendable {
    package let capacity: SimulatedCapacity
    /// Identifies this boot of the host.
    package private(set) var boot: UniqueIdentifier
    package internal(set) var durations: SimulatedDurations
    /// Where dumps of memory lie.
    let dumpFolder: String
    /// Where the images lie that lie below no shared storage root.
    package let imageFolder: String
    /// The images that this host sees; they outlive its boots.
    package internal(set) var images: Set<String> = []

    var domains: [UInt32: SimulatedDomain] = [:]
    var nextDomain: UInt32 = 1
    var generator: SeededGenerator
    var steps = StepQueue()
    /// Operations that hang, in the order in which they began.
    var hanging: [(id: DomainOperationID, operation: DomainOperation)] = []
    var waitingFaults: [(kind: SimulatedOperationKind, fault: SimulatedFault)] = []
    var namesIgnoringShutdown: Set<String> = []
    /// Who waits for a dying domain's end beside the operation that destroys it.
    var destroyWaiters: [UInt32: [DomainOperationID]] = [:]
    /// Domains that are received, by the operations.
    var arrivals: [DomainOperationID: SimulatedArrival] = [:]
    /// How long the domains have run.
    var runs: [UInt32: SimulatedRun] = [:]
    /// Collected between two calls of `advance`.
    var changes: [SimulatedHostChange] = []

    /// A host that has just booted.
    package init(
        capacity: SimulatedCapacity, durations: SimulatedDurations = SimulatedDurations(), boot: UniqueIdentifier, seed: UInt64,
        dumpFolder: String = "/dump", imageFolder: String = "/save", now: MonotonicInstant
    ) {
        self.capacity = capacity
        self.dumpFolder = dumpFolder
        self.imageFolder = imageFolder
        self.durations = durations
        self.boot = boot
        generator = SeededGenerator(seed: seed)
        record(.booted, nil, at: now)
    }

    // MARK: Looking

    /// All domains but Domain-0, by number.
    package var domainReports: [DomainReport] { domains.keys.sorted().compactMap { domains[$0]?.report } }

    /// What the host offers. Domains without ownership count as reserved: the pool did not create them.
    package var facts: ServerFacts {
        let foreign = domains.values.filter { $0.ownership == nil }.reduce(0) { $0 + $1.memory.count }
        return ServerFacts(
            totalMemory: capacity.memory, reservedMemory: capacity.reserve + Mebibytes(foreign), processors: capacity.processors,
            cards: capacity.cards, bridges: capacity.bridges, storageRoots: capacity.storageRoots, domainTypes: capacity.domainTypes,
            hypervisor: "simulated", processor: capacity.processor)
    }

    /// Memory that a new domain could take. Ended and dying domains still hold theirs.
    package var freeMemory: Mebibytes {
        capacity.memory - capacity.reserve - Mebibytes(domains.values.reduce(0) { $0 + $1.memory.count })
    }

    /// When `advance` next has something to do; nil while nothing is under way.
    package var nextDeadline: MonotonicInstant? { steps.first?.deadline }

    /// Whether the last calls have left changes that only `advance` hands out.
    package var hasChanges: Bool { !changes.isEmpty }

    // MARK: Time

    /// Lets everything happen that was due by `now`, each at its own instant, and tells it in order.
    package mutating func advance(to now: MonotonicInstant) -> [SimulatedHostChange] {
        while let step = steps.popFirst(dueBy: now) { take(step) }
        let told = changes
        changes = []
        return told
    }

    /// The host loses power and comes up again: all domains are gone, and nobody answers the operations that were under way.
    ///
    /// Requests to ignore a shutdown stay, since they belong to the guests' images; waiting faults do not.
    package mutating func powerCut(newBoot: UniqueIdentifier, now: MonotonicInstant) -> [SimulatedHostChange] {
        precondition(newBoot != boot, "a host booted twice under the identifier \(boot)")
        var told = advance(to: now)
        steps = StepQueue()
        hanging = []
        waitingFaults = []
        destroyWaiters = [:]
        arrivals = [:]
        for number in domains.keys.sorted() {
            guard let domain = domains.removeValue(forKey: number) else { continue }
            record(.stopped, domain.identity, at: now)
        }
        nextDomain = 1
        boot = newBoot
        record(.booted, nil, at: now)
        told += changes
        changes = []
        return told
    }

    // MARK: Within

    mutating func record(_ kind: SimulatedHostEventKind, _ domain: SimulatedDomainIdentity?, at instant: MonotonicInstant) {
        if let domain {
            runs[domain.number, default: SimulatedRun()].note(kind, at: instant)
            if kind == .stopped { runs[domain.number] = nil }
        }
        changes.append(.event(SimulatedHostEvent(kind: kind, instant: instant, boot: boot, domain: domain)))
    }

    mutating func complete(_ id: DomainOperationID, _ result: DomainOperationResult) {
        changes.append(.completed(id, result))
    }
}
