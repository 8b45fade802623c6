import ArgumentParser
import PoolCommands
import QueryModel

/// `ovm pool show`
struct PoolShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows the pool with its servers and virtual machines, now or at an earlier index of its log.",
        discussion: """
            Every change of the pool has an index (ovm event ls). A server keeps the past back to the last snapshot but one, at least;
            further back the answer names the first index that is kept. Who was master then is not part of it.

              ovm pool show
              ovm pool show --at 4711
            """)

    @OptionGroup var options: ClientOptions
    @Option(help: ArgumentHelp("The log index to go back to.", valueName: "index"))
    var at: UInt64?

    func run() async throws {
        try await ClientSession.run(options) { client, console in
            let answered = try await client.poolState(at: at)
            try console.show(answered) { HistoryText.text(of: answered.document) }
        }
    }
}

/// `ovm pool diff`
struct PoolDiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Shows what changed between two indexes of the pool's log, who did it, when and why.",
        discussion: """
            Every change of the pool has an index (ovm event ls). Without the second index, up to now.

              ovm pool diff 4711..4800
              ovm pool diff 4711.. -o json
            """)

    @OptionGroup var options: ClientOptions
    @Argument(help: ArgumentHelp("The two indexes.", valueName: "index..index")) var range: IndexRangeArgument

    func run() async throws {
        try await ClientSession.run(options) { client, console in
            let answered = try await client.poolDiff(from: range.first, to: range.last)
            try console.show(answered) { HistoryText.text(of: answered.document) }
        }
    }
}

/// Two log indexes on the command line: `4711..4800`, or `4711..` up to now.
struct IndexRangeArgument: ExpressibleByArgument, Sendable {
    let first: UInt64
    let last: UInt64?

    init?(argument: String) {
        let halves = argument.split(separator: "..", omittingEmptySubsequences: false)
        guard halves.count == 2, let first = UInt64(halves[0]) else { return nil }
        self.first = first
        guard !halves[1].isEmpty else {
            last = nil
            return
        }
        guard let last = UInt64(halves[1]), last >= first else { return nil }
        self.last = last
    }
}

/// The past as text for people.
enum HistoryText {
    static func text(of state: PoolStateDocument) -> String {
        var list = PropertyList()
        list.add("pool", "\(state.pool.name) (\(state.pool.id))")
        list.add("index", "\(state.index), \(QuantityText.time(state.time))")
        list.add("kept since", state.firstIndex.map { "index \($0)" })
        list.add("tags", String(state.tagCount))
        var servers = TextTable([
            .init("SERVER"), .init("STATUS"), .init("ROLES"), .init("VMS", .right), .init("MEMORY", .right), .init("FREE", .right),
        ])
        for server in state.servers {
            servers.add([
                server.name, server.status, server.roles.joined(separator: ","), String(server.machineCount),
                QuantityText.memory(mebibytes: server.capacity.memoryMiB), QuantityText.memory(mebibytes: server.free.memoryMiB),
            ])
        }
        guard !state.machines.isEmpty else { return "\(list.text)\n\(servers.text)" }
        var machines = TextTable([.init("VM"), .init("STATUS"), .init("SERVER"), .init("MEMORY", .right), .init("CPUS", .right)])
        for machine in state.machines {
            machines.add([
                machine.name, machine.status, machine.server ?? "", QuantityText.memory(mebibytes: machine.requirements.memoryMiB),
                String(machine.requirements.virtualCPUs),
            ])
        }
        return "\(list.text)\n\(servers.text)\n\(machines.text)"
    }

    static func text(of diff: PoolDiffDocument) -> String {
        let span = "\(diff.from) (\(QuantityText.time(diff.fromTime))) to \(diff.to) (\(QuantityText.time(diff.toTime)))"
        guard diff.objectCount > 0 else { return "Nothing changed from index \(span).\n" }
        let rest = diff.objectCount - diff.objects.count
        let more = rest > 0 ? "\n\(rest) more changed. Ask for a shorter stretch.\n" : ""
        return "From index \(span):\n" + diff.objects.map { "\n" + text(of: $0) }.joined() + more
    }

    private static func text(of object: ObjectDiffDocument) -> String {
        var lines = ["\(object.change) \(object.kind) \(object.name)"]
        for field in object.fields {
            switch (field.before, field.after) {
            case (let before?, let after?): lines.append("  \(field.name): \(before) -> \(after)")
            case (nil, let after?): lines.append("  \(field.name): \(after)" + (object.change == "changed" ? " (new)" : ""))
            case (let before?, nil): lines.append("  \(field.name): \(before)" + (object.change == "changed" ? " (gone)" : ""))
            case (nil, nil): break
            }
        }
        if object.entryCount > object.entries.count { lines.append("  by \(object.entryCount) entries; the newest:") }
        for entry in object.entries {
            let reason = entry.reason.map { " Reason: \($0)" } ?? ""
            lines.append(
                "  at \(entry.index), \(QuantityText.time(entry.time)), by \(entry.principal)"
                    + (entry.message.map { ": \($0)" } ?? ".") + reason)
        }
        return lines.map { TextTable.printable($0) + "\n" }.joined()
    }
}
