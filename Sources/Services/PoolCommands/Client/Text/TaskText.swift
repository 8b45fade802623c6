package import QueryModel

/// Tasks as text for people.
package enum TaskText {
    package static func table(of tasks: [TaskDocument]) -> TextTable {
        var table = TextTable([
            .init("ID", .right), .init("KIND"), .init("TARGET"), .init("STATUS", isStatus: true), .init("PROGRESS"), .init("STARTED"),
            .init("BY"),
            .init("ENDED", isWide: true),
            .init("CAUSE"),
        ])
        for task in tasks {
            table.add([
                String(task.id), task.kind, task.target, task.status, task.progress.map(progress) ?? "", QuantityText.time(task.startedAt),
                task.principal,
                task.endedAt.map(QuantityText.time) ?? "-", task.cause ?? "",
            ])
        }
        return table
    }

    package static func properties(of task: TaskDocument) -> PropertyList {
        var list = PropertyList()
        list.add("task", String(task.id))
        list.add("kind", task.kind)
        list.add("target", task.target)
        list.add("status", status: task.status)
        list.add("cause", task.cause)
        list.add("progress", task.progress.map { "\(progress($0)), as of \(QuantityText.time($0.asOf))" })
        list.add("by", task.principal)
        list.add("started", QuantityText.time(task.startedAt))
        list.add("ended", task.endedAt.map(QuantityText.time))
        return list
    }

    /// `waiting for the guest to shut down, 35%`
    package static func progress(_ progress: TaskProgressDocument) -> String {
        progress.phase + (progress.permille.map { ", \($0 / 10)%" } ?? "")
    }
}
