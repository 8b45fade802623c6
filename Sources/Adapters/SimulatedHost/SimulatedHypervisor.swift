package import AgentCore
package import AgentPorts
package import NIOCore
import NIOPosix
package import PoolModel

/// The agent's side of a served host. It connects when it is asked something, and again after a connection broke.
package final class SimulatedHypervisor: HypervisorPort {
    let eventLoop: any EventLoop
    let socketPath: String
    private let link: NIOLoopBoundBox<HypervisorLink>
    /// How long a look at the host may take.
    let patience: Duration

    /// Does not connect yet.
    ///
    /// - Parameter patience: how long listing, facts, boot identifier and control may take; performing may take for ever.
    package init(socketPath: String, eventLoop: (any EventLoop)? = nil, patience: Duration = .seconds(5)) {
        let loop = eventLoop ?? MultiThreadedEventLoopGroup.singleton.next()
        self.eventLoop = loop
        self.socketPath = socketPath
        self.patience = patience
        link = NIOLoopBoundBox.makeBoxSendingValue(HypervisorLink(path: socketPath, eventLoop: loop), eventLoop: loop)
    }

    deinit { close() }

    /// A hypervisor that has answered: waits for a host that is just starting, as long as `patience`.
    package static func connect(
        socketPath: String, eventLoop: (any EventLoop)? = nil, patience: Duration = .seconds(5)
    ) async throws(HypervisorError) -> SimulatedHypervisor {
        let hypervisor = SimulatedHypervisor(socketPath: socketPath, eventLoop: eventLoop, patience: patience)
        let deadline = ContinuousClock.now + patience
        while true {
            do throws(HypervisorError) {
                _ = try await hypervisor.bootIdentifier()
                return hypervisor
            } catch {
                do {
                    guard ContinuousClock.now < deadline else { throw error }
                    try await Task.sleep(for: .milliseconds(50))
                } catch _ {
                    hypervisor.close()
                    throw error
                }
            }
        }
    }

    /// Ends the connection and all that waits; nothing can be asked afterwards.
    package func close() {
        let link = link
        eventLoop.execute { link.value.close() }
    }

    // MARK: HypervisorPort

    package func listDomains() async throws(HypervisorError) -> [DomainReport] {
        guard case .domains(let documents) = try await look(.list) else { throw Self.mismatch }
        guard documents.count <= SimulatedHostLimits.domains else { throw .invalidAnswer(reason: "it lists \(documents.count) domains") }
        do throws(DocumentFault) {
            var reports: [DomainReport] = []
            for document in documents { reports.append(try document.report()) }
            return reports
        } catch {
            throw .invalidAnswer(reason: error.reason)
        }
    }

    package func facts() async throws(HypervisorError) -> ServerFacts {
        guard case .facts(let document) = try await look(.facts) else { throw Self.mismatch }
        do throws(DocumentFault) {
            return try document.serverFacts()
        } catch {
            throw .invalidAnswer(reason: error.reason)
        }
    }

    package func usage() async throws(HypervisorError) -> [DomainUsage] {
        guard case .usage(let documents) = try await look(.usage, within: min(patience, Self.usagePatience)) else { throw Self.mismatch }
        guard documents.count <= SimulatedHostLimits.domains else { throw .invalidAnswer(reason: "it lists \(documents.count) domains") }
        do throws(DocumentFault) {
            var usage: [DomainUsage] = []
            for document in documents { usage.append(try document.usage()) }
            return usage
        } catch {
            throw .invalidAnswer(reason: error.reason)
        }
    }

    package func bootIdentifier() async throws(HypervisorError) -> UniqueIdentifier {
        guard case .boot(let text) = try await look(.boot), let boot = UniqueIdentifier(text) else { throw Self.mismatch }
        return boot
    }

    package func hardwareIdentifier() async throws(HypervisorError) -> UniqueIdentifier? {
        guard case .hardware(let text) = try await look(.hardware), let hardware = UniqueIdentifier(text) else { throw Self.mismatch }
        return hardware
    }

    package func perform(_ operation: DomainOperation) async -> DomainOperationResult {
        guard !operation.isMove else { return .failed(cause: "A domain moves over a stream, and none was given.") }
        do throws(LinkFailure) {
            switch try await ask(.perform(OperationDocument(operation)), within: nil) {
            case .performed(nil): return .done
            case .performed(let failure?): return .failed(cause: Self.bounded(failure))
            case .dumped(let path): return .dumped(path: Self.bounded(path))
            default: throw LinkFailure.nonsense
            }
        } catch {
            return .failed(cause: error.operationCause)
        }
    }

    package func changes() -> AsyncStream<Void> {
        let (link, eventLoop) = (link, eventLoop)
        return AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            // The number tells watchers apart; a random one needs no state that all threads share.
            let number = UInt64.random(in: 0 ... .max)
            continuation.onTermination = { _ in eventLoop.execute { link.value.unwatch(number) } }
            eventLoop.execute { link.value.watch(number, continuation) }
        }
    }

    // MARK: For tests and tooling

    /// Does something to the host from outside.
    ///
    /// - Returns: why the host refused, as a sentence; nil when it was done.
    package func control(_ control: SimulatedHostControl) async throws(HypervisorError) -> String? {
        guard case .controlled(let refusal) = try await look(.control(control)) else { throw Self.mismatch }
        return refusal.map(Self.bounded)
    }

    // MARK: Within

    /// How long whoever watches waits for what domains use.
    private static let usagePatience = Duration.seconds(2)
    private static let mismatch = HypervisorError.invalidAnswer(reason: "it answers another question than was asked")

    static func bounded(_ text: String) -> String {
        text.utf8.count <= SimulatedHostLimits.causeBytes ? text : String(text.prefix(SimulatedHostLimits.causeBytes / 4)) + "..."
    }

    func look(_ call: HostCall, within patience: Duration? = nil) async throws(HypervisorError) -> HostReply {
        do throws(LinkFailure) {
            return try await ask(call, within: patience ?? self.patience)
        } catch {
            throw error.hypervisorError
        }
    }

    private func ask(_ call: HostCall, within patience: Duration?) async throws(LinkFailure) -> HostReply {
        try await ask(call, link, within: patience)
    }

    func ask(
        _ call: HostCall, _ link: NIOLoopBoundBox<HypervisorLink>, within patience: Duration?
    ) async throws(LinkFailure) -> HostReply {
        let promise = eventLoop.makePromise(of: HostReply.self)
        eventLoop.execute { link.value.ask(call, promise) }
        // A promise keeps its first outcome, so the timer and the cancellation may come too late without harm.
        let timer = patience.map { patience in
            eventLoop.scheduleTask(in: .nanoseconds(patience.wholeNanoseconds)) { promise.fail(LinkFailure.timedOut) }
        }
        defer { timer?.cancel() }
        do {
            return try await withTaskCancellationHandler {
                try await promise.futureResult.get()
            } onCancel: {
                promise.fail(LinkFailure.cancelled)
            }
        } catch {
            throw error as? LinkFailure ?? .lost
        }
    }
}

extension LinkFailure {
    /// What became of an operation, as truly as it is known.
    var operationCause: String {
        switch self {
        case .notSent(let reason): "The simulated host could not be asked, so nothing was done: \(reason)."
        case .lost: "The connection to the simulated host broke before it answered: whether the operation was done is unknown."
        case .timedOut: "The simulated host did not answer in time: whether the operation was done is unknown."
        case .nonsense: "The simulated host answered with nonsense: whether the operation was done is unknown."
        case .cancelled: "The agent stopped waiting for the simulated host: whether the operation was done is unknown."
        }
    }

    /// The failure of a look at the host.
    var hypervisorError: HypervisorError {
        switch self {
        case .notSent(let reason): .unreachable(reason: reason)
        case .lost: .unreachable(reason: "the connection to the simulated host broke")
        case .timedOut: .unreachable(reason: "the simulated host did not answer in time")
        case .cancelled: .unreachable(reason: "the agent stopped waiting")
        case .nonsense: .invalidAnswer(reason: "the simulated host wrote a line that is no answer")
        }
    }
}
