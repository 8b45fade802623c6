import ArgumentParser
import PoolCommands
import QueryModel

/// What stop and reboot have in common.
struct EndOptions: ParsableArguments {
    @Flag(
        help: """
            Destroy the domain, at once or after --timeout, instead of waiting for the guest. What the guest had not written is lost.
            """)
    var force = false
    @Option(
        help: ArgumentHelp("Ask the guest, and destroy the domain when it has not ended after this time, such as 60s.", valueName: "time"))
    var timeout: TimeArgument?

    func validate() throws {
        if let timeout, !(1...86_400).contains(timeout.seconds) { throw ValidationError("A timeout is 1s to 1d.") }
    }

    var timeoutSeconds: Int? { timeout.map { Int($0.seconds) } }
}

/// `ovm vm stop`
struct VirtualMachineStopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Asks virtual machines to shut down, or destroys their domains.",
        discussion: """
              ovm vm stop web01
              ovm vm stop web01 --timeout 2m
              ovm vm stop 'web*' --tag team=night --timeout 60s
              ovm vm stop web01 --force
              ovm vm stop web01 --force --timeout 60s
            """)

    @OptionGroup var options: ClientOptions
    @OptionGroup var reason: ReasonOption
    @OptionGroup var wait: WaitOption
    @OptionGroup var end: EndOptions
    @OptionGroup var selection: MachineSelectionArguments

    func run() async throws {
        let (force, timeout) = (end.force, end.timeoutSeconds)
        try await MachineOperationRun(options, reason, wait, selection, word: "stops").run { client, name throws(ClientError) in
            try await client.stopMachine(name, force: force, timeoutSeconds: timeout)
        }
    }
}

/// `ovm vm reboot`
struct VirtualMachineRebootCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reboot", abstract: "Reboots virtual machines, each on the server that it runs on.",
        discussion: """
              ovm vm reboot web01
              ovm vm reboot web01 --timeout 2m
              ovm vm reboot --tag patched --timeout 5m
            """)

    @OptionGroup var options: ClientOptions
    @OptionGroup var reason: ReasonOption
    @OptionGroup var wait: WaitOption
    @OptionGroup var end: EndOptions
    @OptionGroup var selection: MachineSelectionArguments

    func run() async throws {
        let (force, timeout) = (end.force, end.timeoutSeconds)
        try await MachineOperationRun(options, reason, wait, selection, word: "reboots").run { client, name throws(ClientError) in
            try await client.rebootMachine(name, force: force, timeoutSeconds: timeout)
        }
    }
}

/// `ovm vm pause`
struct VirtualMachinePauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Lets the virtual CPUs of virtual machines stand still; they keep their memory.",
        discussion: """
              ovm vm pause web01
              ovm vm pause 'batch-*'
            """)

    @OptionGroup var options: ClientOptions
    @OptionGroup var reason: ReasonOption
    @OptionGroup var wait: WaitOption
    @OptionGroup var selection: MachineSelectionArguments

    func run() async throws {
        try await MachineOperationRun(options, reason, wait, selection, word: "pauses").run { client, name throws(ClientError) in
            try await client.pauseMachine(name)
        }
    }
}

/// `ovm vm unpause`
struct VirtualMachineUnpauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unpause", abstract: "Lets paused virtual machines go on.",
        discussion: """
              ovm vm unpause web01
              ovm vm unpause 'batch-*'
            """)

    @OptionGroup var options: ClientOptions
    @OptionGroup var reason: ReasonOption
    @OptionGroup var wait: WaitOption
    @OptionGroup var selection: MachineSelectionArguments

    func run() async throws {
        try await MachineOperationRun(options, reason, wait, selection, word: "unpauses").run { client, name throws(ClientError) in
            try await client.unpauseMachine(name)
        }
    }
}

/// A command that begins a task for each virtual machine that is selected.
struct MachineOperationRun {
    private let options: ClientOptions
    private let reason: ReasonOption
    private let wait: WaitOption
    private let selection: MachineSelectionArguments
    /// What a task does: `stops`.
    private let word: String

    init(_ options: ClientOptions, _ reason: ReasonOption, _ wait: WaitOption, _ selection: MachineSelectionArguments, word: String) {
        self.options = options
        self.reason = reason
        self.wait = wait
        self.selection = selection
        self.word = word
    }

    func run(_ begin: @escaping @Sendable (PoolClient, String) async throws(ClientError) -> TaskDocument) async throws {
        let isAwaited = !wait.noWait
        try await ClientSession.run(options, reason: reason.reason) { client, console in
            guard let name = selection.selector.only else {
                let names = try await selection.selector.some(client)
                return try await MachineBulk.show(names, console) { name throws(ClientError) in
                    try await client.machine(name, after: try await begin(client, name), isAwaited: isAwaited)
                }
            }
            let task = try await begin(client, name)
            guard isAwaited else { return try console.confirm(task, "Task \(task.id) \(word) \(name).") }
            let ended = try await client.finish(task.id)
            let machine = try await client.machine(name, after: ended, isAwaited: false)
            try console.confirm(machine, "\(machine.name) is \(machine.status)" + (machine.server.map { " on \($0)." } ?? "."))
        }
    }
}
