import ArgumentParser
import PoolCommands
import QueryModel

/// `ovm vm suspend`
struct VirtualMachineSuspendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "suspend", abstract: "Writes the memory of virtual machines to images, and frees their servers of them.",
        discussion: """
              ovm vm suspend web01
              ovm vm suspend 'batch-*' --no-wait
              ovm vm show web01    # says where its memory would go

            The image goes to shared storage where there is some with room. Otherwise it goes to the server's own disk, which is said before,
            and can be resumed there only.
            """)

    @OptionGroup var options: ClientOptions
    @OptionGroup var reason: ReasonOption
    @OptionGroup var wait: WaitOption
    @OptionGroup var selection: MachineSelectionArguments

    func run() async throws {
        try await MachineOperationRun(options, reason, wait, selection, word: "suspends").run { client, name throws(ClientError) in
            // Said before, and no reason to ask: whoever minds can resume it.
            if let warning = MachineText.warningOfSuspend(try await client.machine(name)) { Console.complain(warning) }
            return try await client.suspendMachine(name)
        }
    }
}

/// `ovm vm resume`
struct VirtualMachineResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Lets suspended virtual machines go on where they were.",
        discussion: """
              ovm vm resume web01
              ovm vm resume --tag team=night
              ovm vm stop web01 --force    # throws its memory away instead

            An image is used once. A virtual machine whose server dies while it is resumed starts cold.
            """)

    @OptionGroup var options: ClientOptions
    @OptionGroup var reason: ReasonOption
    @OptionGroup var wait: WaitOption
    @OptionGroup var selection: MachineSelectionArguments

    func run() async throws {
        try await MachineOperationRun(options, reason, wait, selection, word: "resumes").run { client, name throws(ClientError) in
            try await client.resumeMachine(name)
        }
    }
}
