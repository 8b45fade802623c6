import ArgumentParser
import PoolCommands

/// The option of every command that can show its answer again and again.
struct WatchOption: ParsableArguments {
    @Option(
        name: .long, defaultAsFlag: WatchRhythm.changes, parsing: .next,
        help: ArgumentHelp(
            "Show it again whenever the pool changes, until Ctrl-C.",
            discussion: "With a number, every so many seconds. On a terminal it is drawn anew in its place.", valueName: "seconds"),
        transform: WatchRhythm.init(text:))
    var watch: WatchRhythm?
}

/// When something that is watched is looked at again.
enum WatchRhythm: Hashable, Sendable, CustomStringConvertible {
    case changes
    case seconds(Int64)

    init(text: String) throws {
        guard let count = QuantityText.seconds(text), (1...86_400).contains(count) else {
            throw ValidationError(
                "'\(text)' is no time to wait between two looks. Name seconds, as in --watch 5, or put --watch at the end of the line.")
        }
        self = .seconds(count)
    }

    /// Nil to follow the pool's events.
    var period: Duration? {
        switch self {
        case .changes: nil
        case .seconds(let count): .seconds(count)
        }
    }

    var description: String {
        switch self {
        case .changes: "on every change"
        case .seconds(let count): "\(count)"
        }
    }
}
