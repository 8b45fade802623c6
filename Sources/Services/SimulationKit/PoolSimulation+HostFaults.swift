import AgentCore
import PoolModel
import SimulatedHost

extension PoolSimulation {
    // MARK: What goes wrong by chance

    /// Draws what is to go wrong with the operation that begins next.
    func prepareFaults(for operation: DomainOperation, on server: SimulatedServer) {
        switch operation {
        case .shutdown(let domain), .reboot(let domain): prepareGuest(domain, on: server)
        case .createPaused, .unpause, .pause, .resize, .changeDevice, .destroy, .dumpCore, .suspend, .unsuspend, .removeImage, .sendDomain,
            .receiveDomain:
            break
        }
        if plantedBug == .resumesBySelf, case .sendDomain = operation {
            // It waits for an answer of the other end, and then goes by its own time.
            return control(.inject(.send, .answersLate(by: .seconds(3))), server)
        }
        guard !isHealing, let fault = drawnFault(on: server) else { return }
        report.counts.hostFaults += 1
        control(.inject(Self.kind(of: operation), fault), server)
    }

    private func drawnFault(on server: SimulatedServer) -> SimulatedFault? {
        let faults = settings.faults
        if random.happens(faults.operationFailureMillionths) {
            let cause = "The hypervisor failed."
            return random.happens(300_000) ? .doneButReportsFailure(cause: cause) : .fails(cause: cause)
        }
        if random.happens(faults.operationHangMillionths) {
            let longest = Int64(max(1, faults.operationHangMilliseconds)) * 1_000_000
            queue.add(.hostReleases(server.id, boot: server.host.boot), at: now + random.nanoseconds(1...longest))
            return .hangs
        }
        guard random.happens(faults.operationSlownessMillionths) else { return nil }
        let length = Duration.nanoseconds(random.nanoseconds(400_000_000...4_000_000_000))
        return random.happens(500_000) ? .takes(length) : .answersLate(by: length)
    }

    private static func kind(of operation: DomainOperation) -> SimulatedOperationKind {
        switch operation {
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

    /// Whether the guest will heed the request that is on its way.
    private func prepareGuest(_ number: UInt32, on server: SimulatedServer) {
        // Where chance has no say, a story may have made a guest stubborn.
        guard settings.faults.stubbornGuestMillionths > 0 else { return }
        guard let domain = server.host.domainReports.first(where: { $0.domain == number }) else { return }
        let isStubborn = !isHealing && random.happens(settings.faults.stubbornGuestMillionths)
        if isStubborn {
            server.requests.stubborn.insert(number)
            server.requests.stubbornNames.insert(domain.name)
        } else {
            server.requests.stubborn.remove(number)
            server.requests.stubbornNames.remove(domain.name)
        }
        control(.ignoreShutdown(name: domain.name, isStubborn), server)
    }

    func endGuest(of domain: UInt32, on server: SimulatedServer, _ end: DomainEnd) {
        guard server.runningDomains.contains(where: { $0.domain == domain }) else { return }
        let guestEnd: SimulatedGuestEnd =
            switch end {
            case .powerOff: .powerOff
            case .reboot: .reboot
            case .crash: .crash
            }
        control(.endGuest(domain: domain, guestEnd), server)
    }

    /// Nothing hangs any more, and stubborn guests give in.
    func healHost(of server: SimulatedServer) {
        // Names first: what hung is heeded once it goes on, and so is what is asked of another domain of the same name.
        for name in server.requests.stubbornNames.sorted() { control(.ignoreShutdown(name: name, false), server) }
        server.requests.stubbornNames = []
        control(.release, server)
        for domain in server.requests.stubborn.sorted() { endGuest(of: domain, on: server, .powerOff) }
    }

    // MARK: Planted mistakes

    /// A machine that is to start cold goes on from the image that it went on from before.
    func withFormerImage(_ operation: DomainOperation, on server: SimulatedServer) -> DomainOperation {
        guard plantedBug == .reusesImages, case .createPaused(let specification) = operation else { return operation }
        if let image = specification.image {
            formerImages[specification.ownership.machine] = image
            return operation
        }
        guard let image = formerImages[specification.ownership.machine] else { return operation }
        server.host.setImage(image.path(own: server.host.imageFolder), isThere: true)
        return .createPaused(
            DomainSpecification(
                ownership: specification.ownership, name: specification.name, uuid: specification.uuid,
                configuration: specification.configuration, requirements: specification.requirements, image: image))
    }

    /// A running domain that is to be destroyed runs on, and is listed no more.
    func hides(_ operation: DomainOperation, on server: SimulatedServer) -> Bool {
        guard plantedBug == .forgetsToDestroy, case .destroy(let domain) = operation else { return false }
        guard server.runningDomains.contains(where: { $0.domain == domain }) else { return false }
        server.requests.hidden.insert(domain)
        return true
    }

    /// What former runs of the agent started is started once more.
    func replayStarts(_ server: SimulatedServer) {
        guard plantedBug == .replaysStarts else { return }
        for specification in server.requests.startsToReplay {
            server.requests.replayed.insert(specification.ownership)
            begin(.createPaused(specification), on: server, for: nil)
        }
    }
}
