package import AgentCore
import AgentPorts
package import Logging
package import NIOCore
import PoolModel
import PoolStateMachine
import RaftCore

/// Feeds one agent's core with inputs, one at a time, and performs its effects in their order.
///
/// It runs on one event loop: inputs from the network, the disk and the clock are handed to it without a thread in between, and
/// nothing on it ever waits. What waits (the hypervisor, the encoding of a snapshot) runs in `run()`'s task group.
package actor AgentLoop {
    private let eventLoop: any EventLoop
    let ports: AgentPortSet
    let log: Logger
    var core: AgentCore

    private let calls: AsyncStream<OutsideCall>
    private let callQueue: AsyncStream<OutsideCall>.Continuation
    private var end: AgentEnd?
    private var endWaiters: [CheckedContinuation<AgentEnd, Never>] = []

    var nextClient: UInt64 = 1
    var writes: [ClientRequestID: CheckedContinuation<GatewayWrite, Never>] = [:]
    var reads: [ClientRequestID: @Sendable (isolated AgentLoop, ReadAnswer) -> Void] = [:]
    var progressReads: [ClientRequestID: CheckedContinuation<[TaskProgress], Never>] = [:]
    /// Operations under way that can be cancelled: those that move domains. Their ends cancel.
    private var cancellations: [DomainOperationID: AsyncStream<Never>.Continuation] = [:]
    var watchers: [UInt64: AsyncStream<LogIndex>.Continuation] = [:]

    private var timer: Scheduled<Void>?
    private var timerDeadline: MonotonicInstant?

    package nonisolated var unownedExecutor: UnownedSerialExecutor { eventLoop.executor.asUnownedSerialExecutor() }

    /// - Parameter core: not started yet.
    package init(core: AgentCore, ports: AgentPortSet, eventLoop: any EventLoop, log: Logger) {
        self.core = core
        self.ports = ports
        self.eventLoop = eventLoop
        self.log = log
        (calls, callQueue) = AsyncStream.makeStream()
    }

    /// Runs the agent until it has stopped in good order.
    ///
    /// - Throws: `AgentHalt` when the agent must stay down.
    package func run() async throws {
        let started = core.start()
        perform(started)
        reschedule()
        let outcome = await withDiscardingTaskGroup(returning: AgentEnd.self) { group in
            group.addTask { await self.serveCalls() }
            group.addTask { await self.followHypervisor() }
            group.addTask { await self.readFactsAgain() }
            let outcome = await self.awaitEnd()
            group.cancelAll()
            self.callQueue.finish()
            return outcome
        }
        timer?.cancel()
        failWaitingClients()
        if case .halted(let sentence) = outcome { throw AgentHalt(message: sentence) }
    }

    /// Asks for a stop in good order; `run()` returns once it is done.
    package nonisolated func stop() { submit(.stop) }

    /// Hands an input to the core, from any thread; inputs of one thread keep their order.
    package nonisolated func submit(_ input: AgentInput) {
        onLoop { $0.take(input) }
    }

    /// Steps the core and performs what it wants done.
    func take(_ input: AgentInput) {
        guard end == nil else { return }
        if case .operationEnded(let id, _) = input { cancellations[id] = nil }
        perform(core.step(input, at: ports.clock.now()))
        reschedule()
    }

    /// Runs something on the loop, from any thread.
    nonisolated func onLoop(_ body: @escaping @Sendable (isolated AgentLoop) -> Void) {
        eventLoop.execute { self.assumeIsolated(body) }
    }

    var hasEnded: Bool { end != nil }

    /// Why a client has no answer any more.
    static let endingCause = "this server's agent is ending"

    // MARK: Effects

    func perform(_ effects: [AgentEffect]) {
        for effect in effects {
            switch effect {
            case .write(let write): store(write)
            case .send(let message, let peer): ports.peers.send(message, to: peer)
            case .encodeSnapshot(let state, let index): callQueue.yield(.encodeSnapshot(state, index: index))
            case .answerWrite(let client, let answer): answerWrite(client, answer)
            case .answerRead(let client, let answer): reads.removeValue(forKey: client)?(self, answer)
            case .answerProgress(let client, let tasks): progressReads.removeValue(forKey: client)?.resume(returning: tasks)
            case .listDomains(let number): callQueue.yield(.listDomains(number: number))
            case .perform(let id, let operation): begin(id, operation)
            case .cancel(let id): cancellations[id]?.finish()
            case .peersChanged(let peers, let first): ports.peers.setPeers(peers, admittingFrom: first)
            case .applied(let index): for watcher in watchers.values { watcher.yield(index) }
            case .mastershipChanged(let status): logMastership(status)
            case .goodbye: ports.peers.goodbye()
            case .notice(let level, let sentence): logNotice(level, sentence)
            case .halt(let sentence): finish(.halted(sentence))
            case .stopped: finish(.stopped)
            }
        }
    }

    private func begin(_ id: DomainOperationID, _ operation: DomainOperation) {
        switch operation {
        case .sendDomain, .receiveDomain:
            let (cancellation, cancelling) = AsyncStream.makeStream(of: Never.self)
            cancellations[id] = cancelling
            callQueue.yield(.move(id, operation, cancellation: cancellation))
        default: callQueue.yield(.perform(id, operation))
        }
    }

    private func store(_ write: RaftWrite<PoolEntry>) {
        let sequence = write.sequence
        ports.storage.write(write) { error in
            if let error {
                self.onLoop { $0.finish(.halted(error.message)) }
            } else {
                self.submit(.writeCompleted(sequence: sequence))
            }
        }
    }

    private func answerWrite(_ client: ClientRequestID, _ answer: WriteAnswer) {
        writes.removeValue(forKey: client)?.resume(returning: GatewayWrite(answer: answer, context: answerContext(age: nil)))
    }

    private func logMastership(_ status: MastershipStatus) {
        log.info(
            "mastership",
            metadata: [
                "isMaster": "\(status.isMaster)", "master": "\(status.master.map(String.init(describing:)) ?? "none")",
                "term": "\(status.term)",
            ])
    }

    private func logNotice(_ level: NoticeLevel, _ sentence: String) {
        switch level {
        case .information: log.info("\(sentence)")
        case .warning: log.warning("\(sentence)")
        case .error: log.error("\(sentence)")
        }
    }

    // MARK: Time

    private func reschedule() {
        guard end == nil else { return }
        let deadline = core.nextDeadline
        if let timerDeadline, timerDeadline <= deadline { return }
        timer?.cancel()
        timerDeadline = deadline
        let wait = max(0, (deadline - ports.clock.now().monotonic).wholeNanoseconds)
        timer = eventLoop.scheduleTask(in: .nanoseconds(wait)) {
            self.assumeIsolated { loop in
                loop.timerDeadline = nil
                loop.take(.timePassed)
            }
        }
    }

    // MARK: The end

    private func finish(_ outcome: AgentEnd) {
        guard end == nil else { return }
        end = outcome
        endWaiters.forEach { $0.resume(returning: outcome) }
        endWaiters = []
    }

    private func awaitEnd() async -> AgentEnd {
        if let end { return end }
        return await withCheckedContinuation { endWaiters.append($0) }
    }

    private func failWaitingClients() {
        let waiting = writes
        writes = [:]
        for continuation in waiting.values {
            continuation.resume(
                returning: GatewayWrite(answer: .unknown(cause: Self.endingCause), context: answerContext(age: nil)))
        }
        let readers = reads
        reads = [:]
        for answer in readers.values { answer(self, .refused(cause: Self.endingCause)) }
        for reader in progressReads.values { reader.resume(returning: []) }
        progressReads = [:]
        for watcher in watchers.values { watcher.finish() }
        watchers = [:]
    }

    // MARK: What waits

    private nonisolated func serveCalls() async {
        let ports = self.ports
        await withDiscardingTaskGroup { group in
            for await call in calls {
                group.addTask {
                    if let answer = await call.perform(through: ports, tell: { self.submit($0) }) { self.submit(answer) }
                }
            }
            // A hung operation must not keep the process from ending.
            group.cancelAll()
        }
    }

    private nonisolated func followHypervisor() async {
        for await _ in ports.hypervisor.changes() { submit(.domainsChanged) }
    }

    private nonisolated func readFactsAgain() async {
        while !Task.isCancelled {
            do {
                try await Task.sleep(for: .seconds(5))
                submit(.factsRead(try await ports.hypervisor.facts()))
            } catch {
                // An unread fact stays as it was: the listing, which fails with it, tells the operator.
                continue
            }
        }
    }
}

/// How an agent's run ended.
private enum AgentEnd: Sendable {
    case stopped
    case halted(String)
}
