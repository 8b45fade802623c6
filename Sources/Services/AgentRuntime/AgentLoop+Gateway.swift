package import AgentCore
package import AgentPorts
package import PoolModel
package import PoolStateMachine

extension AgentLoop: PoolGateway {
    package func write(
        _ command: PoolCommand, principal: Principal, reason: String, idempotency: IdempotencyKey?, expected: LogIndex?
    ) async -> GatewayWrite {
        // An agent that has ended answers nobody later.
        guard !hasEnded else { return GatewayWrite(answer: .notTaken(cause: Self.endingCause), context: answerContext(age: nil)) }
        return await withCheckedContinuation { continuation in
            let client = makeClient()
            writes[client] = continuation
            take(.submit(client, command, principal: principal, reason: reason, idempotency: idempotency, expected: expected))
        }
    }

    package func read<Value: Sendable>(
        _ consistency: ReadConsistency, _ body: @escaping @Sendable (PoolState, AnswerContext) -> Value
    ) async -> GatewayRead<Value> {
        guard !hasEnded else { return .refused(cause: Self.endingCause, answerContext(age: nil)) }
        let client = makeClient()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                reads[client] = { loop, answer in
                    switch answer {
                    case .ready(let age):
                        let context = loop.answerContext(age: age)
                        continuation.resume(returning: .value(body(loop.core.state, context), context))
                    case .refused(let cause):
                        continuation.resume(returning: .refused(cause: cause, loop.answerContext(age: nil)))
                    }
                }
                take(.read(client, consistency))
            }
        } onCancel: {
            // Comes after the read was noted, as that runs on the loop without a pause.
            onLoop { $0.abandonRead(client) }
        }
    }

    /// Nobody waits for it any more.
    private func abandonRead(_ client: ClientRequestID) {
        guard let answer = reads.removeValue(forKey: client) else { return }
        take(.abandoned(client))
        answer(self, .refused(cause: "the reader has gone"))
    }

    package func taskProgress() async -> [TaskProgress] {
        guard !hasEnded else { return [] }
        return await withCheckedContinuation { continuation in
            let client = makeClient()
            progressReads[client] = continuation
            take(.readProgress(client))
        }
    }

    package func context() async -> AnswerContext { answerContext(age: nil) }

    package nonisolated func appliedIndexes() -> AsyncStream<LogIndex> {
        let (stream, continuation) = AsyncStream<LogIndex>.makeStream(bufferingPolicy: .bufferingNewest(1))
        addWatcher(continuation)
        return stream
    }

    package func transferMastership(to target: ServerID?) async { take(.transferMastership(target: target)) }

    func answerContext(age: Duration?) -> AnswerContext {
        AnswerContext(
            answeredBy: core.identity.server, mastership: core.mastershipStatus, index: core.state.appliedIndex, age: age,
            isStopping: core.isStopping)
    }

    private func makeClient() -> ClientRequestID {
        defer { nextClient += 1 }
        return ClientRequestID(nextClient)
    }

    private nonisolated func addWatcher(_ continuation: AsyncStream<LogIndex>.Continuation) {
        onLoop { loop in
            guard !loop.hasEnded else { return continuation.finish() }
            let number = loop.nextClient
            loop.nextClient += 1
            loop.watchers[number] = continuation
            continuation.yield(loop.core.state.appliedIndex)
            continuation.onTermination = { _ in self.onLoop { $0.watchers[number] = nil } }
        }
    }
}
