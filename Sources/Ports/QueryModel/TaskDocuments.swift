/// An operation that outlasts its request (`GET /v1/tasks/{id}`).
package struct TaskDocument: Codable, Hashable, Sendable {
    package var id: UInt64
    /// What it does, such as `start`.
    package var kind: String
    /// What it is done to, such as the name of a virtual machine.
    package var target: String
    /// Who asked for it, such as `operator admin`.
    package var principal: String
    /// `waiting`, `running`, `done`, `failed` or `cancelled`.
    package var status: String
    /// Why it failed, or what it waits for, in a sentence; absent when there is nothing to say.
    package var cause: String?
    package var startedAt: QueryTime
    /// Absent while it goes on.
    package var endedAt: QueryTime?

    package init(
        id: UInt64, kind: String, target: String, principal: String, status: String, cause: String?, startedAt: QueryTime,
        endedAt: QueryTime?
    ) {
        self.id = id
        self.kind = kind
        self.target = target
        self.principal = principal
        self.status = status
        self.cause = cause
        self.startedAt = startedAt
        self.endedAt = endedAt
    }

    /// Whether it has ended, well or not.
    package var hasEnded: Bool { ["done", "failed", "cancelled"].contains(status) }
}

/// The newest 1,000 tasks, the oldest first (`GET /v1/tasks`).
package struct TaskListDocument: PagedDocument, Hashable {
    package var tasks: [TaskDocument]
    /// For `after`, where more follow.
    package var next: String?

    package init(tasks: [TaskDocument], next: String? = nil) {
        self.tasks = tasks
        self.next = next
    }

    package mutating func append(_ page: TaskListDocument) {
        tasks += page.tasks
        next = page.next
    }
}

/// A task that was begun (HTTP 202, with its path in `Location`).
package struct TaskBegunDocument: Codable, Hashable, Sendable {
    package var task: TaskDocument

    package init(task: TaskDocument) { self.task = task }
}
