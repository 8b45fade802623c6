import ArgumentParser
import Foundation
import PoolCommands

/// Where a command's answers go: standard output for what was asked for, standard error for everything else.
struct Console: Sendable {
    /// The form that was asked for.
    let answers: AnswerForm
    /// Where answers are written; a command that is watched collects them.
    var sink: @Sendable (String) throws -> Void = Console.write

    /// Whether a person sees standard output at once.
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
    /// How large the terminal is that standard output is.
    static var terminalSize: TerminalSize {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return .usual }
        return TerminalSize(columns: Int(size.ws_col), rows: Int(size.ws_row))
    }

    /// Whether a person sees standard error at once.
    static var isErrorTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Answers with `document`, or with the text for people that `people` makes of it.
    func show(_ document: some NamedDocument, people: () -> some StyledText) throws {
        try sink(answers.text(of: document, people: people))
    }

    /// Answers a change: with the document, or with a sentence.
    func confirm(_ document: some NamedDocument, _ sentence: String) throws {
        try show(document) { sentence + "\n" }
    }

    /// Writes to standard output.
    static func write(_ text: String) throws {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
        } catch {
            // Whoever read our output has read enough, as `head` has.
            throw ExitCode(1)
        }
    }

    /// Writes `ovm: SENTENCE` to standard error.
    static func complain(_ sentence: String) { note("ovm: \(sentence)\n") }

    /// Writes to standard error as it stands.
    static func note(_ text: String) {
        do {
            try FileHandle.standardError.write(contentsOf: Data(text.utf8))
        } catch {
            // Nobody listens on standard error; the exit status still tells.
            return
        }
    }
}
