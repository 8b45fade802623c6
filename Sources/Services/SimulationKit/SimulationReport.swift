/// Something that must never happen, and did.
package struct SimulationViolation: Hashable, Sendable {
    /// Which event of the run it was.
    package let event: Int
    /// When, in simulated nanoseconds.
    package let nanoseconds: Int64
    /// What is wrong: a sentence.
    package let sentence: String

    package init(event: Int, nanoseconds: Int64, sentence: String) {
        self.event = event
        self.nanoseconds = nanoseconds
        self.sentence = sentence
    }
}

/// What a simulation came to. The same settings always give the same report.
package struct SimulationReport: Hashable, Sendable {
    package let seed: UInt64
    package internal(set) var violations: [SimulationViolation] = []
    package internal(set) var simulatedNanoseconds: Int64 = 0
    package internal(set) var events = 0
    package internal(set) var counts = SimulationCounts()
    /// The digest of the pool's state at the end, as the committed log gives it.
    package internal(set) var finalDigest: UInt64 = 0
    /// Mixed from every event: two runs with the same trace did the same.
    package internal(set) var trace: UInt64 = 0

    init(seed: UInt64) { self.seed = seed }
}

/// How much happened.
package struct SimulationCounts: Hashable, Sendable {
    package internal(set) var messages = 0
    /// Messages that a broken connection or a partition swallowed.
    package internal(set) var lostMessages = 0
    package internal(set) var doubledMessages = 0
    /// Messages that took long.
    package internal(set) var delayedMessages = 0
    /// Messages that arrive before one that was sent earlier the same way.
    package internal(set) var overtakingMessages = 0
    package internal(set) var elections = 0
    package internal(set) var committedEntries = 0
    package internal(set) var acknowledgedWrites = 0
    package internal(set) var refusedWrites = 0
    package internal(set) var unknownWrites = 0
    package internal(set) var reads = 0
    /// Domains that were let run.
    package internal(set) var starts = 0
    /// Core dumps of guests that ended by themselves.
    package internal(set) var dumps = 0
    /// Guests that went on from an image.
    package internal(set) var resumes = 0
    /// Domains that were built of what another server sent.
    package internal(set) var receptions = 0
    /// Machines that were handed over to another server.
    package internal(set) var migrations = 0
    package internal(set) var crashes = 0
    package internal(set) var powerCuts = 0
    /// Crashes and power cuts of which some, and not all, of the writes under way reached the disk.
    package internal(set) var brokenBatches = 0
    package internal(set) var gracefulStops = 0
    package internal(set) var partitions = 0
    package internal(set) var pauses = 0
    package internal(set) var suspensions = 0
    package internal(set) var clockSteps = 0
    /// Operations of hypervisors that failed or were said to, hung, or took long.
    package internal(set) var hostFaults = 0
    package internal(set) var membershipChanges = 0
    package internal(set) var snapshots = 0
    /// Servers that took a snapshot from the master.
    package internal(set) var restores = 0
    /// Digests of other servers' states that agents compared with their own.
    package internal(set) var comparedDigests = 0

    init() {}
}
