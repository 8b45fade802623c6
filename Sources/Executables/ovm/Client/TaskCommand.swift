import ArgumentParser
import PoolCommands
import QueryModel

/// `ovm task`
struct TaskCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "task", abstract: "Shows, awaits and cancels what goes on in the pool.",
        subcommands: [List.self, Show.self, Watch.self, Cancel.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls", abstract: "Lists the newest 1,000 tasks, the oldest first.",
            discussion: """
                  ovm task ls
                  ovm task ls --watch
                """)

        @OptionGroup var options: ClientOptions
        @OptionGroup var watch: WatchOption

        func run() async throws {
            try await ClientSession.look(options, watch) { client, console in
                let list = try await client.tasks()
                try console.show(list) { TaskText.table(of: list.tasks) }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Shows one task.",
            discussion: """
                  ovm task show 42
                  ovm task show 42 --watch
                """)

        @OptionGroup var options: ClientOptions
        @OptionGroup var watch: WatchOption
        @Argument(help: "The task's number.", completion: .taskNumbers) var id: UInt64

        func run() async throws {
            try await ClientSession.look(options, watch) { client, console in
                let task = try await client.task(id)
                try console.show(task) { TaskText.properties(of: task) }
            }
        }
    }

    struct Watch: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "watch", abstract: "Waits until tasks have ended.",
            discussion: """
                Without a number, all that go on now. What is being done stands on standard error meanwhile, as the server says that does \
                it. Exit status 0 when all were done, 1 when one failed or was cancelled.

                  ovm task watch 42
                  ovm task watch 42 43
                  ovm task watch
                """)

        @OptionGroup var options: ClientOptions
        @Argument(help: "The tasks' numbers.", completion: .taskNumbers) var ids: [UInt64] = []

        func run() async throws {
            try await ClientSession.run(options) { client, console in
                if ids.count == 1 {
                    let task = try await client.finish(ids[0], isOwn: false)
                    return try console.show(task) { TaskText.properties(of: task) }
                }
                try await finishAll(client, console)
            }
        }

        /// One after the other: all are over when the last of them is.
        private func finishAll(_ client: PoolClient, _ console: Console) async throws {
            var waiting = ids
            if waiting.isEmpty { waiting = try await client.tasks().tasks.filter { !$0.hasEnded }.map(\.id) }
            var ended: [TaskDocument] = []
            for id in waiting { ended.append(try await client.follow(id)) }
            let list = TaskListDocument(tasks: ended)
            try console.show(list) { TaskText.table(of: list.tasks) }
            guard ended.allSatisfy({ $0.status == "done" }) else { throw ExitCode(1) }
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "cancel", abstract: "Cancels a task that has not ended.",
            discussion: """
                  ovm task cancel 42 --reason "wrong server"
                """)

        @OptionGroup var options: ClientOptions
        @OptionGroup var reason: ReasonOption
        @Argument(help: "The task's number.", completion: .openTaskNumbers) var id: UInt64

        func run() async throws {
            try await ClientSession.run(options, reason: reason.reason) { client, console in
                let task = try await client.cancelTask(id)
                try console.confirm(task, "Task \(task.id), \(task.kind) \(task.target), is \(task.status).")
            }
        }
    }
}
