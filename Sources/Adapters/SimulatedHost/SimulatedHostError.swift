/// Why a simulated host cannot be served.
package enum SimulatedHostError: Error, Hashable, Sendable {
    /// A Unix domain socket takes no path as long as `path`.
    case socketPathTooLong(path: String)
    /// Group or others may use `path`, which has `mode`.
    case notPrivate(path: String, mode: UInt32)
    /// `path` belongs to another user.
    case notOwned(path: String)
    /// Another simulated host serves `folder`.
    case inUse(folder: String)
    /// simulated.json cannot be used.
    case badSettings(path: String, reason: String)
    /// The system refused; `code` is `errno`'s.
    case system(operation: String, path: String, code: Int32)

    /// One sentence for what happened, one for what to do.
    package var message: String {
        switch self {
        case .socketPathTooLong(let path):
            """
            The socket path \(path) has \(path.utf8.count) bytes, and a socket takes at most \(SimulatedHostLimits.socketPathBytes). \
            Choose a shorter data directory (with --data, or --dir for a demo).
            """
        case .notPrivate(let path, let mode):
            """
            Others than its owner may use \(path) (mode \(String(mode, radix: 8))), and whoever reaches the simulated host commands it. \
            Run `chmod go= \(path)`, then try again.
            """
        case .notOwned(let path):
            "\(path) belongs to another user. Run as that user, or change its owner with chown."
        case .inUse(let folder):
            "A simulated host is running on \(folder) already. Stop it first, or name another data directory."
        case .badSettings(let path, let reason):
            "\(path) cannot be used: \(reason). Correct it, or remove it to have the usual host."
        case .system(let operation, let path, let code):
            "The system refused to \(operation) \(path): \(SystemText.error(code)). Mend that, then try again."
        }
    }
}
