import ArgumentParser
import PoolCommands
import QueryModel

/// `ovm vm create`
struct VirtualMachineCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Creates a virtual machine from a vm.cfg or xl.cfg.",
        discussion: """
            The pool keeps the text as it is given. The machine is not started.

              ovm vm create -f web01.cfg
              ovm vm create -f template.cfg --name web02 --preferred alpha,beta
            """)

    @OptionGroup var options: ClientOptions
    @OptionGroup var reason: ReasonOption
    @Option(
        name: .shortAndLong, help: ArgumentHelp("The vm.cfg; - reads standard input.", valueName: "file"),
        completion: .file(extensions: ["cfg"]))
    var file: String
    @Option(
        help: ArgumentHelp("The servers that it may run on; without it every server of the pool.", valueName: "server,server"),
        completion: .serverLists)
    var preferred: NameListArgument?
    @Option(help: "Its name in the pool; without it that of the vm.cfg.")
    var name: String?

    func run() async throws {
        let text = try ConfigurationFile.text(file)
        try await ClientSession.run(options, reason: reason.reason) { client, console in
            let made = try await client.createMachine(
                CreateMachineRequest(configuration: text, preferredServers: preferred?.names, name: name))
            for warning in made.warnings {
                Console.note(TextTable.printable("\(file):\(warning.line):\(warning.column): \(warning.message)") + "\n")
            }
            try console.confirm(made, "\(made.machine.name) is created.")
        }
    }
}

/// `ovm vm set`
struct VirtualMachineSetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Changes virtual machines.",
        discussion: """
            What is not named stays as it is. An empty list of preferred servers means every server of the pool. Memory and virtual
            CPUs change while it runs too, up to the maxmem and maxvcpus that it was started with. A machine enters and leaves rules that
            name their machines; of a rule over tags it is a member by its tags. One command changes all of this, or nothing.

              ovm vm set web01 --memory 8G --vcpus 4
              ovm vm set web01 --add-rule spread-web --remove-rule old
              ovm vm set web01 --preferred ""
              ovm vm set 'web*' --tag team=night --preferred alpha,beta
            """)

    @OptionGroup var options: ClientOptions
    @OptionGroup var reason: ReasonOption
    @OptionGroup var wait: WaitOption
    @OptionGroup var selection: MachineSelectionArguments
    @Option(help: ArgumentHelp("Its memory, such as 512M or 64G.", valueName: "size"))
    var memory: MemoryArgument?
    @Option(help: ArgumentHelp("Its virtual CPUs.", valueName: "count"))
    var vcpus: Int?
    @Option(help: ArgumentHelp("The servers that it may run on.", valueName: "server,server"), completion: .serverLists)
    var preferred: NameListArgument?
    @Option(help: ArgumentHelp("Rules that are to name it.", valueName: "rule,rule"), completion: .ruleLists)
    var addRule: NameListArgument?
    @Option(help: ArgumentHelp("Rules that are to name it no longer.", valueName: "rule,rule"), completion: .ruleLists)
    var removeRule: NameListArgument?

    func validate() throws {
        guard memory != nil || vcpus != nil || preferred != nil || addRule != nil || removeRule != nil else {
            throw ValidationError("Name what is to change: --memory, --vcpus, --preferred, --add-rule or --remove-rule.")
        }
    }

    func run() async throws {
        let change = ChangeMachineRequest(
            memoryMiB: memory?.mebibytes, virtualCPUs: vcpus, preferredServers: preferred?.names, addRules: addRule?.names,
            removeRules: removeRule?.names)
        let isAwaited = !wait.noWait
        try await ClientSession.run(options, reason: reason.reason) { client, console in
            guard let name = selection.selector.only else {
                return try await MachineBulk.show(try await selection.selector.some(client), console) { name throws(ClientError) in
                    let changed = try await client.changeMachine(name, change)
                    guard let task = changed.task else { return changed.machine }
                    return try await client.machine(name, afterTask: task, isAwaited: isAwaited)
                }
            }
            let changed = try await client.changeMachine(name, change)
            var machine = changed.machine
            if let task = changed.task, isAwaited {
                let ended = try await client.finish(task)
                machine = try await client.machine(name, after: ended, isAwaited: false)
            }
            try console.show(machine) { MachineText.properties(of: machine) }
        }
    }
}

/// `ovm vm delete`
struct VirtualMachineDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Deletes virtual machines that do not run.",
        discussion: """
            The files of their disks stay. Whatever may be more than one asks for --yes.

              ovm vm delete web01
              ovm vm delete 'test-*' --yes
            """)

    @OptionGroup var options: ClientOptions
    @OptionGroup var reason: ReasonOption
    @OptionGroup var selection: MachineSelectionArguments
    @Flag(help: "Delete more than one.")
    var yes = false

    func run() async throws {
        try await ClientSession.run(options, reason: reason.reason) { client, console in
            guard let name = selection.selector.only else { return try await deleteMany(client, console) }
            try await client.deleteMachine(name)
            try console.confirm(DoneDocument(), "\(name) is deleted.")
        }
    }

    private func deleteMany(_ client: PoolClient, _ console: Console) async throws {
        let names = try await selection.selector.some(client)
        guard yes else {
            let shown = names.prefix(8).joined(separator: ", ") + (names.count > 8 ? " and \(names.count - 8) more" : "")
            Console.complain(TextTable.printable("That would delete \(names.count) virtual machines: \(shown). Say --yes if it is meant."))
            throw ExitCode(1)
        }
        try await MachineBulk.show(names, console) { name throws(ClientError) in
            // As it was: afterwards there is nothing to show.
            let machine = try await client.machine(name)
            try await client.deleteMachine(name)
            return machine
        }
    }
}
