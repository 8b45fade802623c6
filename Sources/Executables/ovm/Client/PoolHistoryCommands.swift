import ArgumentParser
import PoolCommands
import QueryModel

/// `ovm pool show`
struct PoolShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows the pool with its servers, virtual machines, rules and tags, now or at an earlier index.",
        discussion: """
            Every change of the pool has an index (ovm event ls). A server keeps the past back to the last snapshot but one, at least;
            further back the answer names the first index that is kept. Who was master then is not part of it, and the vm.cfg of a machine is
            in the answer of vm show. A large pool comes in several pages, all of one index.

              ovm pool show
              ovm pool show --at 4711
              ovm pool show --at 4711 -o json
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
