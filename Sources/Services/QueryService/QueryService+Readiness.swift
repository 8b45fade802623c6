import AgentCore
import AgentPorts
import PoolStateMachine
import QueryModel

extension QueryService {
    /// The process answers; nothing else is looked at.
    func health() -> QueryReply { .text("ok\n") }

    /// Ready when this server can serve its clients: its agent goes on, knows a master, and has just now applied what a majority confirmed.
    ///
    /// The master is asked only where nobody has asked lately, so that whoever watches many times a second costs it little; and only for
    /// a moment, as a balancer that waits sends its clients nowhere meanwhile.
    func readiness() async throws(QueryRefusal) -> QueryReply {
        let present = await gateway.read(.stale) { state, _ in state.pool != nil }
        guard case .value(let isFounded, let context) = present else { throw Self.notReady("its agent is ending") }
        // Before all else: a balancer must look elsewhere while this agent still answers, not once it is gone.
        guard !context.isStopping else { throw Self.notReady("its agent is stopping") }
        guard isFounded else { throw Self.notReady("it has not heard of the pool yet") }
        guard context.mastership.master != nil else { throw Self.notReady("it knows no Server Pool Master") }
        if let age = context.age, age <= QueryLimits.readyAge { return .text("ready\n") }
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

    /// - Parameter cause: goes on from "This server is not ready: ".
    static func notReady(_ cause: String) -> QueryRefusal {
        var refusal = QueryRefusal(
            .noMaster, cause: sentence("This server is not ready: \(cause)"),
            cure: "Ask another server; if all say so, look whether a majority of the servers runs.")
        refusal.retryAfterSeconds = QueryLimits.retryAfterSeconds
        return refusal
    }
}
