package import AgentCore
package import PoolModel
package import PoolStateMachine

/// How the query port reaches the pool through this server's agent.
package protocol PoolGateway: Sendable {
    /// Proposes a command, through the master wherever it is, and waits for its outcome: held through a failover, applied once.
    ///
    /// - Parameter expected: the index of the last change of what the command changes; nil where the caller does not mind.
    func write(
        _ command: PoolCommand, principal: Principal, reason: String, idempotency: IdempotencyKey?, expected: LogIndex?
    ) async -> GatewayWrite

    /// Runs `body` over the pool's state, once it is as fresh as `consistency` asks. `body` must be quick: it holds up the agent.
    func read<Value: Sendable>(
        _ consistency: ReadConsistency, _ body: @escaping @Sendable (PoolState, AnswerContext) -> Value
    ) async -> GatewayRead<Value>

    /// How far tasks are, by number, as the master was told. Soft: nothing where it does not say so within half a second.
    func taskProgress() async -> [TaskProgress]

    /// What this agent believes now, without asking anyone.
    func context() async -> AnswerContext

    /// Yields after entries were applied: the newest applied index, older ones dropped. Ends with the agent.
    func appliedIndexes() -> AsyncStream<LogIndex>

    /// Hands mastership over.
    func transferMastership(to target: ServerID?) async
}

/// What every answer of the query port names: the master, the term and the log index it reflects.
package struct AnswerContext: Hashable, Sendable {
    package let answeredBy: ServerID
    package let mastership: MastershipStatus
    /// The applied index.
    package let index: LogIndex
    /// How old the answer may be at most; nil when that is unknown or the answer is linearizable.
    package let age: Duration?
    /// Whether the agent is ending in good order: who can ask another server should do so from now on.
    package let isStopping: Bool

    package init(answeredBy: ServerID, mastership: MastershipStatus, index: LogIndex, age: Duration?, isStopping: Bool = false) {
        self.answeredBy = answeredBy
        self.mastership = mastership
        self.index = index
        self.age = age
        self.isStopping = isStopping
    }
}

/// A write's answer with what it reflects.
package struct GatewayWrite: Hashable, Sendable {
    package let answer: WriteAnswer
    package let context: AnswerContext

    package init(answer: WriteAnswer, context: AnswerContext) {
        self.answer = answer
        self.context = context
    }
}

/// A read's answer with what it reflects.
package enum GatewayRead<Value: Sendable>: Sendable {
    case value(Value, AnswerContext)
    /// No master was found within the bound: one sentence.
    case refused(cause: String, AnswerContext)
}
