import AgentCore
import PoolModel
import SimulatedHost

/// One attempt to move a machine, as both hosts know it.
struct SimulatedMove: Hashable {
    let machine: VirtualMachineID
    let epoch: PlacementEpoch

    init(_ transfer: DomainTransfer) {
        machine = transfer.machine
        epoch = transfer.epoch
    }
}

// Domains on their way between hosts. What the agents carry over a connection of their own is one event here: it comes late, or never.
extension PoolSimulation {
    /// Notes which move an operation of a host belongs to, and hands over what came before it.
    func noteMove(_ operation: DomainOperation, _ id: DomainOperationID, on server: SimulatedServer) {
        switch operation {
        case .sendDomain(_, let transfer): server.requests.sendings[id] = transfer
        case .receiveDomain(_, let transfer):
            let move = SimulatedMove(transfer)
            server.requests.receptions[move] = id
            // Whoever sends may never come, and nobody waits for ever.
            queue.add(
                .moveAbandoned(server.id, boot: server.host.boot, id), at: now + random.nanoseconds(2_000_000_000...6_000_000_000))
            guard let travelling = moving.removeValue(forKey: move) else { return }
            arrive(travelling, move, at: server)
        default: return
        }
    }

    /// A host has sent all of a domain.
    func sent(_ travelling: TravellingDomain, by id: DomainOperationID, from server: SimulatedServer) {
        guard let transfer = server.requests.sendings.removeValue(forKey: id) else { return }
        if plantedBug == .resumesBySelf { resumeSent(transfer, on: server) }
        guard !network.isCut(server.id, transfer.peer), isHealing || !random.happens(150_000) else { return }
        let length: ClosedRange<Int64> = random.happens(200_000) ? 1_000_000...2_000_000_000 : 100_000...20_000_000
        queue.add(.moveArrives(travelling, SimulatedMove(transfer), at: transfer.peer), at: now + random.nanoseconds(length))
    }

    func moveArrives(_ travelling: TravellingDomain, _ move: SimulatedMove, at id: ServerID, _ event: SimulationEvent) {
        guard let server = servers[id], !isStill(server, event) else { return }
        if server.requests.receptions[move] == nil { moving[move] = travelling } else { arrive(travelling, move, at: server) }
    }

    private func arrive(_ travelling: TravellingDomain, _ move: SimulatedMove, at server: SimulatedServer) {
        guard let id = server.requests.receptions.removeValue(forKey: move) else { return }
        server.host.deliver(travelling, to: id, now: MonotonicInstant(nanoseconds: now))
        settle(server)
    }

    /// Nothing has come for so long that who receives gives up.
    func moveAbandoned(_ id: ServerID, boot: UniqueIdentifier, _ operation: DomainOperationID, _ event: SimulationEvent) {
        guard let server = servers[id], server.host.boot == boot, !isStill(server, event) else { return }
        guard server.requests.receptions.values.contains(operation) else { return }
        end(operation, on: server)
    }

    /// An agent ends an operation early, if its host knows of it yet.
    func cancel(_ id: DomainOperationID, on server: SimulatedServer) {
        queue.add(.hostCancels(server.id, boot: server.host.boot, run: server.run, id), at: now + random.nanoseconds(10_000...2_000_000))
    }

    func hostCancels(_ id: ServerID, boot: UniqueIdentifier, run: Int, _ operation: DomainOperationID, _ event: SimulationEvent) {
        guard let server = servers[id], server.host.boot == boot, !isStill(server, event) else { return }
        let waiter = HostRequests.Waiter(run: run, operation: operation)
        guard let known = server.requests.operation(of: waiter) else {
            server.requests.cancelled.insert(waiter)
            return
        }
        end(known, on: server)
    }

    private func end(_ operation: DomainOperationID, on server: SimulatedServer) {
        server.requests.sendings[operation] = nil
        server.requests.receptions = server.requests.receptions.filter { $0.value != operation }
        server.host.cancel(operation, now: MonotonicInstant(nanoseconds: now))
        settle(server)
    }

    private func isStill(_ server: SimulatedServer, _ event: SimulationEvent) -> Bool {
        guard server.suspendedUntil > now else { return false }
        queue.add(event, at: server.suspendedUntil)
        return true
    }

    // MARK: Planted mistakes

    /// A source lets its guest go on by a time-out of its own (fencing: how the promise is tested).
    private func resumeSent(_ transfer: DomainTransfer, on server: SimulatedServer) {
        let suspended = server.host.domainReports.first { $0.ownership?.machine == transfer.machine && $0.state == .suspended }
        guard let suspended else { return }
        queue.add(
            .hostRequest(
                server.id, boot: server.host.boot, run: -1, DomainOperationID(0), .unsuspend(domain: suspended.domain)),
            at: now + random.nanoseconds(100_000_000...1_500_000_000))
    }
}
