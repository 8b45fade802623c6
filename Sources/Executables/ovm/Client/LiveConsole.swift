import Foundation
import PoolCommands
import UnixSignals

/// Shows a command's answer anew: drawn in its place on a terminal, after a separator elsewhere.
actor LiveConsole {
    private let console: Console
    private let isTerminal = Console.isTerminal
    private var screen = LiveText()
    /// What was answered last.
    private var shown = ""

    init(_ console: Console) { self.console = console }

    /// Looks until Ctrl-C, or until the first look fails.
    nonisolated func follow(
        _ client: PoolClient, every period: Duration?, _ body: @escaping @Sendable (PoolClient, Console) async throws -> Void
    ) async throws {
        let watch = PoolWatch(client, every: period)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) { return }
            }
            group.addTask {
                try await watch.run {
                    try await self.look(client, body)
                } trouble: { error in
                    try await self.note(error.message)
                }
            }
            // Whichever ends first: Ctrl-C ends the watch well.
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func look(_ client: PoolClient, _ body: @Sendable (PoolClient, Console) async throws -> Void) async throws {
        let (texts, collector) = AsyncStream<String>.makeStream()
        var quiet = console
        quiet.sink = { collector.yield($0) }
        try await body(client, quiet)
        collector.finish()
        var text = ""
        for await piece in texts { text += piece }
        try show(text)
    }

    private func show(_ text: String) throws {
        defer { shown = text }
        if isTerminal { return try Console.write(screen.frame(text, on: Console.terminalSize)) }
        guard text != shown else { return }
        try Console.write((needsSeparator ? "---\n" : "") + text)
    }

    /// JSON and YAML tell by themselves where a document ends.
    private var needsSeparator: Bool { !shown.isEmpty && ![.json, .yaml].contains(console.answers.form) }

    /// Says why there is nothing newer, beneath what was seen last.
    private func note(_ sentence: String) throws {
        guard isTerminal else { return Console.complain(sentence) }
        try Console.write(screen.frame(shown + "\n" + TextTable.printable(sentence) + "\n", on: Console.terminalSize))
    }
}
