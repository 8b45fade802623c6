/// What a simulated pool is, and what befalls it.
package struct SimulationSettings: Hashable, Sendable {
    package var seed: UInt64 = 1
    /// Servers at the beginning; 1 to 7. More join while it runs, unless `faults.membershipMilliseconds` is 0.
    package var servers = 3
    /// Simulated seconds of faults and work; healing and the last checks come after them.
    package var seconds = 20
    package var faults = SimulationFaults()
    package var workload = SimulationWorkload()
    /// A mistake made on purpose, to see that the checkers find it.
    package var plantedBug: PlantedBug?
    /// Events between two full checks.
    package var fullCheckInterval = 1_000

    package init() {}

    /// - Precondition: `servers` is 1 to 7.
    package init(seed: UInt64, servers: Int, seconds: Int, faults: SimulationFaults = .init()) {
        precondition((1...7).contains(servers), "a simulation has 1 to 7 servers at the beginning")
        self.seed = seed
        self.servers = servers
        self.seconds = seconds
        self.faults = faults
    }
}

/// How often things go wrong: probabilities in millionths, mean times in simulated milliseconds (0: never).
package struct SimulationFaults: Hashable, Sendable {
    /// Of each message.
    package var lossMillionths = 500
    package var duplicationMillionths = 2_000
    /// Of each message: it takes up to 100 ms, and later ones overtake it.
    package var slownessMillionths = 5_000
    package var crashMilliseconds = 3_000
    /// Of each vote: its sender dies just after it, when a vote that was not stored would be forgotten.
    package var crashAfterVoteMillionths = 50_000
    package var powerCutMilliseconds = 8_000
    /// An agent's process stands still for up to 2.5 s, as under SIGSTOP; clocks and domains go on.
    package var pauseMilliseconds = 6_000
    /// A whole server stands still for up to 5 s, its monotonic clock with it, as a suspended one does.
    package var suspensionMilliseconds = 8_000
    /// A wall clock is set to up to 30 s before or after the truth.
    package var clockStepMilliseconds = 5_000
    /// Each server's clock runs faster or slower than true time by up to so many millionths; at most 1,000.
    package var clockDriftMillionths = 200
    package var partitionMilliseconds = 4_000
    package var stopMilliseconds = 10_000
    package var transferMilliseconds = 8_000
    package var membershipMilliseconds = 4_000
    /// Of each operation of a hypervisor: it fails, or is done and said to have failed.
    package var operationFailureMillionths = 20_000
    /// Of each operation: it hangs, and goes on after at most `operationHangMilliseconds`.
    package var operationHangMillionths = 15_000
    /// The longest hang: one or more.
    package var operationHangMilliseconds = 4_000
    /// Of each operation: it takes up to 4 s, or is answered so late.
    package var operationSlownessMillionths = 100_000
    /// Of each guest that is asked to shut down: it does not.
    package var stubbornGuestMillionths = 100_000
    /// Between guests that end by themselves.
    package var guestEndMilliseconds = 3_000

    package init() {}

    /// Nothing goes wrong.
    package static var none: SimulationFaults {
        var faults = SimulationFaults()
        faults.lossMillionths = 0
        faults.duplicationMillionths = 0
        faults.slownessMillionths = 0
        faults.crashMilliseconds = 0
        faults.crashAfterVoteMillionths = 0
        faults.powerCutMilliseconds = 0
        faults.pauseMilliseconds = 0
        faults.suspensionMilliseconds = 0
        faults.clockStepMilliseconds = 0
        faults.clockDriftMillionths = 0
        faults.partitionMilliseconds = 0
        faults.stopMilliseconds = 0
        faults.transferMilliseconds = 0
        faults.membershipMilliseconds = 0
        faults.guestEndMilliseconds = 0
        faults.operationFailureMillionths = 0
        faults.operationHangMillionths = 0
        faults.operationSlownessMillionths = 0
        faults.stubbornGuestMillionths = 0
        return faults
    }
}

/// What clients do.
package struct SimulationWorkload: Hashable, Sendable {
    /// Mean time between requests; 0: no client.
    package var requestMilliseconds = 25
    /// Names of virtual machines that clients play with.
    package var machines = 6

    package init() {}
}

/// Mistakes made on purpose at the edges of the simulation, never in code that ships; each must be found.
package enum PlantedBug: String, Hashable, Sendable, CaseIterable {
    /// The disk says that a write is done before it is (hazard B5).
    case acknowledgesBeforeDurable
    /// Term and vote are not written (hazard B5).
    case forgetsHardState
    /// A server is started again with an emptied disk under its old identity (hazard B15).
    case emptiesDisk
    /// The tail of the log, committed or not, is cut off at a restart (hazard B16).
    case cutsLogAtRestart
    /// The network raises the term of some messages.
    case raisesTerms
    /// Refused votes arrive as granted ones.
    case grantsRefusedVotes
    /// Followers are sent the new members at once, without the joint configuration before them (hazard B1).
    case skipsJoint
    /// An answer about what is durable names more than there is.
    case overstatesMatch
    /// A snapshot lacks a tag.
    case dropsTagInSnapshot
    /// One server's state goes another way, as if it had applied an entry differently: it restores another history of events.
    case appliesDifferently
    /// A forwarded write that is sent twice loses what tells that it is the same.
    case forgetsRequestIdentity
    /// The query port reads without asking the master.
    case readsStale
    /// The host lets a domain run as soon as it is built, unasked.
    case runsUnasked
    /// What a former run of the agent started is started again after its restart.
    case replaysStarts
    /// A machine that is to start cold is built from the image that it was resumed from before.
    case reusesImages
    /// The source of a migration lets its guest go on without the log's word.
    case resumesBySelf
    /// The target of a migration lets the guest run as soon as it has it.
    case runsReceived
    /// The host says that a destroyed domain is gone, while it runs on.
    case forgetsToDestroy
    /// An answer reaches the client before the write is committed: at once, from the submitting agent.
    case answersEarly
}
