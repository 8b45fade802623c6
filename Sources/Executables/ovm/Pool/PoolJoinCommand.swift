import ArgumentParser
import NIOPosix
import PoolCommands
import ServerEnvironment

/// `ovm pool join`
struct PoolJoinCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "join",
        abstract: "Joins this server to a pool.",
        discussion: """
            TOKEN is the line that `ovm pool token create` printed on a server of the pool. It names the pool, checks its authority
            before anything is sent, and can be used by one server only. A refusal changes nothing; a join that was interrupted may
            be repeated with the same token. Where the CPUs of this server and of another lack features of each other, so that virtual
            machines could not move live between them, a warning says so.

              ovm pool join ovm1.AAEC... --address ovs2.example.org:8899 --query ovs2.example.org:4443
            """)

    @Argument(help: "The join token.")
    var token: String

    @OptionGroup var server: ServerOptions

    @Flag(help: "Check everything, change nothing.")
    var dryRun = false

    func run() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        do {
            let setup = try server.setup()
            let join = try PoolJoin(setup: setup, token: token, storage: SQLiteFounding(), eventLoopGroup: group)
            if dryRun {
                let checked = try await join.check()
                print(checked.sentence)
                warn(checked.warnings)
                return
            }
            let joined = try await join.run()
            warn(joined.warnings)
            print("Server \(setup.name) joined pool \(joined.poolName) as number \(joined.server).")
            try AgentStarter(directory: setup.directory).start(unlessAsked: server.noStart)
        } catch {
            throw Refusal.exit(with: error)
        }
    }

    private func warn(_ sentences: [String]) {
        for sentence in sentences { Console.note(TextTable.printable("warning: \(sentence)") + "\n") }
    }
}
