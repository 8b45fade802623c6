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

    /// Whether one is named, and no more can be meant.
    var only: String? { names.count == 1 && tags.isEmpty && !NamePattern(names[0]).isWild ? names[0] : nil }

    /// The names of those that are selected, in order; a name without a pattern is not looked up.
    func resolve(_ client: PoolClient) async throws -> [String] {
        if tags.isEmpty, !all, !names.contains(where: { NamePattern($0).isWild }) { return Array(Set(names)).sorted() }
        var found: Set<String> = []
        for pattern in names.isEmpty ? ["*"] : names {
            found.formUnion(try await client.machines(name: pattern, tag: tags.first).machines.map(\.name))
        }
        for tag in tags.dropFirst() {
            found.formIntersection(try await client.machines(name: nil, tag: tag).machines.map(\.name))
        }
        guard !found.isEmpty else {
            Console.complain(
                "No virtual machine is selected by that. List them with `ovm vm ls`, and their tags with `ovm vm tag ls NAME`.")
            throw ExitCode(1)
        }
        return found.sorted()
    }
}

/// One operation for many virtual machines: a few at a time, each told as it ends, and a failure does not keep the others.
enum MachineBulk {
    /// How many are under way at once.
    static let width = 8

    /// - Parameter begin: asks for the operation.
    /// - Throws: `ExitCode(1)` where one failed; each failure stands on standard error.
    static func run(
        _ names: [String], _ client: PoolClient, _ console: Console, isAwaited: Bool,
        _ begin: @escaping @Sendable (PoolClient, String) async throws(ClientError) -> TaskOrMachine
    ) async throws {
        var machines: [MachineDocument] = []
        var failures = 0
        await withTaskGroup(of: Result<MachineDocument, BulkFailure>.self) { group in
            var waiting = names[...]
            for name in waiting.prefix(width) { group.addTask { await one(name, client, isAwaited, begin) } }
            waiting = waiting.dropFirst(width)
            while let result = await group.next() {
                switch result {
                case .success(let machine): machines.append(machine)
                case .failure(let failure):
                    failures += 1
                    Console.complain("\(failure.name): \(failure.cause)")
                }
                if Console.isErrorTerminal { Console.note("\r\u{1B}[K\(machines.count + failures) of \(names.count)\r") }
                if let name = waiting.popFirst() { group.addTask { await one(name, client, isAwaited, begin) } }
            }
        }
        if Console.isErrorTerminal { Console.note("\r\u{1B}[K") }
        let document = MachineListDocument(machines: machines.sorted { $0.name < $1.name })
        try console.show(document) { MachineText.table(of: document.machines) }
        guard failures > 0 else { return }
        Console.complain("\(failures) of \(names.count) virtual machines failed, as said above. The others are done.")
        throw ExitCode(1)
    }

    private static func one(
        _ name: String, _ client: PoolClient, _ isAwaited: Bool,
        _ begin: @Sendable (PoolClient, String) async throws(ClientError) -> TaskOrMachine
    ) async -> Result<MachineDocument, BulkFailure> {
        do throws(ClientError) {
            switch try await begin(client, name) {
            case .already(let machine): return .success(machine)
            case .begun(let task):
                guard isAwaited else { return .success(try await client.machine(name)) }
                let ended = try await client.waitForTask(task.id) { _ in }
                guard ended.status == "done" else {
                    return .failure(BulkFailure(name: name, cause: ended.cause ?? "Task \(ended.id) was \(ended.status)."))
                }
                return .success(try await client.machine(name))
            }
        } catch {
            return .failure(BulkFailure(name: name, cause: error.message))
        }
    }

    struct BulkFailure: Error {
        let name: String
        let cause: String
    }
}
