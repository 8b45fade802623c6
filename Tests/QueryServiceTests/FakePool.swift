import AgentCore
import AgentPorts
import PoolModel
import PoolStateMachine

/// A pool of one process: applies each command to a real state at once.
actor FakePool: PoolGateway {
    private(set) var state = PoolState()
    private(set) var entries: [PoolEntry] = []
    private var watchers: [AsyncStream<LogIndex>.Continuation] = []
    private var writeAnswer: WriteAnswer?
    private var sequel: PoolCommand?
    private var readRefusal: String?
    private var linearizableRefusal: String?
    private var staleAge: Duration?
    private var staleState: PoolState?
    private var hasMaster = true
    private var isStopping = false
    private var isMasterSilent = false
    /// How many linearizable reads there were.
    private(set) var linearizableReads = 0
    nonisolated let clock = FakeClock()
    private var progress: [TaskProgress] = []
    /// How often somebody asked how far tasks are.
    private(set) var progressReads = 0

    func report(_ progress: [TaskProgress]) { self.progress = progress }

    func write(
        _ command: PoolCommand, principal: Principal, reason: String, idempotency: IdempotencyKey?, expected: LogIndex?
    ) async -> GatewayWrite {
        if let writeAnswer { return GatewayWrite(answer: writeAnswer, context: context()) }
        let outcome = apply(command, principal, reason: reason, idempotency: idempotency, expected: expected)
        let index = state.appliedIndex
        if let sequel { apply(sequel, Scene.admin) }
        sequel = nil
        return GatewayWrite(answer: .outcome(outcome, index: index), context: context())
    }

    func read<Value: Sendable>(
        _ consistency: ReadConsistency, _ body: @escaping @Sendable (PoolState, AnswerContext) -> Value
    ) async -> GatewayRead<Value> {
        if let readRefusal { return .refused(cause: readRefusal, context()) }
        if consistency == .linearizable {
            linearizableReads += 1
            if let linearizableRefusal { return .refused(cause: linearizableRefusal, context()) }
            if isMasterSilent {
                await hang()
                return .refused(cause: "the reader has gone", context())
            }
        }
        var context = context()
        if consistency == .stale {
            context = AnswerContext(
                answeredBy: context.answeredBy, mastership: context.mastership, index: context.index, age: staleAge, isStopping: isStopping)
        }
        return .value(body(consistency == .stale ? staleState ?? state : state, context), context)
    }

    func taskProgress() async -> [TaskProgress] {
        progressReads += 1
        return progress
    }

    func context() -> AnswerContext {
        AnswerContext(
            answeredBy: ServerID(1),
            mastership: MastershipStatus(isMaster: hasMaster, master: hasMaster ? ServerID(1) : nil, term: Term(7)),
            index: state.appliedIndex, age: nil)
    }

    nonisolated func appliedIndexes() -> AsyncStream<LogIndex> {
        let (stream, continuation) = AsyncStream.makeStream(of: LogIndex.self, bufferingPolicy: .bufferingNewest(1))
        Task { await watch(continuation) }
        return stream
    }

    func transferMastership(to target: ServerID?) async {}

    // MARK: Setting the scene

    @discardableResult
    func apply(
        _ command: PoolCommand, _ principal: Principal, reason: String = "", idempotency: IdempotencyKey? = nil,
        expected: LogIndex? = nil
    ) -> CommandOutcome {
        let entry = PoolEntry(
            command: command, principal: principal, proposedAt: clock.now().wall, reason: reason, idempotency: idempotency,
            expected: expected)
        entries.append(entry)
        let outcome = state.apply(entry, at: state.appliedIndex.next).outcome
        for watcher in watchers { watcher.yield(state.appliedIndex) }
        return outcome
    }

    func answerWrites(with answer: WriteAnswer?) { writeAnswer = answer }
    /// After the next write, and before its writer looks, somebody else writes this.
    func follow(nextWriteWith command: PoolCommand) { sequel = command }
    func refuseReads(_ cause: String?) { readRefusal = cause }
    func refuseLinearizableReads(_ cause: String) { linearizableRefusal = cause }
    func setStaleAge(_ age: Duration?) { staleAge = age }
    /// From now on stale reads see a server that has applied nothing yet.
    func fallBehind() { staleState = PoolState() }
    func loseMaster() { hasMaster = false }
    func beginStop() { isStopping = true }
    /// From now on linearizable reads are not answered.
    func silenceMaster() { isMasterSilent = true }
    var watcherCount: Int { watchers.count }

    /// Until the reader has gone.
    private func hang() async {
        let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
        for await _ in stream {}
        continuation.finish()
    }

    private func watch(_ continuation: AsyncStream<LogIndex>.Continuation) {
        watchers.append(continuation)
        continuation.yield(state.appliedIndex)
    }
}

/// A clock that stands.
struct FakeClock: ClockPort {
    static let start: Int64 = 1_309_421_109_120

    static let now = MonotonicInstant.zero

    func now() -> AgentTime { AgentTime(monotonic: Self.now, wall: PoolTime(milliseconds: Self.start)) }
}

/// Replays what a fake pool was told, from its first entry on.
actor FakeArchive: PoolArchive {
    private let pool: FakePool
    private var refusal: ArchiveRefusal?

    init(pool: FakePool) { self.pool = pool }

    func refuse(_ refusal: ArchiveRefusal?) { self.refusal = refusal }

    func span(from first: LogIndex, through last: LogIndex) async throws(ArchiveRefusal) -> PoolSpan {
        if let refusal { throw refusal }
        var state = PoolState()
        var before = state
        var steps: [PoolStep] = []
        for entry in await pool.entries.prefix(Int(last.number)) {
            let index = state.appliedIndex.next
            let outcome = state.apply(entry, at: index).outcome
            if case .done = outcome, index > first {
                steps.append(
                    PoolStep(
                        index: index, time: state.poolTime, principal: entry.principal, reason: entry.reason,
                        events: state.events.since(index.previous, most: 100) ?? []))
            }
            if index == first { before = state }
        }
        return PoolSpan(before: before, after: state, steps: steps, firstKept: LogIndex(1))
    }
}
