import PoolModel

/// What this agent knows of its hypervisor, and what it has under way there.
///
/// Level-triggered: whatever is remembered here is lost with the process, and the next run comes to a true state without it.
struct Reconciler: Sendable {
    /// The newest listing; nil before the first.
    var domains: [DomainReport]?
    /// The number of the newest listing asked for, and of the newest answered.
    var askedNumber: UInt64 = 0
    var answeredNumber: UInt64 = 0
    var isListing = false
    var listedAt: MonotonicInstant?
    /// Whether to list again as soon as the present listing is answered.
    var isListingWanted = false
    /// Whether the hypervisor's silence has been reported.
    var isSilent = false
    /// Whether something has changed that reconciliation looks at.
    var isDue = true

    var operations: [DomainOperationID: RunningOperation] = [:]
    var nextOperation: UInt64 = 1
    var machines: [VirtualMachineID: MachineProgress] = [:]
    /// Images that are being removed, by their machine.
    var removals: [VirtualMachineID: ImageRemoval] = [:]
    /// Machines that migrations bring here.
    var receptions: [VirtualMachineID: Reception] = [:]
    /// What migrations left here.
    var clearances: [RemnantKey: Clearance] = [:]
    /// Domains whose oddity has been reported.
    var reported: Set<UInt32> = []
    /// The pool's machines that the newest listing shows unasked.
    var strays: [StrayDomain] = []
    /// What was last said of domains that nobody asked for, and when; nil once the log has it so.
    var straysSaid: [StrayDomain]?
    var straysSaidAt: MonotonicInstant?
}

/// An operation that has not ended.
struct RunningOperation: Sendable {
    let machine: VirtualMachineID
    let epoch: PlacementEpoch
    let operation: DomainOperation
    let began: MonotonicInstant
    /// What it has sent so far, in MiB; nil where nothing was said of that.
    var sent: Int?
    /// Whether it was told to end early.
    var isCancelled = false
}

/// The removal of one discarded image, by this run.
struct ImageRemoval: Sendable {
    let epoch: PlacementEpoch
    let operation: DomainOperationID
    /// Nil while it is under way.
    var result: DomainOperationResult?
    /// When the result was last said to the log.
    var saidAt: MonotonicInstant?
}

/// What this run has tried for one placement of a machine.
struct MachineProgress: Sendable {
    let epoch: PlacementEpoch
    /// The operation under way; a machine has one at a time.
    var operation: DomainOperationID?
    /// Only a listing asked for after the last operation shows what came of it.
    var leastListing: UInt64 = 0
    /// A placement is started once, whatever came of it.
    var wasCreated = false
    /// Why the domain that was built may not run, as a sentence: it is taken down, and the start has failed.
    var startFailure: String?
    /// Why a suspended guest cannot go on, as a sentence: its domain is taken down.
    var lossCause: String?
    /// What became of the dump of its ended guest's memory, while the log does not have it.
    var dump: MachineDump?
    /// When this run first saw its domain run.
    var runningSince: MonotonicInstant?
    /// When the guest was asked to end, and for which task.
    var endAskedAt: MonotonicInstant?
    /// The task that an operation was begun for: a task's operation is begun once in a run.
    var tried: TaskID?
    /// The task whose change of a device was carried out: no listing shows that.
    var changedDevice: TaskID?
    /// Why the last operation failed, as a sentence; nil when it did not.
    var failure: String?
    /// What failed and must be done all the same waits until then.
    var retryAt: MonotonicInstant?
    /// The operation whose silence has been reported.
    var isSilenceSaid = false
    /// The last word said to the log, and when.
    var said: MachineObservation?
    var saidAt: MonotonicInstant?
}
