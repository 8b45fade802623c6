import AgentCore
import PoolModel

/// What was asked of one simulated host, and what a planted mistake does there.
struct HostRequests {
    /// A run of the agent that waits for an operation, under the number that it gave it.
    struct Waiter: Hashable {
        let run: Int
        let operation: DomainOperationID
    }

    private var waiters: [DomainOperationID: Waiter] = [:]
    /// Every run of an agent counts its operations anew, and its host outlives it.
    private var nextOperation: UInt64 = 1
    /// What the host sends, and what it receives and still waits for.
    var sendings: [DomainOperationID: DomainTransfer] = [:]
    var receptions: [SimulatedMove: DomainOperationID] = [:]
    /// What was cancelled before it was asked for here.
    var cancelled: Set<Waiter> = []
    /// When the host is to be looked after next.
    var wakesAt: Int64?
    /// Domains whose guests were asked to end and do not care.
    var stubborn: Set<UInt32> = []
    /// What the host was told of them: it goes by names, which outlast domains and power cuts.
    var stubbornNames: Set<String> = []
    /// A planted mistake: domains that run on, though the host says that they are destroyed.
    var hidden: Set<UInt32> = []
    /// A planted mistake: what is started again after a restart of the agent.
    var startsToReplay: [DomainSpecification] = []
    var replayed: Set<DomainOwnership> = []

    /// - Returns: the host's own number for an operation; without a waiter nobody is told of its end.
    mutating func number(for waiter: Waiter?) -> DomainOperationID {
        defer { nextOperation += 1 }
        let id = DomainOperationID(nextOperation)
        if let waiter { waiters[id] = waiter }
        return id
    }

    /// The host's own number for what a run of the agent waits for.
    func operation(of waiter: Waiter) -> DomainOperationID? { waiters.first { $0.value == waiter }?.key }

    mutating func waiter(for id: DomainOperationID) -> Waiter? { waiters.removeValue(forKey: id) }

    /// The host lost power: nobody answers, and every number may be given again.
    mutating func powerCut() {
        var kept = HostRequests()
        kept.startsToReplay = startsToReplay
        kept.stubbornNames = stubbornNames
        self = kept
    }
}
