import ArgumentParser
import Foundation
import PoolCommands

/// Where a command's answers go: standard output for what was asked for, standard error for everything else.
struct Console: Sendable {
    let form: OutputForm

    /// Whether a person sees standard error at once.
    static var isErrorTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Answers with `document`: as JSON, or as the text that `table` makes of it.
    func show(_ document: some Encodable, table: () -> String) throws {
        switch form {
        case .json: try Self.write(JSONPrinter.text(of: document))
        case .table: try Self.write(table())
        }
    }

    /// Answers a change: as JSON, or with a sentence.
    func confirm(_ document: some Encodable, _ sentence: String) throws {
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
