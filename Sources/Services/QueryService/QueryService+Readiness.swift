import AgentCore
import AgentPorts
import PoolStateMachine
import QueryModel

extension QueryService {
    /// The process answers; nothing else is looked at.
    func health() -> QueryReply { .text("ok\n") }

    /// Ready when this server can serve its clients: it knows a master, and has just now applied what a majority confirmed.
    ///
    /// The master is asked only where nobody has asked lately, so that whoever watches many times a second costs it little; and only for
    /// a moment, as a balancer that waits sends its clients nowhere meanwhile.
    func readiness() async throws(QueryRefusal) -> QueryReply {
        let present = await gateway.read(.stale) { state, context in (state.pool != nil, context.mastership.master != nil, context.age) }
        guard case .value((let isFounded, let hasMaster, let age), _) = present, isFounded else {
            throw Self.notReady("it has not heard of the pool yet")
        }
        guard hasMaster else { throw Self.notReady("it knows no Server Pool Master") }
        if let age, age <= QueryLimits.readyAge { return .text("ready\n") }
        if let cause = await causeOfStaleness() { throw Self.notReady(cause) }
        return .text("ready\n")
    }

    /// Why this server cannot be brought up to date now; nil when it is.
    private func causeOfStaleness() async -> String? {
        let (gateway, patience) = (gateway, readyPatience)
        return await withTaskGroup(of: String?.self) { group in
            group.addTask {
                switch await gateway.read(.linearizable, { _, _ in true }) {
                case .value: nil
                case .refused(let cause, _): cause
                }
            }
            group.addTask {
                do {
                    try await Task.sleep(for: patience)
                } catch {
                    return nil
                }
                return "it could not be brought up to date within \(patience)"
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }

    private static func notReady(_ cause: String) -> QueryRefusal {
        var refusal = QueryRefusal(
            .noMaster, cause: sentence("This server is not ready: \(cause)"),
            cure: "Ask another server; if all say so, look whether a majority of the servers runs.")
        refusal.retryAfterSeconds = QueryLimits.retryAfterSeconds
        return refusal
    }
}
