import AgentCore
import PoolModel

extension PoolSimulation {
    func list(_ number: UInt64, on server: SimulatedServer) {
        queueInput(.domainsListed(server.host.listing, number: number), for: server, after: random.nanoseconds(200_000...5_000_000))
    }

    /// An operation takes time; it goes on even if the agent dies meanwhile, half of the times.
    func begin(_ operation: DomainOperation, _ id: DomainOperationID, on server: SimulatedServer) {
        let length: ClosedRange<Int64> =
            switch operation {
            case .createPaused: random.happens(200_000) ? 400_000_000...4_000_000_000 : 5_000_000...400_000_000
            case .unpause, .shutdown: 500_000...20_000_000
            case .destroy: 1_000_000...100_000_000
            }
        queue.add(
            .hostOperation(server.id, boot: server.boot, run: server.run, id, operation), at: now + random.nanoseconds(length))
    }

    func hostOperationDone(_ id: ServerID, boot: Int, run: Int, _ operation: DomainOperationID, _ what: DomainOperation) {
        guard let server = servers[id], server.boot == boot else { return }
        let isOrphan = server.run != run || server.core == nil
        if isOrphan, random.happens(500_000) { return }
        let result = performOperation(what, on: server)
        guard !isOrphan else { return }
        queueInput(.operationEnded(operation, result), for: server, after: random.nanoseconds(10_000...1_000_000))
    }

    private func performOperation(_ operation: DomainOperation, on server: SimulatedServer) -> DomainOperationResult {
        switch operation {
        case .createPaused(let specification):
            if !isHealing, random.happens(settings.faults.buildFailureMillionths) { return .failed(cause: "The domain builder failed.") }
            let domain = server.host.create(specification)
            if plantedBug == .runsUnasked { unpause(domain, on: server) }
            if plantedBug == .replaysStarts { server.startsToReplay = [specification] }
            return .done
        case .unpause(let domain):
            return unpause(domain, on: server) ? .done : .failed(cause: "There is no such paused domain.")
        case .shutdown(let domain):
            if isHealing || !random.happens(settings.faults.stubbornGuestMillionths) {
                let at = now + random.nanoseconds(5_000_000...1_000_000_000)
                queue.add(.guestEnds(server.id, boot: server.boot, domain: domain, .powerOff), at: at)
            } else {
                server.stubborn.append(domain)
            }
            return .done
        case .destroy(let domain):
            let ownership = server.host.ownership(of: domain)
            let isRunning = server.host.running.contains(domain)
            guard server.host.destroy(domain) else { return .failed(cause: "There is no such domain.") }
            if isRunning, let ownership, plantedBug != .forgetsToDestroy { checks.ended(ownership.machine, server.id, domain) }
            return .done
        }
    }

    @discardableResult
    func unpause(_ domain: UInt32, on server: SimulatedServer) -> Bool {
        guard let ownership = server.host.unpause(domain) else { return false }
        report.counts.starts += 1
        if let sentence = checks.began(ownership, server.id, domain) { violated(sentence) }
        return true
    }

    func guestEnds(_ id: ServerID, boot: Int, domain: UInt32, _ end: DomainEnd) {
        guard let server = servers[id], server.boot == boot, server.host.running.contains(domain) else { return }
        if let ownership = server.host.ownership(of: domain) { checks.ended(ownership.machine, id, domain) }
        server.host.end(domain, end)
        if random.happens(700_000) { queueInput(.domainsChanged, for: server, after: 100_000) }
    }
}
