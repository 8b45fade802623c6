import AgentCore
import AgentPorts
import PoolModel
import PoolStateMachine
import QueryModel

extension QueryService {
    func listTasks(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let page = try ListPage<UInt64>(request)
        let consistency = try Self.consistency(of: request)
        let read = try await look(request, consistency) { state, _ throws(QueryRefusal) in state }
        let (tasks, next) = page.cut(read.document.tasks.values) { $0.id.number }
        var list = TaskListDocument(tasks: tasks.map { TaskDocument($0, read.document) }, next: next.map { String($0) })
        await addProgress(to: &list.tasks)
        return reply(list, read, consistency)
    }

    func showTask(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let consistency = try Self.consistency(of: request)
        let read = try await look(request, consistency) { state, _ throws(QueryRefusal) in
            [TaskDocument(try state.task(atPath: request.parameter("id")), state)]
        }
        var tasks = read.document
        await addProgress(to: &tasks)
        return reply(tasks[0], read, consistency)
    }

    /// Says of tasks that go on how far they are, as the master was told. Nobody is asked where all have ended.
    private func addProgress(to tasks: inout [TaskDocument]) async {
        guard tasks.contains(where: { !$0.hasEnded }) else { return }
        let known = Dictionary(await gateway.taskProgress().map { ($0.task.number, $0) }) { first, _ in first }
        let time = clock.now().wall
        for position in tasks.indices where !tasks[position].hasEnded {
            tasks[position].progress = known[tasks[position].id].map { TaskProgressDocument($0, at: time) }
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

extension TaskProgressDocument {
    fileprivate init(_ progress: TaskProgress, at time: PoolTime) {
        self.init(
            phase: progress.phase.rawValue, permille: progress.permille,
            asOf: QueryTime(milliseconds: time.milliseconds - max(0, progress.age.wholeNanoseconds) / 1_000_000))
    }
}
