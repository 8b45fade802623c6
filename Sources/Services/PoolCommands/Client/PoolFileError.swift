/// Why there is no pool file to work with.
package enum PoolFileError: Error, Hashable, Sendable {
    /// None of `places` exists.
    case notFound(places: [String])
    /// Others than its owner may read `path`, which holds a secret.
    case unsafe(path: String, reason: String)
    /// The file system refused it.
    case unreadable(path: String, cause: String)
    /// The text of `path` is not a pool file.
    case malformed(path: String, cause: String)

    /// One sentence for what happened, one for what to do.
    package var message: String {
        switch self {
        case .notFound(let places):
            """
            No pool file was found: \(places.joined(separator: ", ")). \
            Name one with --pool FILE or OVM_POOL, or run this on a server of the pool as the user who runs its agent.
            """
        case .unsafe(let path, let reason):
            "The pool file \(path) holds a secret and \(reason). Run `chmod 600` on it, and replace the secret if others can log in here."
        case .unreadable(let path, let cause):
            "The pool file \(path) cannot be read: \(cause). Run this as the user who owns it, or name another with --pool FILE."
        case .malformed(let path, let cause):
            "The pool file \(path) is damaged: \(cause). Copy it again from a server of the pool."
        }
    }
}
