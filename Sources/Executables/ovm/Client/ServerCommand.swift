import ArgumentParser
import PoolCommands
import QueryModel

/// `ovm server`
struct ServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "server", abstract: "Shows and changes the servers of the pool.",
        subcommands: [List.self, Show.self, ServerTopCommand.self, Maintenance.self, Remove.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls", abstract: "Lists the servers.",
            discussion: """
                  ovm server ls
                  ovm server ls -o wide
                  ovm server ls --watch
                """)

        @OptionGroup var options: ClientOptions
        @OptionGroup var watch: WatchOption

        func run() async throws {
            try await ClientSession.look(options, watch) { client, console in
                let list = try await client.servers()
                try console.show(list) { ServerText.table(of: list.servers) }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Shows one server with its facts.",
            discussion: """
                  ovm server show alpha
                  ovm server show alpha --watch
                """)

        @OptionGroup var options: ClientOptions
        @OptionGroup var watch: WatchOption
        @Argument(help: "The server's name.", completion: .serverNames) var name: String

        func run() async throws {
            try await ClientSession.look(options, watch) { client, console in
                let server = try await client.server(name)
                try console.show(server) { ServerText.properties(of: server) }
            }
        }
    }

    struct Maintenance: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "maintenance", abstract: "Takes a server into maintenance, or out of it.",
            discussion: """
                No virtual machine is started on a server in maintenance; those that run there go on, and are named. To empty
                the server, stop them and start them again: they start on another one.

                  ovm server maintenance on alpha --reason "new memory"
                  ovm server maintenance off alpha
                """)

        /// The two states.
        enum Switch: String, ExpressibleByArgument, CaseIterable, Sendable {
            case on
            case off
        }

        @OptionGroup var options: ClientOptions
        @OptionGroup var reason: ReasonOption
        @Argument(help: "on or off.") var state: Switch
        @Argument(help: "The server's name.", completion: .serverNames) var name: String

        func run() async throws {
            try await ClientSession.run(options, reason: reason.reason) { client, console in
                let server = try await client.setMaintenance(state == .on, of: name)
                try console.show(server) { ServerText.maintenance(of: server) }
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Removes a server from the pool.",
            discussion: """
                It is refused from then on, whatever its certificate says. To come back it must join anew.

                  ovm server remove charlie --reason "sold"
                """)

        @OptionGroup var options: ClientOptions
        @OptionGroup var reason: ReasonOption
        @Argument(help: "The server's name.", completion: .serverNames) var name: String

        func run() async throws {
            try await ClientSession.run(options, reason: reason.reason) { client, console in
                try await client.removeServer(name)
                try console.confirm(DoneDocument(), "\(name) is no longer a server of the pool.")
            }
        }
    }
}
