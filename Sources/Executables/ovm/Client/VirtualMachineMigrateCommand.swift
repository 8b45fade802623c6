import ArgumentParser
import PoolCommands
import QueryModel

/// `ovm vm migrate`
struct VirtualMachineMigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Moves running virtual machines to other servers.",
        discussion: """
              ovm vm migrate web01 --check            # could it, where to, and what hinders it
              ovm vm migrate web01                    # to the best of the servers that could take it
              ovm vm migrate web01 --to bravo --bandwidth 100
              ovm vm migrate $(ovm vm ls --server alpha --status Running -o name)    # all that run on alpha

            The memory goes over the agents' own connection, and the guest runs on meanwhile where its server can send a guest of its type \
            that runs; where it cannot, that is said before. It never runs twice, whatever dies in the middle: it is handed over or given up, \
            whichever is committed first. `ovm task cancel` gives it up, until it is handed over.
            """)

    @OptionGroup var options: ClientOptions
    @OptionGroup var reason: ReasonOption
    @OptionGroup var wait: WaitOption
    @OptionGroup var selection: MachineSelectionArguments
    @Option(help: ArgumentHelp("The server to move to; else placement chooses.", valueName: "server"), completion: .serverNames)
    var to: String?
    @Option(help: ArgumentHelp("At most so many MiB a second, 1 to 100,000.", valueName: "mib"))
    var bandwidth: Int?
    @Flag(help: "Only say whether it could move, and what hinders it; exit status 1 where it cannot.") var check = false

    func run() async throws {
        if check { return try await showCheck() }
        try await MachineOperationRun(options, reason, wait, selection, word: "migrates").run { client, name throws(ClientError) in
            if let warning = ExplanationText.warning(of: try await client.checkMigration(of: name, to: to)) { Console.complain(warning) }
            return try await client.migrateMachine(name, to: to, bandwidthMiB: bandwidth)
        }
    }

    private func showCheck() async throws {
        try await ClientSession.run(options) { client, console in
            let names = try await selection.selector.some(client)
            guard let name = names.first, names.count == 1 else {
                throw ValidationError("--check looks at one virtual machine at a time, and \(names.count) are selected.")
            }
            let found = try await client.checkMigration(of: name, to: to)
            try console.show(found) { ExplanationText.text(of: found) }
            if found.chosen == nil || found.obstacle != nil { throw ExitCode(1) }
        }
    }
}
