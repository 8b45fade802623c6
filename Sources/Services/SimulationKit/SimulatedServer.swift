import AgentCore
import PoolModel
import RaftCore
import SimulatedHost

/// One server of the simulated pool: its agent while it runs, its disk, its hypervisor and its clocks.
final class SimulatedServer {
    let id: ServerID
    let introduction: NewServer
    /// Nil while the agent does not run.
    var core: AgentCore?
    var disk: SimulatedDisk
    var host: SimulatedHostModel
    var requests = HostRequests()
    /// Counts the agent's runs; what is meant for a former run is void.
    var run = 0
    /// Until when the whole agent stands still (domains run on).
    var pausedUntil: Int64 = 0
    /// Until when the whole server stands still: agent, hypervisor and monotonic clock.
    var suspendedUntil: Int64 = 0
    /// When the disk is done with its newest write.
    var diskFreeAt: Int64 = 0
    var timerAt: Int64?
    var peers: [ServerID] = []
    /// The least number of a server that is heard without being a peer.
    var admittedFrom: ServerID?
    /// What a join leaves behind: the members of that moment. The founder knows nobody.
    var initialPeers: [PeerDescription] = []
    var hasHalted = false
    var isStopping = false
    var clock: SimulatedClock

    // What the checkers have seen.
    var isLeading = false
    var checkedCommit = LogIndex.zero
    var configuration = RaftConfiguration.empty
    var lastApplied = LogIndex.zero
    var comparedDigests = 0

    init(id: ServerID, introduction: NewServer, disk: SimulatedDisk, host: SimulatedHostModel, clock: SimulatedClock) {
        self.id = id
        self.introduction = introduction
        self.disk = disk
        self.host = host
        self.clock = clock
    }

    /// Whether this server's agent lets the other one connect.
    func admits(_ other: ServerID) -> Bool { peers.contains(other) || admittedFrom.map { other >= $0 } ?? false }

    /// The domains whose guests run, by number.
    var runningDomains: [DomainReport] { host.domainReports.filter { $0.state == .running } }
}
