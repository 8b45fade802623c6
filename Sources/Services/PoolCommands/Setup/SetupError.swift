package import AgentPorts
package import OpenSSLTransport
package import ServerEnvironment

/// Why a bootstrap or a join was refused. Nothing was changed.
package enum SetupError: Error, Hashable, Sendable {
    case environment(EnvironmentError)
    case storage(StorageError)
    case certificate(CertificateError)
    case invalid(cause: String, cure: String)
    case portTaken(address: String)
    /// The pool refused: its own words.
    case refused(String)
    case unreachable(String)

    /// One sentence for what happened, one for what to do.
    package var message: String {
        switch self {
        case .environment(let error): error.message
        case .storage(let error): error.message
        case .certificate(let error): error.message
        case .invalid(let cause, let cure): "\(cause) \(cure)"
        case .portTaken(let address):
            "The address \(address) cannot be listened on: the port is taken or the address is not this server's. Free it, or name another."
        case .refused(let words): words
        case .unreachable(let words): words
        }
    }
}
