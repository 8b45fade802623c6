import NIOHTTP1
package import QueryModel

extension PoolClient {
    private static let firstPause = Duration.milliseconds(50)
    private static let longestPause = Duration.seconds(1)

    /// The newest 1,000 tasks, the oldest first.
    package func tasks() async throws(ClientError) -> TaskListDocument { try await readAll(TaskListDocument.self, "/v1/tasks") }

    package func task(_ id: UInt64) async throws(ClientError) -> TaskDocument { try await read(TaskDocument.self, "/v1/tasks/\(id)") }

    package func cancelTask(_ id: UInt64) async throws(ClientError) -> TaskDocument {
        try await write(TaskDocument.self, .DELETE, "/v1/tasks/\(id)")
    }

    /// Asks what came of a task that a write of this client began.
    ///
    /// - Throws: `.outcomeUnknown` where nobody answers: what was asked for is under way, or done, and "nothing was done" would be a lie.
    package static func asking<Value>(
        afterBegun task: UInt64, _ ask: () async throws(ClientError) -> Value
    ) async throws(ClientError) -> Value {
        do throws(ClientError) {
            return try await ask()
        } catch {
            guard error.meansNothingDone else { throw error }
            throw .outcomeUnknown(cause: "task \(task) was begun, and then no Server Pool Master could be reached to ask what came of it.")
        }
    }

    /// Waits until a task has ended, well or not.
    ///
    /// - Parameter progress: is called with each look at the task, the last one included.
    package func waitForTask(
        _ id: UInt64, progress: (TaskDocument) -> Void = { _ in }
    ) async throws(ClientError) -> TaskDocument {
        var pause = Self.firstPause
        while true {
            let task = try await task(id)
            progress(task)
            if task.hasEnded { return task }
            do {
                try await Task.sleep(for: pause)
            } catch {
                throw .cancelled
            }
            // A start mostly takes a moment and sometimes minutes: look often first, seldom later.
            pause = min(pause * 3 / 2, Self.longestPause)
        }
    }
}
