import ArgumentParser
import PoolCommands
import QueryModel

extension TopOrder: ExpressibleByArgument {}

/// The options of `top`.
struct TopOptions: ParsableArguments {
    @Option(help: "By what to sort: the largest share of memory or of virtual CPUs first, or by name.")
    var sort: TopOrder = .memory
    @Flag(help: "Show it once. So it is too where standard output is no terminal.")
    var once = false
    @Option(help: ArgumentHelp("How long to wait between two looks.", valueName: "seconds"), transform: WatchRhythm.init(text:))
    var every: WatchRhythm = .seconds(2)

    /// When to look again.
    var watch: WatchOption {
        var option = WatchOption()
        option.watch = once || !Console.isTerminal ? nil : every
        return option
    }
}

/// `ovm server top`
struct ServerTopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "Shows live what the servers have given away.",
        discussion: """
            MEM%, VCPU% and NET% are the shares that are reserved for virtual machines; - stands for what is not known.

              ovm server top
              ovm server top --sort cpu
              ovm server top --once -o json
            """)

    @OptionGroup var options: ClientOptions
    @OptionGroup var top: TopOptions

    func run() async throws {
        try await ClientSession.look(options, top.watch) { client, console in
            let pool = try await client.pool()
            let servers = TopText.sorted(try await client.servers().servers, by: top.sort)
            try console.show(ServerListDocument(servers: servers)) { TopText.table(of: servers, title: TopText.title(of: pool)) }
        }
    }
}

/// `ovm vm top`
struct VirtualMachineTopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "Shows live what the virtual machines take.",
        discussion: """
            MEM% and VCPU% are the shares that a machine takes of its server; - stands for a machine that is on none.

              ovm vm top
              ovm vm top --sort name
              ovm vm top --once --no-headers
            """)

    @OptionGroup var options: ClientOptions
    @OptionGroup var top: TopOptions

    func run() async throws {
        try await ClientSession.look(options, top.watch) { client, console in
            let pool = try await client.pool()
            let servers = try await client.servers().servers
            let machines = TopText.sorted(try await client.machines().machines, by: top.sort, servers: servers)
            try console.show(MachineListDocument(machines: machines)) {
                TopText.table(of: machines, servers: servers, title: TopText.title(of: pool))
            }
        }
    }
}
