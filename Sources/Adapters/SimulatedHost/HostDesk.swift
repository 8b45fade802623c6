import AgentCore
import AgentPorts
import FoundationEssentials
import NIOCore
import PoolModel

/// Drives a model in real time and answers the connections. Lives on one event loop, which is its only lock.
final class HostDesk {
    /// Bytes of answers that a client may leave unread.
    static let unreadBytes = 4 << 20

    /// Closed when the host can no longer be served.
    var listener: (any Channel)?
    /// Why it can no longer be served.
    private(set) var failure: SimulatedHostError?

    private var model: SimulatedHostModel
    private let hardware: UniqueIdentifier
    private let journal: HostJournal
    private let images: HostImages
    private let eventLoop: any EventLoop
    private let consoles: SimulatedConsoles
    private var connections: [ObjectIdentifier: HostConnection] = [:]
    /// Who waits for which operation.
    private var waiting: [DomainOperationID: (connection: HostConnection, request: UInt64)] = [:]
    /// What sends have brought so far that are not answered.
    private var travelling: [DomainOperationID: TravellingDomain] = [:]
    private var nextOperation: UInt64 = 1
    private var timer: Scheduled<Void>?
    private var hasEnded = false

    init(model: SimulatedHostModel, hardware: UniqueIdentifier, journal: HostJournal, images: HostImages, eventLoop: any EventLoop) {
        self.model = model
        self.hardware = hardware
        self.journal = journal
        self.images = images
        self.eventLoop = eventLoop
        consoles = SimulatedConsoles(eventLoop: eventLoop)
    }

    // MARK: Connections

    /// - Returns: false when there are too many.
    func admit(_ connection: HostConnection) -> Bool {
        guard !hasEnded, connections.count < SimulatedHostLimits.connections else { return false }
        connections[ObjectIdentifier(connection)] = connection
        return true
    }

    /// The connection is gone. What it began goes on, as it would on Xen, but for moves, which cannot without an agent.
    func forget(_ connection: HostConnection) {
        connections[ObjectIdentifier(connection)] = nil
        consoles.forget(connection)
        cancelMoves(of: connection)
        waiting = waiting.filter { $0.value.connection !== connection }
        // Not now: it may have gone while others are being answered.
        let desk = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.execute { desk.value.settle() }
    }

    private func operations(of connection: HostConnection) -> [DomainOperationID] {
        waiting.filter { $0.value.connection === connection }.keys.sorted { $0.number < $1.number }
    }

    private func cancelMoves(of connection: HostConnection) {
        guard failure == nil, !hasEnded else { return }
        for id in operations(of: connection) { model.cancel(id, now: HostClock.now()) }
    }

    /// Stops the host: its domains end with the process or, in a test, with this object.
    ///
    /// - Returns: why it had to stop, if not because it was asked to.
    func end() -> SimulatedHostError? {
        hasEnded = true
        timer?.cancel()
        timer = nil
        for connection in connections.values { connection.close() }
        listener = nil
        return failure
    }

    // MARK: Requests

    func receive(_ request: HostRequest, from connection: HostConnection) throws(DocumentFault) {
        settle()
        guard failure == nil else { throw DocumentFault("the host has ended") }
        switch request.call {
        case .subscribe:
            connection.isSubscribed = true
            connection.answer(request.id, .subscribed)
        case .list: connection.answer(request.id, .domains(model.domainReports.map { DomainDocument($0) }))
        case .facts: connection.answer(request.id, .facts(FactsDocument(model.facts)))
        case .usage: connection.answer(request.id, .usage(model.usageDocuments(at: HostClock.now())))
        case .boot: connection.answer(request.id, .boot(model.boot.description))
        case .hardware: connection.answer(request.id, .hardware(hardware.description))
        case .attachText(let domain):
            attach(request.id, connection, domain, consoles.attachText(of: domain, to: connection))
        case .attachDisplay(let domain):
            attach(request.id, connection, domain, consoles.attachDisplay(of: domain, to: connection))
        case .consoleLog(let name):
            connection.answer(request.id, .consoleLog(consoles.log(ofDomainNamed: name).map { Data($0.suffix(ConsoleLimits.logBytes)) }))
        case .perform(let document): begin(try document.operation(), request.id, connection)
        case .deliver(let document):
            let domain = try document.domain()
            for id in operations(of: connection) { model.deliver(domain, to: id, now: HostClock.now()) }
            connection.answer(request.id, .moved)
            settle()
        case .cancelMove:
            cancelMoves(of: connection)
            connection.answer(request.id, .moved)
            settle(mayHaveChanged: true)
        case .control(let control):
            let refusal = model.control(control, now: HostClock.now())
            settle(mayHaveChanged: refusal == nil)
            connection.answer(request.id, .controlled(refusal: refusal))
        }
    }

    private func attach(_ request: UInt64, _ connection: HostConnection, _ domain: UInt32, _ isAttached: Bool) {
        connection.answer(request, .attached(refusal: isAttached ? nil : "The simulated host has no domain \(domain)."))
        consoles.greet(connection)
    }

    private func begin(_ operation: DomainOperation, _ request: UInt64, _ connection: HostConnection) {
        let id = DomainOperationID(nextOperation)
        nextOperation += 1
        waiting[id] = (connection, request)
        images.look(at: operation, &model)
        model.begin(operation, id: id, now: HostClock.now())
        settle(mayHaveChanged: true)
    }

    // MARK: Time

    /// Lets the model catch up with the clock, and tells what has come of it: the journal first, then those who wait.
    func settle(mayHaveChanged: Bool = false) {
        guard failure == nil, !hasEnded else { return }
        images.lookAtConsumed(&model)
        let changes = model.advance(to: HostClock.now())
        do throws(SimulatedHostError) {
            for case .event(let event) in changes {
                try journal.append(event)
                if case .dumped(let path) = event.kind { try DumpMarker.write(event, to: path) }
                try images.carryOut(event)
                consoles.note(event)
            }
        } catch {
            failure = error
            listener?.close(promise: nil)
            return
        }
        for case .sent(let id, let domain) in changes { travelling[id] = domain }
        for case .completed(let id, let result) in changes { answer(id, result) }
        if mayHaveChanged || !changes.isEmpty {
            for connection in connections.values { connection.tellChange() }
        }
        setTimer()
    }

    private func answer(_ id: DomainOperationID, _ result: DomainOperationResult) {
        let domain = travelling.removeValue(forKey: id)
        guard let waiter = waiting.removeValue(forKey: id) else { return }
        switch result {
        case .done where domain != nil: domain.map { waiter.connection.answer(waiter.request, .sent(TravellingDocument($0))) }
        case .done: waiter.connection.answer(waiter.request, .performed(failure: nil))
        case .dumped(let path): waiter.connection.answer(waiter.request, .dumped(path: path))
        case .failed(let cause): waiter.connection.answer(waiter.request, .performed(failure: cause))
        }
    }

    private func setTimer() {
        timer?.cancel()
        timer = nil
        guard let deadline = model.nextDeadline else { return }
        let delay = max(0, (deadline - HostClock.now()).wholeNanoseconds)
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        timer = eventLoop.scheduleTask(in: .nanoseconds(delay)) { bound.value.settle() }
    }
}
