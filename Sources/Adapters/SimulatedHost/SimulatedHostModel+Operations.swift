package import AgentCore
package import PoolModel

extension SimulatedHostModel {
    /// Begins an operation; `advance` answers it under `id`, at once where it is refused.
    ///
    /// - Precondition: no other operation under way bears `id`.
    package mutating func begin(_ operation: DomainOperation, id: DomainOperationID, now: MonotonicInstant) {
        let fault = takeFault(for: operation.kind)
        if case .hangs = fault {
            hanging.append((id, operation))
        } else {
            begin(operation, id: id, fault: fault, now: now)
        }
    }

    /// Lets hanging operations go on as if they had just begun.
    mutating func releaseHanging(now: MonotonicInstant) {
        let released = hanging
        hanging = []
        for (id, operation) in released { begin(operation, id: id, fault: nil, now: now) }
    }

    private mutating func takeFault(for kind: SimulatedOperationKind) -> SimulatedFault? {
        guard let position = waitingFaults.firstIndex(where: { $0.kind == kind }) else { return nil }
        return waitingFaults.remove(at: position).fault
    }

    private mutating func begin(_ operation: DomainOperation, id: DomainOperationID, fault: SimulatedFault?, now: MonotonicInstant) {
        var length = self.length(of: operation)
        var answer: DomainOperationResult?
        var answerDelay = Duration.zero
        switch fault {
        case nil, .hangs: break
        case .fails(let cause):
            // Time passes before a failure too.
            steps.add(.answer(id, .failed(cause: cause)), at: now + length)
            return
        case .takes(let other): length = other
        case .doneButReportsFailure(let cause): answer = .failed(cause: cause)
        case .answersLate(let delay): answerDelay = delay
        }
        do throws(SimulatedRefusal) {
            guard let effect = try prepare(operation, id: id, now: now) else { return }
            if case .finishReceiving(let domain) = effect {
                arrivals[id] = SimulatedArrival(domain: domain, length: length, answer: answer, answerDelay: answerDelay)
                return
            }
            steps.add(.effect(id, effect, answer: answer, answerDelay: answerDelay), at: now + length)
        } catch {
            steps.add(.answer(id, .failed(cause: error.message)), at: now)
        }
    }

    /// Does what an operation does at its beginning.
    ///
    /// - Returns: what is left to do at its end; nil when another operation's end answers this one too.
    private mutating func prepare(
        _ operation: DomainOperation, id: DomainOperationID, now: MonotonicInstant
    ) throws(SimulatedRefusal) -> SimulatedEffect? {
        switch operation {
        case .createPaused(let specification):
            let domain = try beginBuilding(specification)
            forgetImages(outdatedBy: specification, at: now)
            return .finishBuilding(domain: domain)
        case .unpause(let number):
            try requireUnpausable(number)
            return .unpause(domain: number)
        case .pause(let number):
            try requireRunning(number)
            return .pause(domain: number)
        case .shutdown(let number):
            _ = try living(number)
            return .askEnd(domain: number, .powerOff)
        case .reboot(let number):
            _ = try living(number)
            return .askEnd(domain: number, .reboot)
        case .resize(let number, let memory, let virtualCPUs):
            try requireResizable(number, memory, virtualCPUs)
            return .resize(domain: number, memory: memory, virtualCPUs: virtualCPUs)
        case .changeDevice(let number, let operation):
            try requireChangeable(number, operation)
            return .changeDevice(domain: number, operation)
        case .destroy(let number):
            guard let domain = domains[number] else { throw SimulatedRefusal.noSuchDomain(number) }
            if domain.state == .dying {
                destroyWaiters[number, default: []].append(id)
                return nil
            }
            // A dying domain's guest runs no longer, but Xen counts it until its memory is free: so does the event `stopped`.
            domains[number]?.state = .dying
            return .remove(domain: number)
        case .dumpCore(let number):
            _ = try requireDumpable(number)
            return .dump(domain: number)
        case .suspend(let number, let image): return try beginSuspend(number, to: image.path(own: imageFolder), now: now)
        case .unsuspend(let number):
            try requireSuspended(number)
            return .unsuspend(domain: number)
        case .removeImage(let image): return .removeImage(path: image.path(own: imageFolder))
        case .sendDomain(let number, let transfer): return try beginSend(number, transfer, now: now)
        case .receiveDomain(let specification, _): return try beginReceiving(specification)
        }
    }

    /// From here on the domain has its name and its memory, and shows as paused.
    private mutating func beginBuilding(_ specification: DomainSpecification) throws(SimulatedRefusal) -> UInt32 {
        try requireAcceptable(specification)
        let image = specification.image?.path(own: imageFolder)
        if let image, !images.contains(image) { throw .noSuchImage(image) }
        let domain = addDomain(
            name: specification.name.text, uuid: specification.uuid, memory: specification.requirements.memory,
            virtualCPUs: specification.requirements.virtualCPUs, specification,
            state: .paused, isBuilding: true)
        domains[domain.number]?.image = image
        domains[domain.number]?.devices = Self.devices(of: specification)
        return domain.number
    }

    mutating func addDomain(
        name: String, uuid: UniqueIdentifier, memory: Mebibytes, virtualCPUs: Int = 1, _ specification: DomainSpecification?,
        state: DomainState,
        isBuilding: Bool
    ) -> SimulatedDomain {
        let domain = SimulatedDomain(
            number: nextDomain, name: name, uuid: uuid, memory: memory, virtualCPUs: virtualCPUs, specification: specification,
            state: state, isBuilding: isBuilding)
        nextDomain += 1
        domains[domain.number] = domain
        return domain
    }

    // MARK: Ends

    mutating func take(_ step: ScheduledStep) {
        switch step.action {
        case .answer(let id, let result): complete(id, result)
        case .guestEnd(let number): guestActsOnRequest(number, at: step.deadline)
        case .effect(let id, let effect, let answer, let answerDelay):
            let result = perform(effect, id, at: step.deadline)
            if answerDelay > .zero {
                steps.add(.answer(id, answer ?? result), at: step.deadline + answerDelay)
            } else {
                complete(id, answer ?? result)
            }
            if case .remove(let number) = effect {
                failArrivals(of: number)
                for waiter in destroyWaiters.removeValue(forKey: number) ?? [] { complete(waiter, .done) }
            }
        }
    }

    private mutating func perform(
        _ effect: SimulatedEffect, _ id: DomainOperationID, at instant: MonotonicInstant
    ) -> DomainOperationResult {
        do throws(SimulatedRefusal) {
            switch effect {
            case .finishBuilding(let number): try finishBuilding(number, at: instant)
            case .unpause(let number):
                let domain = try requireUnpausable(number)
                try consumeImage(of: domain, at: instant)
                domains[number]?.state = .running
                record(.started, domain.identity, at: instant)
                if domain.endAsked != nil { scheduleGuestEnd(of: domain, from: instant) }
            case .pause(let number):
                let domain = try requireRunning(number)
                domains[number]?.state = .paused
                record(.paused, domain.identity, at: instant)
            case .askEnd(let number, let end):
                let domain = try living(number)
                domains[number]?.endAsked = end
                if domain.state == .running { scheduleGuestEnd(of: domain, from: instant) }
            case .resize(let number, let memory, let virtualCPUs):
                try requireResizable(number, memory, virtualCPUs)
                domains[number]?.memory = memory
                domains[number]?.virtualCPUs = virtualCPUs
            case .changeDevice(let number, let operation): try changeDevice(number, operation, at: instant)
            case .remove(let number):
                guard let domain = domains.removeValue(forKey: number) else { break }
                record(.stopped, domain.identity, at: instant)
            case .dump(let number): return .dumped(path: try dump(number, at: instant))
            case .writeImage(let number): try finishImage(of: number, at: instant)
            case .unsuspend(let number): try unsuspend(number, at: instant)
            case .removeImage(let path):
                if images.remove(path) != nil { record(.imageRemoved(path: path), nil, at: instant) }
            case .finishSending(let number): try finishSend(of: number, id, at: instant)
            case .finishReceiving(let number): try finishReceiving(number, at: instant)
            }
            return .done
        } catch {
            return .failed(cause: error.message)
        }
    }

    mutating func finishBuilding(_ number: UInt32, at instant: MonotonicInstant) throws(SimulatedRefusal) {
        guard let domain = domains[number], domain.state == .paused else { throw SimulatedRefusal.destroyedWhileBuilt(number) }
        domains[number]?.isBuilding = false
        record(.created, domain.identity, at: instant)
    }
}

extension SimulatedHostModel {
    /// Dumps it once: who asks again is told of the file that is there.
    private mutating func dump(_ number: UInt32, at instant: MonotonicInstant) throws(SimulatedRefusal) -> String {
        // The domain itself is not kept here: Swift 6.3.1 crashes on that when it builds for release (pass CopyPropagation).
        let identity = try requireDumpable(number).identity
        if let path = domains[number]?.dump { return path }
        let placement = identity.ownership.map { "\($0.machine)-\($0.epoch)" } ?? "\(number)"
        let path = "\(dumpFolder)/\(identity.name)-\(placement).core"
        domains[number]?.dump = path
        record(.dumped(path: path), identity, at: instant)
        return path
    }
}

extension DomainOperation {
    /// The operation without its subject.
    var kind: SimulatedOperationKind {
        switch self {
        case .createPaused: .create
        case .unpause: .unpause
        case .pause: .pause
        case .shutdown: .shutdown
        case .reboot: .reboot
        case .resize: .resize
        case .changeDevice: .changeDevice
        case .destroy: .destroy
        case .dumpCore: .dump
        case .suspend: .suspend
        case .unsuspend: .unsuspend
        case .removeImage: .removeImage
        case .sendDomain: .send
        case .receiveDomain: .receive
        }
    }
}
