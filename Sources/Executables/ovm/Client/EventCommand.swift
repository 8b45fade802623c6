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
                At most 1,000 are shown at once. -o json also tells the index to go on from, as `through`.

                  ovm event ls
                  ovm event ls --since 4711
                """)

        @OptionGroup var options: ClientOptions
        @Option(help: ArgumentHelp("Only events after this log index.", valueName: "index"))
        var since: UInt64?

        func run() async throws {
            try await ClientSession.run(options) { client, console in
                let list = try await client.events(since: since)
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
                """)

        @OptionGroup var options: ClientOptions
        @Option(help: ArgumentHelp("Begin after this log index instead of now.", valueName: "index"))
        var since: UInt64?

        func run() async throws {
            try await ClientSession.run(options) { client, console in
                for try await event in client.query.events(since: since) {
                    switch console.form {
                    case .json: try Console.write(JSONPrinter.line(of: event))
                    case .table: try Console.write(EventText.line(of: event) + "\n")
                    }
                }
            }
        }
    }
}

/// Events as text for people.
enum EventText {
    static func table(of events: [EventDocument]) -> String {
        var table = TextTable([.init("INDEX", .right), .init("TIME"), .init("EVENT"), .init("BY"), .init("MESSAGE")])
        for event in events {
            table.add([String(event.index), QuantityText.time(event.time), event.kind, event.principal, message(of: event)])
        }
        return table.text
    }

    static func line(of event: EventDocument) -> String {
        TextTable.printable("\(event.index)  \(QuantityText.time(event.time))  \(event.kind)  \(event.principal)  \(message(of: event))")
    }

    private static func message(of event: EventDocument) -> String {
        event.reason.map { "\(event.message) Reason: \($0)" } ?? event.message
    }
}
