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
    /// What is being done for it, as its server says; absent where it has ended, and where nobody has said so in the last seconds.
    package var progress: TaskProgressDocument?

    package init(
        id: UInt64, kind: String, target: String, principal: String, status: String, cause: String?, startedAt: QueryTime,
        endedAt: QueryTime?, progress: TaskProgressDocument? = nil
    ) {
        self.id = id
        self.kind = kind
        self.target = target
        self.principal = principal
        self.status = status
        self.cause = cause
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.progress = progress
    }

    /// Whether it has ended, well or not.
    package var hasEnded: Bool { ["done", "failed", "cancelled"].contains(status) }
}

/// How far a task is. A live measurement: it is in no log, and may be a few seconds old.
package struct TaskProgressDocument: Codable, Hashable, Sendable {
    /// Such as `creating domain`; later versions may know further ones.
    package var phase: String
    /// 0 to 1,000: how much of the phase is over; absent where nobody can know.
    package var permille: Int?
    /// When the master was told.
    package var asOf: QueryTime

    package init(phase: String, permille: Int?, asOf: QueryTime) {
        self.phase = phase
        self.permille = permille
        self.asOf = asOf
    }
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
