import ArgumentParser
import PoolCommands
import QueryModel

/// `ovm pool token`
struct PoolTokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Makes, lists and revokes the tokens that servers join with.",
        subcommands: [Create.self, List.self, Remove.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create", abstract: "Makes a token that lets one server join.",
            discussion: """
                The token is a secret, and is shown only now. Run `ovm pool join TOKEN` with it on the new server.

                  ovm pool token create
                  ovm pool token create --role vm --ttl 30m
                """)

        @OptionGroup var options: ClientOptions
        @OptionGroup var reason: ReasonOption
        @Option(
            help: ArgumentHelp("The roles that the server gets: vm, utility, or both.", valueName: "vm,utility"),
            completion: .list(["vm", "utility", "vm,utility"]))
        var role: NameListArgument?
        @Option(help: ArgumentHelp("How long it is valid, such as 30m, 3h or 2d; 3h without it.", valueName: "time"))
        var ttl: TimeArgument?

        func run() async throws {
            try await ClientSession.run(options, reason: reason.reason) { client, console in
                let made = try await client.createToken(CreateTokenRequest(roles: role?.names, ttlSeconds: ttl?.seconds))
                try console.show(made) { made.token + "\n" }
                if Console.isErrorTerminal, console.answers.isForPeople {
                    let roles = made.roles.joined(separator: ", ")
                    Console.note("Token \(made.id) lets one server join (\(roles)) until \(QuantityText.time(made.expiresAt)).\n")
                }
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls", abstract: "Lists the tokens, without their secrets.",
            discussion: """
                  ovm pool token ls
                  ovm pool token ls -o yaml
                """)

        @OptionGroup var options: ClientOptions
        @OptionGroup var watch: WatchOption

        func run() async throws {
            try await ClientSession.look(options, watch) { client, console in
                let list = try await client.tokens()
                try console.show(list) { PoolText.table(of: list.tokens) }
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rm", abstract: "Revokes a token, so that nobody can join with it.",
            discussion: """
                  ovm pool token rm 7
                """)

        @OptionGroup var options: ClientOptions
        @OptionGroup var reason: ReasonOption
        @Argument(help: "Its number, as `ovm pool token ls` shows it.", completion: .tokenNumbers)
        var id: UInt64

        func run() async throws {
            try await ClientSession.run(options, reason: reason.reason) { client, console in
                try await client.revokeToken(id)
                try console.confirm(DoneDocument(), "Token \(id) is revoked.")
            }
        }
    }
}
