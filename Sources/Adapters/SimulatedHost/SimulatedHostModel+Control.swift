import AgentCore
package import PoolModel

extension SimulatedHostModel {
    /// Does something to the host from outside, at once; `advance` tells what has come of it.
    ///
    /// - Returns: why it was refused, as a sentence; nil when it was done.
    package mutating func control(_ control: SimulatedHostControl, now: MonotonicInstant) -> String? {
        do throws(SimulatedRefusal) {
            try apply(control, now: now)
            return nil
        } catch {
            return error.message
        }
    }

    private mutating func apply(_ control: SimulatedHostControl, now: MonotonicInstant) throws(SimulatedRefusal) {
        switch control {
        case .inject(let kind, let fault):
            try requireBounded(fault)
            guard waitingFaults.count < SimulatedHostLimits.waitingFaults else { throw .tooManyFaults }
            waitingFaults.append((kind, fault))
        case .release:
            waitingFaults = []
            releaseHanging(now: now)
        case .endGuest(let number, let end): try endGuest(of: number, DomainEnd(end), at: now)
        case .pause(let number): try pause(number, at: now)
        case .unpause(let number): try unpause(number, at: now)
        case .destroy(let number): try destroy(number, at: now)
        case .ignoreShutdown(let name, let ignores): try setIgnoring(name, ignores)
        case .startForeign(let foreign): try startForeign(foreign, at: now)
        case .setDurations(let durations): self.durations = durations
        }
    }

    private func requireBounded(_ fault: SimulatedFault) throws(SimulatedRefusal) {
        switch fault {
        case .hangs: return
        case .takes(let length), .answersLate(by: let length):
            guard length >= .zero, length <= SimulatedDurations.longest else { throw .badDuration }
        case .fails(let cause), .doneButReportsFailure(let cause):
            guard (1...SimulatedHostLimits.causeBytes).contains(cause.utf8.count) else { throw .badCause }
        }
    }

    private mutating func endGuest(of number: UInt32, _ end: DomainEnd, at now: MonotonicInstant) throws(SimulatedRefusal) {
        let domain = try living(number)
        // A paused guest does nothing by itself.
        guard domain.state == .running else { throw .notRunning(number) }
        domains[number]?.state = .ended(end)
        record(.ended(end), domain.identity, at: now)
    }

    private mutating func pause(_ number: UInt32, at now: MonotonicInstant) throws(SimulatedRefusal) {
        let domain = try requireRunning(number)
        domains[number]?.state = .paused
        record(.paused, domain.identity, at: now)
    }

    private mutating func unpause(_ number: UInt32, at now: MonotonicInstant) throws(SimulatedRefusal) {
        let domain = try requireUnpausable(number)
        domains[number]?.state = .running
        record(.started, domain.identity, at: now)
    }

    private mutating func destroy(_ number: UInt32, at now: MonotonicInstant) throws(SimulatedRefusal) {
        let domain = try living(number)
        domains[number] = nil
        record(.stopped, domain.identity, at: now)
    }

    private mutating func setIgnoring(_ name: String, _ ignores: Bool) throws(SimulatedRefusal) {
        guard (1...ForeignDomain.longestName).contains(name.utf8.count) else { throw .badName }
        guard ignores else {
            namesIgnoringShutdown.remove(name)
            return
        }
        guard namesIgnoringShutdown.count < SimulatedHostLimits.ignoringNames else { throw .tooManyFaults }
        namesIgnoringShutdown.insert(name)
    }

    private mutating func startForeign(_ foreign: ForeignDomain, at now: MonotonicInstant) throws(SimulatedRefusal) {
        guard (1...ForeignDomain.longestName).contains(foreign.name.utf8.count) else { throw .badName }
        try requireRoom(name: foreign.name, uuid: foreign.uuid, memory: foreign.memory)
        let domain = addDomain(
            name: foreign.name, uuid: foreign.uuid, memory: foreign.memory, nil, state: .running, isBuilding: false)
        record(.created, domain.identity, at: now)
        record(.started, domain.identity, at: now)
    }

    // MARK: Guests

    /// The running guest notices the request; it acts on it in its own time, if at all.
    mutating func scheduleGuestEnd(of domain: SimulatedDomain, from instant: MonotonicInstant) {
        let length = generator.draw(from: durations.guestShutdown)
        guard !namesIgnoringShutdown.contains(domain.name) else { return }
        steps.add(.guestEnd(domain: domain.number), at: instant + length)
    }

    mutating func guestActsOnRequest(_ number: UInt32, at instant: MonotonicInstant) {
        // A guest that was paused, ended or destroyed meanwhile does not act; a paused one does once it runs again.
        guard let domain = domains[number], domain.state == .running, let end = domain.endAsked else { return }
        domains[number]?.state = .ended(end)
        record(.ended(end), domain.identity, at: instant)
    }
}

extension DomainEnd {
    /// The same end in the core's words.
    init(_ end: SimulatedGuestEnd) {
        switch end {
        case .powerOff: self = .powerOff
        case .reboot: self = .reboot
        case .crash: self = .crash
        }
    }
}
