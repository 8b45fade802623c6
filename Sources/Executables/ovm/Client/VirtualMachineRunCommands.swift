import ArgumentParser
import PoolCommands
import QueryModel

/// `ovm vm start`
struct VirtualMachineStartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Starts virtual machines, each on the best of its preferred servers.",
        discussion: """
            Prints where it was placed and why. Exit status 1 when no server can run it, with each server's reason.

              ovm vm start web01
              ovm vm start web01 --no-wait
              ovm vm start 'web*' --tag team=night
            """)

    @OptionGroup var options: ClientOptions
    @OptionGroup var reason: ReasonOption
    @OptionGroup var wait: WaitOption
    @OptionGroup var selection: MachineSelectionArguments

    func run() async throws {
        let isAwaited = !wait.noWait
        try await ClientSession.run(options, reason: reason.reason) { client, console in
            if let name = selection.selector.only { return try await start(name, client, console) }
            try await MachineBulk.show(try await selection.selector.some(client), console) { name throws(ClientError) in
                try await client.machine(name, after: try await client.startMachine(name), isAwaited: isAwaited)
            }
        }
    }

    private func start(_ name: String, _ client: PoolClient, _ console: Console) async throws {
        let explanation = try await Self.explain(name, client)
        let task = try await client.startMachine(name)
        guard !wait.noWait else { return try console.confirm(task, "Task \(task.id) starts \(name).") }
        let ended = try await client.finish(task.id)
        let machine = try await client.machine(name, after: ended, isAwaited: false)
        try console.show(machine) {
            let place = "\(machine.name) is \(machine.status)" + (machine.server.map { " on \($0)." } ?? ".")
            // What the task says is less: where it runs, once more. It counts where the pool has decided otherwise than was foreseen.
            let reasons = ExplanationText.reasons(for: machine.server, in: explanation) ?? ended.cause
            return ([place] + (reasons.map { [$0] } ?? [])).joined(separator: "\n") + "\n"
        }
    }

    /// Asked before the start, as afterwards the machine itself takes what was free. The start does not depend on it.
    private static func explain(_ name: String, _ client: PoolClient) async throws -> ExplanationDocument? {
        do {
            return try await client.explain(name)
        } catch {
            // Only where there is such a machine and we may ask is it worth going on.
            guard case .problem(let problem) = error, problem.kind != .notFound, problem.kind != .unauthenticated else { throw error }
            return nil
        }
    }
}

/// `ovm vm reset-status`
struct VirtualMachineResetStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset-status", abstract: "Takes virtual machines out of the status Error, after its cause was seen to.",
        discussion: """
              ovm vm reset-status web01 --reason "disk replaced"
              ovm vm reset-status --tag rack=3
            """)

    @OptionGroup var options: ClientOptions
    @OptionGroup var reason: ReasonOption
    @OptionGroup var selection: MachineSelectionArguments

    func run() async throws {
        try await ClientSession.run(options, reason: reason.reason) { client, console in
            guard let name = selection.selector.only else {
                return try await MachineBulk.show(try await selection.selector.some(client), console) { name throws(ClientError) in
                    try await client.resetMachineStatus(name)
                }
            }
            let machine = try await client.resetMachineStatus(name)
            try console.confirm(machine, "\(machine.name) is \(machine.status).")
        }
    }
}
