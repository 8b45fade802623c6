package import PoolModel
package import RaftCore

/// Who this agent is, and which run of it.
package struct AgentIdentity: Hashable, Sendable {
    package let pool: PoolID
    package let server: ServerID
    /// Made with the data directory (hazard B15).
    package let storage: UniqueIdentifier
    /// The SMBIOS UUID of the mainboard under the agent; nil where the firmware tells none.
    package let hardware: UniqueIdentifier?
    /// This boot of the server.
    package let boot: UniqueIdentifier
    /// This run of the agent: random, made at its start.
    package let run: UniqueIdentifier
    /// For people.
    package let version: String

    package init(
        pool: PoolID, server: ServerID, storage: UniqueIdentifier, hardware: UniqueIdentifier?, boot: UniqueIdentifier,
        run: UniqueIdentifier, version: String
    ) {
        self.pool = pool
        self.server = server
        self.storage = storage
        self.hardware = hardware
        self.boot = boot
        self.run = run
        self.version = version
    }
}

/// Times and bounds of an agent.
package struct AgentSettings: Hashable, Sendable {
    package var raft = RaftSettings()
    /// Between looks at duties that have no deadline of their own.
    package var dutyInterval: Duration = .milliseconds(250)
    /// Between listings of the domains when nothing asks for one earlier.
    package var listInterval: Duration = .seconds(1)
    /// How long the master hears nothing of a server before it commits that it is unreachable.
    package var unreachableAfter: Duration = .seconds(3)
    /// How long a word of this server may be under way before it is said again.
    package var proposalRetry: Duration = .milliseconds(500)
    /// How long a write waits to be handed on, and for its outcome.
    package var writePatience: Duration = .seconds(10)
    /// How long a linearizable read waits for a master.
    package var readPatience: Duration = .seconds(5)
    /// How long a reader waits for the master's word on how far tasks are.
    package var progressPatience: Duration = .milliseconds(500)
    /// How soon a refused read or forward is tried again.
    package var requestRetry: Duration = .milliseconds(20)
    /// How long a guest must have run for a reboot or a crash to start it anew: one that ends sooner would most likely do so for ever.
    package var restartFloor: Duration = .seconds(10)
    /// How long an operation of the hypervisor may take until its task says that it does not answer.
    package var operationPatience: Duration = .seconds(30)
    /// How long the dump of an ended guest's memory may take, beside a second for each `dumpRate` of it, until its domain is destroyed all
    /// the same.
    package var dumpPatience: Duration = .seconds(60)
    /// How much of a guest's memory a disk takes in a second at least.
    package var dumpRate = Mebibytes(64)
    /// How long after a failure what must be done is tried again.
    package var operationRetry: Duration = .seconds(2)
    /// The most writes, and the most reads, of clients that may wait at once.
    package var pendingRequests = 4_096
    /// A snapshot is taken after this many applied entries ...
    package var snapshotEntries: UInt64 = 50_000
    /// ... or this many bytes of them.
    package var snapshotBytes = 16 * 1024 * 1024
    /// State digests are compared at each multiple of this index.
    package var digestInterval: UInt64 = 1_000
    /// How long a difference of two digests waits for a majority's word before the master's decides.
    package var digestPatience: Duration = .seconds(5)
    /// How far another member's clock may be ahead of this server's.
    package var clockTolerance: Duration = .seconds(30)
    /// How long another member's word about the members counts while the own log has not come as far.
    package var membersPatience: Duration = .seconds(60)
    /// How long a graceful stop may take before the agent ends all the same.
    package var stopPatience: Duration = .seconds(5)

    package init() {}
}
