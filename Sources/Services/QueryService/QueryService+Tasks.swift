import AgentPorts
import PoolModel
import PoolStateMachine
import QueryModel

extension QueryService {
    func listTasks(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let page = try ListPage<UInt64>(request)
        return try await answerAside(request) { state, _ throws(QueryRefusal) in
            let (tasks, next) = page.cut(state.tasks.values) { $0.id.number }
            return TaskListDocument(tasks: tasks.map { TaskDocument($0, state) }, next: next.map { String($0) })
        }
    }

    func showTask(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        try await answer(request) { state, _ throws(QueryRefusal) in
            TaskDocument(try state.task(atPath: request.parameter("id")), state)
        }
    }

    func cancelTask(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let id = request.parameter("id")
        guard let number = UInt64(id) else { throw .notFound("task", id, list: "GET /v1/tasks") }
        return try await write(.cancelTask(TaskID(number)), for: request) { state, _ throws(QueryRefusal) in
            TaskDocument(try state.task(atPath: id), state)
        }
    }
}

extension PoolState {
    /// The task that a path names.
    func task(atPath text: String) throws(QueryRefusal) -> PoolTask {
        guard let number = UInt64(text), let task = tasks[TaskID(number)] else {
            throw .notFound("task", text, list: "GET /v1/tasks")
        }
        return task
    }
}
