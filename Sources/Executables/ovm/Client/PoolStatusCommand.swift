import ArgumentParser
import PoolCommands
import QueryModel

/// `ovm pool status`
struct PoolStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Shows the pool: its master, servers, virtual machines and free memory.",
        discussion: """
            Any server of the pool answers, with what a majority has agreed on. Exit status 3 means that no master was found.

              ovm pool status
              ovm pool status -o json
              ovm pool status --watch 5
            """)

    @OptionGroup var options: ClientOptions
    @OptionGroup var watch: WatchOption

    func run() async throws {
        try await ClientSession.look(options, watch) { client, console in
            let pool = try await client.pool()
            try console.show(pool) { PoolText.properties(of: pool) }
        }
    }
}

/// `ovm pool master`
struct PoolMasterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "master", abstract: "Shows which server is the Server Pool Master.",
        discussion: """
            Exit status 3 means that no master was found.

              ovm pool master
              ovm pool master -o json
            """)

    @OptionGroup var options: ClientOptions

    func run() async throws {
        try await ClientSession.run(options) { client, console in
            let answered = try await client.master()
            try console.show(answered) { PoolText.table(of: answered.document) }
            if answered.document.master == nil {
                throw ClientError.unreachable(cause: "\(answered.document.answeredBy.name) answers, and knows no master.")
            }
        }
    }
}
