import ArgumentParser
import PoolCommands
import QueryModel

/// `ovm event`
struct EventCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "event", abstract: "Shows what happened in the pool.", subcommands: [List.self, Watch.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls", abstract: "Lists events, the oldest first.",
            discussion: """
                The newest are shown; with --since or --from those that follow it. -o json also tells the index to go on from, as \
                `through`.

                  ovm event ls
                  ovm event ls --limit 200
                  ovm event ls --since 4711
                  ovm event ls --object vm/web01 --by operator/admin --from 2h
                  ovm event ls --kind vm-placed,vm-stopping --from 2011-06-30T08:00:00Z --to 2011-06-30T09:00:00Z
                """)

        @OptionGroup var options: ClientOptions
        @Option(help: ArgumentHelp("Only events after this log index.", valueName: "index"))
        var since: UInt64?
        @Option(help: ArgumentHelp("How many, 1 to 1000; without it 50, and 1000 with --since or --from.", valueName: "count"))
        var limit: Int?
        @OptionGroup var filter: EventFilterOptions
        @Option(help: ArgumentHelp("Only from this time on: 2h (ago), or 2011-06-30T08:05:09Z.", valueName: "time"))
        var from: MomentArgument?
        @Option(help: ArgumentHelp("Only before this time: 30m (ago), or 2011-06-30T08:05:09+02:00.", valueName: "time"))
        var to: MomentArgument?

        func validate() throws {
            if let limit, !(1...1_000).contains(limit) { throw ValidationError("A limit is 1 to 1000.") }
        }

        func run() async throws {
            let isOnward = since != nil || from != nil
            try await ClientSession.run(options) { client, console in
                let list = try await client.events(
                    since: since, limit: isOnward ? limit : nil, last: isOnward ? nil : limit ?? 50,
                    filter: filter.text(from: from?.time, to: to?.time))
                try console.show(list) { EventText.table(of: list.events) }
            }
        }
    }

    struct Watch: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "watch", abstract: "Shows events as they happen, until it is interrupted.",
            discussion: """
                Where the connection is lost, another server of the pool goes on after the last event that was shown.
                With -o json there is one document on each line.

                  ovm event watch
                  ovm event watch --since 4711 -o json
                  ovm event watch --object vm/
                """)

        @OptionGroup var options: ClientOptions
        @Option(help: ArgumentHelp("Begin after this log index instead of now.", valueName: "index"))
        var since: UInt64?
        @OptionGroup var filter: EventFilterOptions

        func run() async throws {
            try await ClientSession.run(options, isStream: true) { client, console in
                for try await event in client.query.events(since: since, filter: filter.text()) {
                    try console.show(event) { EventText.line(of: event) + "\n" }
                }
            }
        }
    }
}

/// Which events to show.
struct EventFilterOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only what happened to it: vm/web01, vm/ for all of a kind, web01 for all of a name.", valueName: "object"))
    var object: String?
    @Option(help: ArgumentHelp("Only what was done by it: operator/admin, server/alpha, master/, admin.", valueName: "principal"))
    var by: String?
    @Option(help: ArgumentHelp("Only events of these words, by commas: vm-placed,vm-stopping.", valueName: "words"))
    var kind: String?

    func text(from: QueryTime? = nil, to: QueryTime? = nil) -> EventFilterText {
        EventFilterText(object: object, principal: by, kinds: kind, from: from, to: to)
    }
}
