package import PoolModel

/// What a server is doing for a task; the raw values are for people and for programs. They only grow.
package enum TaskPhase: String, Hashable, Sendable, CaseIterable {
    case creating = "creating domain"
    case starting = "starting"
    case askingGuest = "asking the guest to shut down"
    case waitingForGuest = "waiting for the guest to shut down"
    case dumping = "dumping the guest's memory"
    case destroying = "destroying domain"
    case pausing = "pausing"
    case unpausing = "letting it go on"
    case resizing = "changing its size"
    case changingDevice = "changing its devices"
    case suspending = "writing its memory to its image"
    case restoring = "reading its memory from its image"
    case sending = "sending its memory"
    /// Something failed, and is tried again after a while; the task's cause says what.
    case retrying = "waiting to try again"
    /// What a newer agent calls by a word that this one does not know.
    case other = "working"
}

/// How far a task is, as the server says that works on it.
///
/// Soft state: it is in no log and decides nothing. It is lost with the master, and said anew within a second.
package struct TaskProgress: Hashable, Sendable {
    package let task: TaskID
    package let phase: TaskPhase
    /// 0 to 1,000: how much of the phase is over; nil where nobody can know.
    package let permille: Int?
    /// How long ago the master was told.
    package let age: Duration

    /// - Precondition: `permille` is nil or 0 to 1,000.
    package init(task: TaskID, phase: TaskPhase, permille: Int? = nil, age: Duration = .zero) {
        precondition(permille.map { (0...1_000).contains($0) } ?? true, "a task was at \(permille ?? 0) per mille")
        self.task = task
        self.phase = phase
        self.permille = permille
        self.age = age
    }

    func aged(by age: Duration) -> TaskProgress { TaskProgress(task: task, phase: phase, permille: permille, age: age) }

    /// The most tasks in one server's report, and in one answer of the master.
    package static let mostOfServer = 256
    package static let mostOfPool = 1_000
    /// How long a report counts that no other one follows.
    package static let lifetime = Duration.seconds(5)
}
