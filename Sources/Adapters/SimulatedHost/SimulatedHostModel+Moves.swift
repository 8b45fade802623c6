package import AgentCore
package import PoolModel

/// What a domain takes along to another host: as much as the model knows of it.
package struct TravellingDomain: Hashable, Sendable {
    package let name: String
    package let uuid: UniqueIdentifier
    package let memory: Mebibytes
    package let virtualCPUs: Int
    package let disks: Int
    package let interfaces: Int
    /// For how long it has run so far, wherever that was: it never becomes less.
    package let hasRun: Duration
    /// How its guest was asked to end; it has not acted on it.
    package let endAsked: DomainEnd?

    package init(
        name: String, uuid: UniqueIdentifier, memory: Mebibytes, virtualCPUs: Int, disks: Int, interfaces: Int, hasRun: Duration,
        endAsked: DomainEnd?
    ) {
        self.name = name
        self.uuid = uuid
        self.memory = memory
        self.virtualCPUs = virtualCPUs
        self.disks = disks
        self.interfaces = interfaces
        self.hasRun = hasRun
        self.endAsked = endAsked
    }
}

/// A domain that is being built of what another host sends, and waits for it.
struct SimulatedArrival: Sendable {
    let domain: UInt32
    /// How long it takes once all has come.
    let length: Duration
    let answer: DomainOperationResult?
    let answerDelay: Duration
}

// Moves: one host's operation ends with a `TravellingDomain`, which whoever drives both hands to the other's.
extension SimulatedHostModel {
    /// Hands what another host has sent to the operation that receives it; of no use once that has ended.
    package mutating func deliver(_ travelling: TravellingDomain, to id: DomainOperationID, now: MonotonicInstant) {
        guard let arrival = arrivals.removeValue(forKey: id) else { return }
        guard let domain = domains[arrival.domain], domain.uuid == travelling.uuid, domain.name == travelling.name else {
            takeDown(arrival.domain, at: now)
            return complete(id, .failed(cause: SimulatedRefusal.anotherDomainCame.message))
        }
        runs[arrival.domain] = SimulatedRun(former: travelling.hasRun)
        domains[arrival.domain]?.endAsked = travelling.endAsked
        steps.add(
            .effect(id, .finishReceiving(domain: arrival.domain), answer: arrival.answer, answerDelay: arrival.answerDelay),
            at: now + arrival.length)
    }

    /// Ends a send or a receive early: a domain that is sent stays as it is, running or suspended, and what is received is taken down.
    /// Nothing else can be cancelled.
    package mutating func cancel(_ id: DomainOperationID, now: MonotonicInstant) {
        if let position = hanging.firstIndex(where: { $0.id == id && $0.operation.isMove }) {
            hanging.remove(at: position)
        } else if let arrival = arrivals.removeValue(forKey: id) {
            takeDown(arrival.domain, at: now)
        } else if let effect = steps.removeMove(of: id) {
            if case .finishReceiving(let domain) = effect { takeDown(domain, at: now) }
        } else {
            return
        }
        complete(id, .failed(cause: "The move was cancelled."))
    }

    // MARK: Within

    /// One that does not move live stands still from here on.
    mutating func beginSend(_ number: UInt32, _ transfer: DomainTransfer, now: MonotonicInstant) throws(SimulatedRefusal) -> SimulatedEffect
    {
        let domain = try requireRunning(number)
        if !transfer.isLive { suspendToSend(domain, at: now) }
        return .finishSending(domain: number)
    }

    /// The guest stands still from here on, whatever becomes of the rest: it is not let go on here.
    mutating func finishSend(of number: UInt32, _ id: DomainOperationID, at instant: MonotonicInstant) throws(SimulatedRefusal) {
        guard let domain = domains[number] else { throw .noSuchDomain(number) }
        switch domain.state {
        case .running: suspendToSend(domain, at: instant)
        case .suspended: break
        case .paused, .ended, .dying: throw .notRunning(number)
        }
        record(.sent, domain.identity, at: instant)
        let requirements = domain.specification?.requirements
        changes.append(
            .sent(
                id,
                TravellingDomain(
                    name: domain.name, uuid: domain.uuid, memory: domain.memory, virtualCPUs: domain.virtualCPUs,
                    disks: requirements?.diskPaths.count ?? 0, interfaces: requirements?.interfaces.count ?? 0,
                    hasRun: runs[number]?.length(at: instant) ?? .zero, endAsked: domain.endAsked)))
    }

    private mutating func suspendToSend(_ domain: SimulatedDomain, at instant: MonotonicInstant) {
        domains[domain.number]?.state = .suspended
        domains[domain.number]?.isSent = true
        record(.paused, domain.identity, at: instant)
    }

    /// From here on the domain has its name and its memory, and shows as paused; what fills it is yet to come.
    mutating func beginReceiving(_ specification: DomainSpecification) throws(SimulatedRefusal) -> SimulatedEffect {
        try requireAcceptable(specification)
        // Images of the machine stay: until the move is decided, its placement is the one that they may belong to.
        let domain = addDomain(
            name: specification.name.text, uuid: specification.uuid, memory: specification.requirements.memory,
            virtualCPUs: specification.requirements.virtualCPUs, specification, state: .paused, isBuilding: true)
        return .finishReceiving(domain: domain.number)
    }

    mutating func finishReceiving(_ number: UInt32, at instant: MonotonicInstant) throws(SimulatedRefusal) {
        try finishBuilding(number, at: instant)
        guard let domain = domains[number] else { return }
        record(.received, domain.identity, at: instant)
    }

    /// What was being built for an operation that has nothing to build any more fails it.
    mutating func failArrivals(of number: UInt32) {
        for (id, _) in arrivals.filter({ $0.value.domain == number }).sorted(by: { $0.key.number < $1.key.number }) {
            arrivals[id] = nil
            complete(id, .failed(cause: SimulatedRefusal.destroyedWhileBuilt(number).message))
        }
    }

    private mutating func takeDown(_ number: UInt32, at instant: MonotonicInstant) {
        guard let domain = domains[number], domain.state == .paused, domain.isBuilding else { return }
        domains[number] = nil
        record(.stopped, domain.identity, at: instant)
    }

    /// How long an operation takes: a send as long as the domain has memory.
    mutating func length(of operation: DomainOperation) -> Duration {
        let drawn = generator.draw(from: durations.span(of: operation.kind))
        guard case .sendDomain(let number, _) = operation else { return drawn }
        return drawn * (domains[number]?.memory.count ?? 0) / 1_024
    }
}

extension DomainOperation {
    var isMove: Bool { kind == .send || kind == .receive }
}
