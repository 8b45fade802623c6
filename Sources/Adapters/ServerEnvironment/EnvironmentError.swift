/// What is wrong with this server's files or settings.
package enum EnvironmentError: Error, Hashable, Sendable {
    /// Group or others may read or write `path`.
    case notPrivate(path: String, mode: UInt32)
    /// `path` belongs to another user.
    case notOwned(path: String)
    /// The system refused: `operation` on `path`, because of `reason`.
    case refused(operation: String, path: String, reason: String)
    /// Another agent runs on this data directory.
    case inUse(path: String)
    /// There is no pool here yet.
    case notFounded(path: String)
    /// There is one already.
    case alreadyFounded(path: String)
    /// agent.json cannot be used: `reason`.
    case badConfiguration(path: String, reason: String)
    /// No port was free.
    case noFreePort

    /// One sentence for what happened, one for what to do.
    package var message: String {
        switch self {
        case .notPrivate(let path, let mode):
            "Others may read \(path) (mode \(String(mode & 0o777, radix: 8))), and it holds secrets. Run `chmod go= \(path)`, then try again."
        case .notOwned(let path):
            "\(path) belongs to another user. Run as that user, or change its owner with chown."
        case .refused(let operation, let path, let reason):
            "The system refused to \(operation) \(path): \(reason). Mend that, then try again."
        case .inUse(let path):
            "An agent runs on \(path) already. Stop it first, or name another data directory."
        case .notFounded(let path):
            "\(path) belongs to no pool. Run `ovm pool bootstrap` or `ovm pool join` first."
        case .alreadyFounded(let path):
            "\(path) belongs to a pool already and is never overwritten. Name another data directory, or remove this one if the pool is gone."
        case .badConfiguration(let path, let reason):
            "\(path) cannot be used: \(reason). Correct it, or restore it from a copy."
        case .noFreePort:
            "No port below the ephemeral range is free on 127.0.0.1. End what listens there, or give the ports yourself."
        }
    }
}
