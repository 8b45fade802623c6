/// The terminal's colour of a status (ECMA-48, Select Graphic Rendition).
enum StatusColour {
    private static let green = "\u{1B}[32m"
    private static let yellow = "\u{1B}[33m"
    private static let red = "\u{1B}[31m"
    private static let reset = "\u{1B}[0m"

    /// `text` in the colour of the status that it begins with; as it is where the status is neither good, passing nor bad.
    static func coloured(_ text: String) -> String {
        guard let colour = colour(of: text.prefix { $0 != "," }) else { return text }
        return colour + text + reset
    }

    private static func colour(of status: Substring) -> String? {
        switch status {
        case "Running", "active", "done", "unused": green
        case "Initializing", "ShuttingDown", "Paused", "maintenance", "joining", "waiting", "running": yellow
        case "Error", "Unknown", "unreachable", "failed": red
        default: nil
        }
    }
}

/// When statuses bear colours.
package enum ColourChoice: String, CaseIterable, Sendable {
    /// On a terminal, unless the environment forbids it.
    case auto
    case always
    case never

    /// - Parameters:
    ///   - isTerminal: whether a person sees what is written at once.
    ///   - environment: `NO_COLOR`, when it is not empty, forbids colours (no-color.org); so does `TERM=dumb`, a terminal without them.
    package func isColoured(isTerminal: Bool, environment: [String: String]) -> Bool {
        switch self {
        case .always: true
        case .never: false
        case .auto: isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
        }
    }
}
