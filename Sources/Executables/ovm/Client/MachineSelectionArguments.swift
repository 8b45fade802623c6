import ArgumentParser
import PoolCommands
import QueryModel

/// Which virtual machines a command is for: by name, by pattern of names, by tag.
struct MachineSelectionArguments: ParsableArguments {
    @Argument(help: "Names, or patterns in quotes such as 'web*'.", completion: .machineNames)
    var names: [String] = []
    @Option(name: .customLong("tag"), help: ArgumentHelp("Only those with this tag; again for another.", valueName: "key[=value]"))
    var tags: [String] = []
    @Flag(help: "Every virtual machine of the pool.")
    var all = false

    func validate() throws {
        guard !names.isEmpty || !tags.isEmpty || all else {
            throw ValidationError("Name the virtual machines, or select them with --tag or --all.")
        }
        guard names.isEmpty || !all else { throw ValidationError("Give either names or --all.") }
    }

    var selector: MachineSelector { MachineSelector(names: names, tags: tags, isAll: all) }
}

extension MachineSelector {
    /// The names of those that are selected.
    ///
    /// - Throws: `ExitCode(1)` where there are none, with the cause on standard error.
    func some(_ client: PoolClient) async throws -> [String] {
        let found = try await resolve(client)
        guard found.isEmpty else { return found }
        Console.complain("No virtual machine is selected by that. List them with `ovm vm ls`, and their tags with `ovm vm tag ls NAME`.")
        throw ExitCode(1)
    }
}

extension MachineBulk {
    /// Does it for each name; failures stand on standard error as they come, the others are shown at the end.
    ///
    /// - Throws: `ExitCode(1)` where one failed.
    static func show(
        _ names: [String], _ console: Console, _ operation: @escaping @Sendable (String) async throws(ClientError) -> MachineDocument
    ) async throws {
        var (ended, failures) = (0, 0)
        let machines = await run(
            names,
            tell: { end in
                ended += 1
                if case .failed(let name, let cause) = end {
                    failures += 1
                    Console.complain("\(name): \(cause)")
                }
                if Console.isErrorTerminal { Console.note("\r\u{1B}[K\(ended) of \(names.count)\r") }
            }, operation)
        if Console.isErrorTerminal { Console.note("\r\u{1B}[K") }
        let document = MachineListDocument(machines: machines)
        try console.show(document) { MachineText.table(of: document.machines) }
        guard failures > 0 else { return }
        Console.complain("\(failures) of \(names.count) virtual machines failed, as said above. The others are done.")
        throw ExitCode(1)
    }
}

extension PoolClient {
    /// A machine once a task of it, which this client began, has ended well; at once where that is not waited for.
    ///
    /// - Throws: what the task failed with; `.outcomeUnknown` where nobody answers any more.
    func machine(_ name: String, after task: TaskDocument, isAwaited: Bool) async throws(ClientError) -> MachineDocument {
        try await machine(name, afterTask: task.id, isAwaited: isAwaited)
    }

    func machine(_ name: String, afterTask task: UInt64, isAwaited: Bool) async throws(ClientError) -> MachineDocument {
        try await Self.asking(afterBegun: task) { () throws(ClientError) in
            guard isAwaited else { return try await machine(name) }
            let ended = try await waitForTask(task)
            guard ended.status == "done" else { throw .taskFailed(cause: ended.cause ?? "Task \(ended.id) was \(ended.status).") }
            return try await machine(name)
        }
    }
}
