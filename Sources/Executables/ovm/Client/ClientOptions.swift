import ArgumentParser
import Foundation
import PoolCommands
import QueryModel

extension OutputForm: ExpressibleByArgument {}
extension ColourChoice: ExpressibleByArgument {}

/// The options of every command that asks the pool.
struct ClientOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The file that names the pool and holds the credential.",
            discussion: "Without it: OVM_POOL, ~/.config/ovm/pool.json, /var/lib/ovm/pool.json, in this order.", valueName: "file"),
        completion: .file(extensions: ["json"]))
    var pool: String?

    @OptionGroup var answer: AnswerOptions
}

/// The options of every command that answers with a document.
struct AnswerOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: "table for people, wide with more columns; json or yaml for programs; name for the names alone, one on each line.")
    var output: OutputForm = .table

    @Flag(help: "Leave the headings of tables out.")
    var noHeaders = false

    @Option(help: "Whether statuses bear colours; auto means on a terminal, unless NO_COLOR is set.")
    var color: ColourChoice = .auto

    /// The form that they ask for.
    ///
    /// - Parameter isStream: whether one answer follows another.
    func form(isStream: Bool = false) -> AnswerForm {
        let isColoured = color.isColoured(isTerminal: Console.isTerminal, environment: ProcessInfo.processInfo.environment)
        return AnswerForm(output, style: TextStyle(hasHeadings: !noHeaders, isColoured: isColoured), isStream: isStream)
    }
}

/// The option of every command that changes something.
struct ReasonOption: ParsableArguments {
    @Option(name: .long, help: "Why you do it, for the log of events; at most 256 bytes.")
    var reason: String?

    func validate() throws {
        guard let reason else { return }
        // It travels in a header, whose bytes are bounded and on one line.
        guard reason.utf8.count <= 256, reason.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw ValidationError("A reason has at most 256 bytes on one line.")
        }
    }
}

/// The option of every command that begins a task.
struct WaitOption: ParsableArguments {
    @Flag(name: .long, help: "Return as soon as the task has begun, instead of when it has ended.")
    var noWait = false
}

/// An amount of memory on the command line, such as `64G`.
struct MemoryArgument: ExpressibleByArgument, Sendable {
    let mebibytes: Int

    init?(argument: String) {
        guard let count = QuantityText.mebibytes(argument), count > 0 else { return nil }
        mebibytes = count
    }
}

/// A time on the command line, such as `3h`.
struct TimeArgument: ExpressibleByArgument, Sendable {
    let seconds: Int64

    init?(argument: String) {
        guard let count = QuantityText.seconds(argument), count > 0 else { return nil }
        seconds = count
    }
}

/// A moment on the command line: a time of RFC 3339, or `3h` for three hours ago.
struct MomentArgument: ExpressibleByArgument, Sendable {
    let time: QueryTime

    init?(argument: String) {
        if let seconds = QuantityText.seconds(argument) {
            let now = Int64(Date.now.timeIntervalSince1970 * 1_000)
            let (ago, isOverflown) = seconds.multipliedReportingOverflow(by: 1_000)
            guard !isOverflown else { return nil }
            time = QueryTime(milliseconds: now - ago)
        } else {
            guard let read = QueryTime(internet: argument) else { return nil }
            time = read
        }
    }
}

/// Names on the command line, separated by commas; an empty text is no name.
struct NameListArgument: ExpressibleByArgument, Sendable {
    let names: [String]

    init?(argument: String) {
        names = argument.split(separator: ",").map { $0.trimmingPrefix { $0 == " " } }.map(String.init)
    }
}
