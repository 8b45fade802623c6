import AgentCore
import AgentPorts
import PoolModel
import PoolStateMachine
import QueryModel

extension QueryService {
    /// The process answers; nothing else is looked at.
    func health() -> QueryReply { .text("ok\n") }

    /// Ready once this agent has applied the pool's founding and knows a master; asked without waiting for anyone.
    func readiness() async throws(QueryRefusal) -> QueryReply {
        let context = await gateway.context()
        guard context.mastership.master != nil else { throw Self.noMaster("this server knows no Server Pool Master") }
        let read = await gateway.read(.stale) { state, _ in state.pool != nil }
        switch read {
        case .value(true, _): return .text("ready\n")
        case .value(false, _): throw Self.noMaster("this server has not heard of the pool yet")
        case .refused(let cause, _): throw Self.noMaster(cause)
        }
    }

    func description() -> QueryReply { .text(OpenAPIDocument.text, mediaType: "application/json") }

    func showMaster(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        try await answer(request) { state, context throws(QueryRefusal) in MasterDocument(state, context) }
    }

    func showPool(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        try await answer(request) { state, _ throws(QueryRefusal) in PoolDocument(state, try state.foundedPool()) }
    }
}

extension PoolState {
    /// The pool, which every member's state has from its first entry on.
    func foundedPool() throws(QueryRefusal) -> PoolSummary {
        guard let pool else { throw QueryService.noMaster("this server has not heard of the pool yet") }
        return pool
    }
}
