import AgentCore
import PoolModel
import RaftCore

/// One server of the simulated pool: its agent while it runs, its disk, its hypervisor and its clocks.
final class SimulatedServer {
    let id: ServerID
    let introduction: NewServer
    /// Nil while the agent does not run.
    var core: AgentCore?
    var disk: SimulatedDisk
    var host: SimulatedServerHost
    /// Counts the agent's runs; what is meant for a former run is void.
    var run = 0
    /// Counts the server's boots.
    var boot = 1
    var bootIdentifier: UniqueIdentifier
    /// Until when the whole agent stands still (domains run on).
    var pausedUntil: Int64 = 0
    /// When the disk is done with its newest write.
    var diskFreeAt: Int64 = 0
    var timerAt: Int64?
    var peers: [ServerID] = []
    /// What a join leaves behind: the members of that moment. The founder knows nobody.
    var initialPeers: [PeerDescription] = []
    var hasHalted = false
    var isStopping = false
    /// Domains whose guests were asked to shut down and do not care.
    var stubborn: [UInt32] = []
    /// A planted mistake: what is started again after a restart of the agent.
    var startsToReplay: [DomainSpecification] = []

    /// Added to true time: no two servers' clocks begin together.
    let clockOffset: Int64
    let wallOffset: Int64

    // What the checkers have seen.
    var isLeading = false
    var checkedCommit = LogIndex.zero
    var configuration = RaftConfiguration.empty
    var lastApplied = LogIndex.zero

    init(
        id: ServerID, introduction: NewServer, disk: SimulatedDisk, host: SimulatedServerHost, bootIdentifier: UniqueIdentifier,
        clockOffset: Int64, wallOffset: Int64
    ) {
        self.id = id
        self.introduction = introduction
        self.disk = disk
        self.host = host
        self.bootIdentifier = bootIdentifier
        self.clockOffset = clockOffset
        self.wallOffset = wallOffset
    }

    /// This server's clocks at an instant of true time.
    func time(at instant: Int64) -> AgentTime {
        AgentTime(
            monotonic: MonotonicInstant(nanoseconds: instant + clockOffset),
            wall: PoolTime(milliseconds: 1_700_000_000_000 + (instant + wallOffset) / 1_000_000))
    }

    func trueInstant(of monotonic: MonotonicInstant) -> Int64 { monotonic.nanoseconds - clockOffset }
}
