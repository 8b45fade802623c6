import AgentCore
import AgentPorts
import PoolModel
import PoolStateMachine
import QueryModel

extension QueryService {
    func startMachine(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        try await beginTask(.startMachine(try await machineID(request)), for: request, body: [])
    }

    func stopMachine(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        try await end(request) { .stopMachine($0, force: $1, patience: $2) }
    }

    func rebootMachine(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        try await end(request) { .rebootMachine($0, force: $1, patience: $2) }
    }

    private func end(
        _ request: QueryRequest, _ command: (VirtualMachineID, Bool, Duration?) -> PoolCommand
    ) async throws(QueryRefusal) -> QueryReply {
        let body = try await request.body()
        let wanted = body.isEmpty ? StopMachineRequest() : try RequestDocumentReading.read(StopMachineRequest.self, from: body)
        if let seconds = wanted.timeoutSeconds { try Self.check(seconds, "timeoutSeconds", 1...86_400) }
        let patience = wanted.timeoutSeconds.map { Duration.seconds($0) }
        let machine = try await machineID(request)
        return try await beginTask(command(machine, wanted.force ?? false, patience), for: request, body: body)
    }

    func pauseMachine(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        try await beginTask(.pauseMachine(try await machineID(request)), for: request, body: [])
    }

    func unpauseMachine(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        try await beginTask(.unpauseMachine(try await machineID(request)), for: request, body: [])
    }

    func suspendMachine(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        try await beginTask(.suspendMachine(try await machineID(request)), for: request, body: [])
    }

    func resumeMachine(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        try await beginTask(.resumeMachine(try await machineID(request)), for: request, body: [])
    }

    func resetMachineStatus(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let machine = try await machineID(request)
        return try await write(.resetMachineStatus(machine), for: request) { state, _ throws(QueryRefusal) in
            completeDocument(of: try state.machine(atPath: request.parameter("name")), state)
        }
    }

    /// Writes what begins a task: 202 with the task's place.
    func beginTask(_ command: PoolCommand, for request: QueryRequest, body: [UInt8]) async throws(QueryRefusal) -> QueryReply {
        let written = try await write(command, for: request, body: body)
        guard case .task(let id) = written.result else {
            throw QueryRefusal(.internalError, cause: "The pool began no task.", cure: "Look at GET /v1/tasks.")
        }
        let read = try await lookAfter(written) { state, _ throws(QueryRefusal) in
            TaskBegunDocument(task: TaskDocument(try state.task(atPath: id.description), state))
        }
        return .json(
            Answered(read.document, answer: read.answer), status: 202,
            headers: [QueryReply.Header("Location", "/v1/tasks/\(id)")] + QueryReply.headers(of: read.answer))
    }
}
