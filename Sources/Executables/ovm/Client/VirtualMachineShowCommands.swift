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
              ovm vm ls --watch
            """)

    @OptionGroup var options: ClientOptions
    @OptionGroup var watch: WatchOption

    func run() async throws {
        try await ClientSession.look(options, watch) { client, console in
            let list = try await client.machines()
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
            try console.show(machine) { MachineText.properties(of: machine) }
        }
    }
}

/// `ovm vm explain`
struct VirtualMachineExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Shows where a start would place a virtual machine, and why.",
        discussion: """
            Every server is listed with what would remain free of each resource, or with the rule that refuses it. The server whose
            smallest share is the largest is chosen, by the same function that a start calls.

              ovm vm explain web01
              ovm vm explain web01 --memory 64G --without alpha
            """)

    @OptionGroup var options: ClientOptions
    @Argument(help: "The virtual machine's name.", completion: .machineNames) var name: String
    @Option(help: ArgumentHelp("What if it had this much memory, such as 512M or 64G?", valueName: "size"))
    var memory: MemoryArgument?
    @Option(help: ArgumentHelp("What if these servers were gone?", valueName: "server,server"), completion: .serverLists)
    var without: NameListArgument?

    func run() async throws {
        try await ClientSession.run(options) { client, console in
            let explanation = try await client.explain(name, memoryMiB: memory?.mebibytes, without: without?.names ?? [])
            try console.show(explanation) { ExplanationText.text(of: explanation) }
        }
    }
}
