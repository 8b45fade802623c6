import AgentCore
import PoolModel

// Images: a guest is suspended while its memory is written, and goes on once from where the image has it.
extension SimulatedHostModel {
    /// Another host that shares its storage has written or removed this image; or one was there before this process.
    package mutating func setImage(_ path: String, isThere: Bool) {
        if isThere { images.insert(path) } else { images.remove(path) }
    }

    /// The image that letting this domain run would use up.
    func imageToConsume(by number: UInt32) -> String? { domains[number].flatMap { $0.state == .paused ? $0.image : nil } }

    /// The guest stands still from here on.
    mutating func beginSuspend(_ number: UInt32, to path: String, now: MonotonicInstant) throws(SimulatedRefusal) -> SimulatedEffect {
        if let domain = domains[number], domain.state == .suspended {
            guard !domain.isSent else { throw .notRunning(number) }
            // Of a former run of the agent: either it is whole, or it never will be, and the guest goes on.
            if domain.image == path, images.contains(path) { return .writeImage(domain: number) }
            try unsuspend(number, at: now)
            throw .suspendCutShort(number)
        }
        let domain = try requireRunning(number)
        domains[number]?.state = .suspended
        domains[number]?.image = path
        record(.paused, domain.identity, at: now)
        return .writeImage(domain: number)
    }

    mutating func finishImage(of number: UInt32, at instant: MonotonicInstant) throws(SimulatedRefusal) {
        try requireSuspended(number)
        guard let domain = domains[number], let path = domain.image else { throw .suspendCutShort(number) }
        if images.insert(path).inserted { record(.imageWritten(path: path), domain.identity, at: instant) }
    }

    /// The image goes first: what runs on is no longer what it holds.
    mutating func unsuspend(_ number: UInt32, at instant: MonotonicInstant) throws(SimulatedRefusal) {
        try requireSuspended(number)
        guard let domain = domains[number] else { return }
        if let path = domain.image, images.remove(path) != nil { record(.imageRemoved(path: path), domain.identity, at: instant) }
        domains[number]?.image = nil
        domains[number]?.isSent = false
        domains[number]?.state = .running
        record(.started, domain.identity, at: instant)
        if domain.endAsked != nil { scheduleGuestEnd(of: domain, from: instant) }
    }

    mutating func consumeImage(of domain: SimulatedDomain, at instant: MonotonicInstant) throws(SimulatedRefusal) {
        guard let path = domain.image else { return }
        guard images.remove(path) != nil else { throw .noSuchImage(path) }
        domains[domain.number]?.image = nil
        record(.imageConsumed(path: path), domain.identity, at: instant)
    }

    /// What no placement can go on from any more goes, wherever it lies.
    mutating func forgetImages(outdatedBy specification: DomainSpecification, at instant: MonotonicInstant) {
        let stem = DomainImage.stem(of: specification.ownership.machine, named: specification.name)
        let folder = "/\(specification.ownership.pool)/"
        for path in images.sorted() {
            let parts = path.split(separator: "/")
            guard path.contains(folder), let name = parts.last, let epoch = DomainImage.epoch(ofFile: name, stem: stem),
                specification.outdates(epoch)
            else { continue }
            images.remove(path)
            record(.imageRemoved(path: path), nil, at: instant)
        }
    }

    func requireSuspended(_ number: UInt32) throws(SimulatedRefusal) {
        guard let domain = domains[number] else { throw .noSuchDomain(number) }
        guard domain.state == .suspended else { throw .notSuspended(number) }
    }
}
