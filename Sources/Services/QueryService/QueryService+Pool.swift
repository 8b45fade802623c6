import AgentCore
import AgentPorts
import PoolModel
import PoolStateMachine
import QueryModel

extension QueryService {
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
