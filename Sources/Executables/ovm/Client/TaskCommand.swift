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
            commandName: "watch", abstract: "Waits until a task has ended.",
            discussion: """
                Exit status 0 when it was done, 1 when it failed or was cancelled.

                  ovm task watch 42
                """)

        @OptionGroup var options: ClientOptions
        @Argument(help: "The task's number.", completion: .taskNumbers) var id: UInt64

        func run() async throws {
            try await ClientSession.run(options) { client, console in
                let task = try await client.finish(try await client.task(id))
                try console.show(task) { TaskText.properties(of: task) }
            }
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
