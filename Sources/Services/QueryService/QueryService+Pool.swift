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

    func showSettings(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        try await answer(request) { state, _ throws(QueryRefusal) in
            _ = try state.foundedPool()
            return PoolSettingsDocument(state.settings)
        }
    }

    func changeSettings(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let body = try await request.body()
        let wanted = try RequestDocumentReading.read(ChangeSettingsRequest.self, from: body)
        if let ratio = wanted.overcommitRatio { try Self.check(ratio, "overcommitRatio", PoolLimits.overcommitRatio) }
        if let limit = wanted.voterLimit, !PoolLimits.voterLimits.contains(limit) {
            throw QueryRefusal(.badRequest, cause: "The voterLimit is \(limit), which is not possible.", cure: "Give 1, 3, 5 or 7.")
        }
        if let seconds = wanted.voterReplacementSeconds {
            try Self.check(Int(seconds), "voterReplacementSeconds", PoolLimits.voterReplacementSeconds)
        }
        let change = PoolSettingsChange(
            overcommitRatio: wanted.overcommitRatio, voterLimit: wanted.voterLimit,
            voterReplacement: wanted.voterReplacementSeconds.map { .seconds($0) })
        return try await write(.changeSettings(change), for: request, body: body) { state, _ throws(QueryRefusal) in
            PoolSettingsDocument(state.settings)
        }
    }
}

extension PoolState {
    /// The pool, which every member's state has from its first entry on.
    func foundedPool() throws(QueryRefusal) -> PoolSummary {
        guard let pool else { throw QueryService.noMaster("this server has not heard of the pool yet") }
        return pool
    }
}
