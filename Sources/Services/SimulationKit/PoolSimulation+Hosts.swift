import AgentCore
import PoolModel
import SimulatedHost

extension PoolSimulation {
    /// A server's hypervisor, in true time.
    func newHost() -> SimulatedHostModel {
        let capacity = SimulatedCapacity(memory: Mebibytes(8_192), reserve: Mebibytes(512), processors: 8)
        var durations = SimulatedDurations(
            create: SimulatedSpan(.milliseconds(5), .milliseconds(400)), unpause: SimulatedSpan(.microseconds(500), .milliseconds(20)),
            shutdown: SimulatedSpan(.microseconds(500), .milliseconds(20)), destroy: SimulatedSpan(.milliseconds(1), .milliseconds(100)),
            guestShutdown: SimulatedSpan(.milliseconds(5), .seconds(1)))
        durations.dump = SimulatedSpan(.milliseconds(5), .seconds(1))
        durations.suspend = SimulatedSpan(.milliseconds(5), .seconds(1))
        var host = SimulatedHostModel(
            capacity: capacity, durations: durations, boot: random.identifier(), seed: random.next(), now: instant)
        for path in sharedImages.sorted() { host.setImage(path, isThere: true) }
        return host
    }

    private var instant: MonotonicInstant { MonotonicInstant(nanoseconds: now) }

    // MARK: What agents ask

    func list(_ number: UInt64, on server: SimulatedServer) {
        let listing = server.host.domainReports.filter { !server.requests.hidden.contains($0.domain) }
        queueInput(.domainsListed(listing, number: number), for: server, after: random.nanoseconds(200_000...5_000_000))
    }

    /// A request is on its way to the host for a moment, and sometimes for longer than the agent lives.
    func ask(_ operation: DomainOperation, _ id: DomainOperationID, on server: SimulatedServer) {
        let delay: ClosedRange<Int64> = random.happens(50_000) ? 1_000_000...200_000_000 : 10_000...1_000_000
        queue.add(
            .hostRequest(server.id, boot: server.host.boot, run: server.run, id, operation), at: now + random.nanoseconds(delay))
    }

    func hostRequested(
        _ id: ServerID, boot: UniqueIdentifier, run: Int, _ operation: DomainOperationID, _ what: DomainOperation,
        _ event: SimulationEvent
    ) {
        guard let server = servers[id], server.host.boot == boot, !isSuspended(server, event) else { return }
        let isOrphan = server.run != run || server.core == nil
        // What had not left a dying agent is lost with it.
        if isOrphan, random.happens(500_000) { return }
        if server.requests.cancelled.remove(HostRequests.Waiter(run: run, operation: operation)) != nil {
            queueInput(.operationEnded(operation, .failed(cause: "It was cancelled.")), for: server, after: 1_000_000)
            return
        }
        if hides(what, on: server) {
            queueInput(.operationEnded(operation, .done), for: server, after: 1_000_000)
            return
        }
        if plantedBug == .replaysStarts, case .createPaused(let specification) = what {
            server.requests.startsToReplay.append(specification)
        }
        prepareFaults(for: what, on: server)
        begin(withFormerImage(what, on: server), on: server, for: HostRequests.Waiter(run: run, operation: operation))
    }

    /// The host does something, for a run of the agent or unasked.
    func begin(_ operation: DomainOperation, on server: SimulatedServer, for waiter: HostRequests.Waiter?) {
        let id = server.requests.number(for: waiter)
        server.host.begin(operation, id: id, now: instant)
        noteMove(operation, id, on: server)
        settle(server)
    }

    // MARK: What comes of it

    func hostWakes(_ id: ServerID, at instant: Int64, _ event: SimulationEvent) {
        guard let server = servers[id], server.requests.wakesAt == instant, !isSuspended(server, event) else { return }
        server.requests.wakesAt = nil
        settle(server)
    }

    func hostReleases(_ id: ServerID, boot: UniqueIdentifier, _ event: SimulationEvent) {
        guard let server = servers[id], server.host.boot == boot, !isSuspended(server, event) else { return }
        control(.release, server)
    }

    /// Does something to a host from outside, which it must not refuse.
    func control(_ control: SimulatedHostControl, _ server: SimulatedServer) {
        if let refusal = server.host.control(control, now: instant) { violated("The host of server \(server.id) refuses: \(refusal)") }
        settle(server)
    }

    /// Lets the host come to the present, and tells what has come of it to those whom it concerns.
    func settle(_ server: SimulatedServer) {
        take(server.host.advance(to: instant), of: server)
        guard let deadline = server.host.nextDeadline?.nanoseconds else { return }
        if let wakesAt = server.requests.wakesAt, wakesAt <= deadline { return }
        server.requests.wakesAt = deadline
        queue.add(.hostWakes(server.id, at: deadline), at: deadline)
    }

    private func take(_ changes: [SimulatedHostChange], of server: SimulatedServer) {
        for change in changes {
            switch change {
            case .event(let event): observe(event, on: server)
            case .sent(let id, let travelling): sent(travelling, by: id, from: server)
            case .completed(let id, let result):
                guard let waiter = server.requests.waiter(for: id), waiter.run == server.run else { continue }
                queueInput(.operationEnded(waiter.operation, result), for: server, after: random.nanoseconds(10_000...1_000_000))
            }
        }
        // A hint may be lost: the agent looks by itself now and then.
        if !changes.isEmpty, random.happens(700_000) { queueInput(.domainsChanged, for: server, after: 100_000) }
    }

    /// The truth about domains is what the model says happened.
    private func observe(_ event: SimulatedHostEvent, on server: SimulatedServer) {
        share(event, of: server)
        guard let domain = event.domain, let ownership = domain.ownership else { return }
        switch event.kind {
        case .booted, .imageWritten, .imageRemoved, .sent: break
        case .received:
            report.counts.receptions += 1
            if plantedBug == .runsReceived { begin(.unpause(domain: domain.number), on: server, for: nil) }
        case .imageConsumed(let path):
            report.counts.resumes += 1
            if let sentence = checks.consumed(path, by: ownership, server.id) { violated(sentence) }
        case .created:
            guard plantedBug == .runsUnasked || server.requests.replayed.contains(ownership) else { return }
            begin(.unpause(domain: domain.number), on: server, for: nil)
        case .started:
            report.counts.starts += 1
            if let sentence = checks.began(ownership, server.id, domain.number) { violated(sentence) }
        case .dumped:
            report.counts.dumps += 1
            if let sentence = checks.dumped(ownership, server.id) { violated(sentence) }
        case .paused, .ended, .stopped: checks.ended(ownership.machine, server.id, domain.number)
        }
    }

    /// What lies on shared storage is seen by all hosts at once.
    private func share(_ event: SimulatedHostEvent, of server: SimulatedServer) {
        let (path, isThere): (String, Bool)
        switch event.kind {
        case .imageWritten(let written): (path, isThere) = (written, true)
        case .imageConsumed(let gone), .imageRemoved(let gone): (path, isThere) = (gone, false)
        default: return
        }
        guard !path.hasPrefix(server.host.imageFolder + "/") else { return }
        if isThere { sharedImages.insert(path) } else { sharedImages.remove(path) }
        for other in serversInOrder where other.id != server.id { other.host.setImage(path, isThere: isThere) }
    }

    func cutPowerOfHost(of server: SimulatedServer) {
        take(server.host.powerCut(newBoot: random.identifier(), now: instant), of: server)
        server.requests.powerCut()
    }

    /// What reaches a server that stands still as a whole waits until it goes on.
    private func isSuspended(_ server: SimulatedServer, _ event: SimulationEvent) -> Bool {
        guard server.suspendedUntil > now else { return false }
        queue.add(event, at: server.suspendedUntil)
        return true
    }
}
