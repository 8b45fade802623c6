import ArgumentParser
import PoolCommands
import QueryModel

/// `ovm vm ls`
struct VirtualMachineListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "Lists the virtual machines.",
        discussion: """
              ovm vm ls
              ovm vm ls -o wide
              ovm vm ls 'web*' --tag team=night --status Running --server alpha
              ovm vm ls --watch
            """)

    @OptionGroup var options: ClientOptions
    @OptionGroup var watch: WatchOption
    @Argument(help: "Only names of this pattern, in quotes such as 'web*'.", completion: .machineNames)
    var pattern: String?
    @Option(help: ArgumentHelp("Only those with this tag.", valueName: "key[=value]"))
    var tag: String?
    @Option(help: ArgumentHelp("Only those in this status, such as Running.", valueName: "status"))
    var status: String?
    @Option(help: ArgumentHelp("Only those on this server.", valueName: "server"), completion: .serverNames)
    var server: String?

    func run() async throws {
        let (pattern, tag, status, server) = (pattern, tag, status, server)
        try await ClientSession.look(options, watch) { client, console in
            let list = try await client.machines(name: pattern, tag: tag, status: status, server: server)
            try console.show(list) { MachineText.table(of: list.machines) }
        }
    }
}

/// `ovm vm show`
struct VirtualMachineShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows one virtual machine.",
        discussion: """
            Its vm.cfg text is in the answers of -o json and -o yaml.

              ovm vm show web01
              ovm vm show web01 -o yaml
              ovm vm show web01 --watch
            """)

    @OptionGroup var options: ClientOptions
    @OptionGroup var watch: WatchOption
    @Argument(help: "The virtual machine's name.", completion: .machineNames) var name: String

    func run() async throws {
        try await ClientSession.look(options, watch) { client, console in
            let machine = try await client.machine(name)
            let tags = console.answers.isForPeople ? try await client.tags(of: name).tags : nil
            try console.show(machine) { MachineText.properties(of: machine, tags: tags) }
        }
    }
}
