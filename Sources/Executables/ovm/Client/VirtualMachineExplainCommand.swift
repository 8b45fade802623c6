import ArgumentParser
import PoolCommands
import QueryModel

/// `ovm vm explain`
struct VirtualMachineExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Shows where a start would place a virtual machine, and why.",
        discussion: """
            Every server is listed with what would remain free of each resource, or with the rule that refuses it. The server with the \
            fewest broken soft rules is chosen, and of several the one whose smallest share is the largest, by the same function that \
            a start calls. With -f, a vm.cfg is explained that the pool does not know yet; nothing is created.

              ovm vm explain web01
              ovm vm explain web01 --memory 64G --vcpus 16 --without alpha
              ovm vm explain -f web09.cfg --tag role=web
            """)

    @OptionGroup var options: ClientOptions
    @Argument(help: "The virtual machine's name.", completion: .machineNames) var name: String?
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("What if there were a machine with this vm.cfg? - reads standard input.", valueName: "file"),
        completion: .file(extensions: ["cfg"]))
    var file: String?
    @Option(help: ArgumentHelp("What if it had this much memory, such as 512M or 64G?", valueName: "size"))
    var memory: MemoryArgument?
    @Option(help: ArgumentHelp("What if it had so many virtual CPUs?", valueName: "count"))
    var vcpus: Int?
    @Option(
        help: ArgumentHelp("What if these servers were gone, and what runs there with them?", valueName: "server,server"),
        completion: .serverLists)
    var without: NameListArgument?
    @Option(help: ArgumentHelp("With -f: the servers that it may run on.", valueName: "server,server"), completion: .serverLists)
    var preferred: NameListArgument?
    @Option(help: ArgumentHelp("With -f: a tag that it has, for rules; can be given several times.", valueName: "key[=value]"))
    var tag: [String] = []

    func validate() throws {
        guard name != nil || file != nil else { throw ValidationError("Name a virtual machine, or give its vm.cfg with -f.") }
        guard file != nil || preferred == nil && tag.isEmpty else {
            throw ValidationError("--preferred and --tag go with -f; a machine of the pool has its own.")
        }
    }

    func run() async throws {
        let request = try file.map(request(of:))
        try await ClientSession.run(options) { client, console in
            let explanation: ExplanationDocument
            if let request {
                explanation = try await client.explain(request)
            } else {
                explanation = try await client.explain(
                    name ?? "", memoryMiB: memory?.mebibytes, virtualCPUs: vcpus, without: without?.names ?? [])
            }
            try console.show(explanation) { ExplanationText.text(of: explanation) }
        }
    }

    /// With a file, the name is the one that the machine would have.
    private func request(of file: String) throws -> ExplainRequest {
        ExplainRequest(
            configuration: try ConfigurationFile.text(file), preferredServers: preferred?.names, name: name,
            tags: tag.isEmpty ? nil : tag, memoryMiB: memory?.mebibytes, virtualCPUs: vcpus, without: without?.names)
    }
}
