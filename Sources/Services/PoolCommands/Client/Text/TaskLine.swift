package import QueryModel

/// What is said on standard error while a task is waited for: on a terminal one line that is drawn anew with each look; elsewhere a line
/// whenever the task does something else.
package struct TaskLine: Hashable, Sendable {
    private let isTerminal: Bool
    private var said: String?
    private var isDrawn = false

    /// Who waits for no longer than this is told nothing.
    private static let patience = Duration.seconds(1)

    package init(isTerminal: Bool) { self.isTerminal = isTerminal }

    /// What to write after a look at the task; nil for nothing.
    ///
    /// - Parameter elapsed: since the waiting began.
    package mutating func text(of task: TaskDocument, after elapsed: Duration) -> String? {
        guard isTerminal else { return plain(task, after: elapsed) }
        if task.hasEnded {
            defer { isDrawn = false }
            return isDrawn ? Self.erase : nil
        }
        guard elapsed >= Self.patience else { return nil }
        isDrawn = true
        let doing = task.progress.map(TaskText.progress) ?? task.status
        return Self.erase + TextTable.printable("\(task.kind) \(task.target): \(doing), \(elapsed.components.seconds) s")
    }

    /// Back to the line's beginning, and nothing on it.
    private static let erase = "\r\u{1B}[K"

    private mutating func plain(_ task: TaskDocument, after elapsed: Duration) -> String? {
        guard !task.hasEnded, elapsed >= Self.patience, let phase = task.progress?.phase, phase != said else { return nil }
        said = phase
        return TextTable.printable("\(task.kind) \(task.target): \(phase)") + "\n"
    }
}
