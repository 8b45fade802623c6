import AgentCore
import PoolModel
import PoolStateMachine
import RaftCore
import SimulatedHost
import WireFormat

/// A whole pool in one thread under one seed: the agents' own core, with simulated networks, disks, hypervisors and clients.
///
/// The same settings always do the same. It ends at the first violation.
package final class PoolSimulation {
    package let settings: SimulationSettings
    var random: SimulationRandom
    var queue = EventQueue()
    /// True time in nanoseconds.
    package internal(set) var now: Int64 = 0
    var report: SimulationReport
    var servers: [ServerID: SimulatedServer] = [:]
    var network = SimulatedNetwork()
    var checks = PoolChecks()
    var clients = ClientLedger()
    /// The faults are over: everything is made well again.
    var isHealing = false
    /// The mistake that is made on purpose; none until the pool is founded.
    var plantedBug: PlantedBug?
    /// The images that lie on storage that all servers share.
    var sharedImages: Set<String> = []
    /// A planted mistake: what each machine last went on from.
    var formerImages: [VirtualMachineID: DomainImage] = [:]
    /// Domains that have come to where nobody waits for them yet.
    var moving: [SimulatedMove: TravellingDomain] = [:]
    let coding = WireSnapshotCoding()
    let pool: PoolID

    package init(_ settings: SimulationSettings) {
        precondition((1...7).contains(settings.servers), "a simulation has 1 to 7 servers at the beginning")
        self.settings = settings
        random = SimulationRandom(seed: settings.seed)
        report = SimulationReport(seed: settings.seed)
        pool = random.identifier()
        found()
    }

    /// Runs faults and work for the settings' time, then heals everything and looks whether the pool recovers.
    package func run() -> SimulationReport {
        scheduleWork()
        advance(milliseconds: settings.seconds * 1_000)
        if report.violations.isEmpty { recover() }
        report.simulatedNanoseconds = now
        report.finalDigest = checks.reference.digest
        return report
    }

    /// What happened so far.
    package var currentReport: SimulationReport { report }

    /// The servers by number.
    var serversInOrder: [SimulatedServer] { servers.values.sorted { $0.id < $1.id } }

    /// Lets simulated time pass, or less at a violation.
    package func advance(milliseconds: Int) {
        let end = now + Int64(milliseconds) * 1_000_000
        while report.violations.isEmpty, let next = queue.nextInstant, next <= end { happen() }
        if report.violations.isEmpty { now = end }
    }

    /// Lets time pass until something is so.
    ///
    /// - Returns: whether it came to be so within the bound.
    package func advance(until isReached: (PoolSimulation) -> Bool, milliseconds: Int) -> Bool {
        let end = now + Int64(milliseconds) * 1_000_000
        while report.violations.isEmpty, now < end {
            if isReached(self) { return true }
            advance(milliseconds: 20)
        }
        return isReached(self)
    }

    private func happen() {
        guard let (event, instant) = queue.removeFirst() else { return }
        now = max(now, instant)
        report.events += 1
        dispatch(event)
        if report.events % settings.fullCheckInterval == 0 { checkEverything() }
    }

    private func dispatch(_ event: SimulationEvent) {
        switch event {
        case .input(let id, let run, let input): give(input, to: id, run: run, event)
        case .timer(let id, let run, let instant): timerFired(id, run: run, at: instant, event)
        case .message(let message, let sender, let receiver): arrive(message, from: sender, at: receiver, event)
        case .diskWrite(let id, let run): diskWriteDone(id, run: run)
        case .hostRequest(let id, let boot, let run, let operation, let what):
            hostRequested(id, boot: boot, run: run, operation, what, event)
        case .hostWakes(let id, let instant): hostWakes(id, at: instant, event)
        case .hostReleases(let id, let boot): hostReleases(id, boot: boot, event)
        case .moveArrives(let travelling, let move, let id): moveArrives(travelling, move, at: id, event)
        case .moveAbandoned(let id, let boot, let operation): moveAbandoned(id, boot: boot, operation, event)
        case .hostCancels(let id, let boot, let run, let operation): hostCancels(id, boot: boot, run: run, operation, event)
        case .restart(let id): restart(id)
        case .crashAfterVote(let id, let run): crashAfterVote(id, run: run)
        case .clientRequest: clientRequest()
        case .fault(let kind): fault(kind)
        case .healed(let cut): heal(cut)
        }
    }

    // MARK: Agents

    private func give(_ input: AgentInput, to id: ServerID, run: Int, _ event: SimulationEvent) {
        guard let server = servers[id], server.run == run, server.core != nil, !isPaused(server, event) else { return }
        if case .peerUnreachable(let peer) = input { network.pendingNotices.remove(NetworkLink(sender: id, receiver: peer)) }
        step(server, input)
    }

    private func timerFired(_ id: ServerID, run: Int, at instant: Int64, _ event: SimulationEvent) {
        guard let server = servers[id], server.run == run, server.timerAt == instant else { return }
        guard !isPaused(server, event) else { return }
        server.timerAt = nil
        step(server, .timePassed)
    }

    /// What reaches an agent that stands still waits until it goes on.
    func isPaused(_ server: SimulatedServer, _ event: SimulationEvent) -> Bool {
        guard server.pausedUntil > now else { return false }
        queue.add(event, at: server.pausedUntil)
        return true
    }

    /// Steps an agent, performs what it wants done, and looks whether everything is still right.
    func step(_ server: SimulatedServer, _ input: AgentInput) {
        guard server.core != nil else { return }
        let effects = server.core?.step(input, at: server.clock.time(at: now)) ?? []
        // Answers among the effects are judged by what this step has committed.
        checkAfterStep(server)
        perform(effects, of: server)
        reschedule(server)
        followUp()
    }

    private func followUp() {
        while !clients.later.isEmpty {
            switch clients.later.removeFirst() {
            case .useToken(let token, let secret, let id):
                if let member = servers[id] { useToken(token, secret: secret, through: member) }
            case .joined(let id, let number): joined(id, number: number)
            }
        }
    }

    func reschedule(_ server: SimulatedServer) {
        guard let core = server.core else { return }
        let due = max(server.clock.trueInstant(of: core.nextDeadline), now + 1_000)
        if let timer = server.timerAt, timer <= due { return }
        server.timerAt = due
        queue.add(.timer(server.id, run: server.run, at: due), at: due)
    }

    func queueInput(_ input: AgentInput, for server: SimulatedServer, after nanoseconds: Int64) {
        queue.add(.input(server.id, run: server.run, input), at: now + nanoseconds)
    }

    func violated(_ sentence: String) {
        report.violations.append(SimulationViolation(event: report.events, nanoseconds: now, sentence: sentence))
    }
}
