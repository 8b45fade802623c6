package import AgentPorts
package import OpenSSLTransport
import QueryModel
package import ServerEnvironment

/// Why a bootstrap or a join did not come about. Nothing was changed, unless the pool's answer was lost.
package enum SetupError: Error, Hashable, Sendable {
    case environment(EnvironmentError)
    case storage(StorageError)
    case certificate(CertificateError)
    case invalid(cause: String, cure: String)
    /// Nobody can listen on `address`, one that the setup was given.
    case cannotListen(address: String, ListeningObstacle)
    /// Refused in the words of whoever looked.
    case refused(String)
    /// The pool did not take the join, or nobody knows whether it did.
    case pool(ClientError)

    /// One sentence for what happened, one for what to do.
    package var message: String {
        switch self {
        case .environment(let error): error.message
        case .storage(let error): error.message
        case .certificate(let error): error.message
        case .invalid(let cause, let cure): "\(cause) \(cure)"
        case .cannotListen(let address, let obstacle):
            "The address \(address) cannot be listened on: \(obstacle.cause). \(obstacle.cure), or name another."
        case .refused(let words): words
        case .pool(let error): error.message
        }
    }

    /// What the program ends with: 1 refused, 3 no master reachable, 4 outcome unknown.
    package var exitCode: Int32 {
        if case .pool(let error) = self { error.exitCode } else { 1 }
    }

    /// Whether the pool may have done what was asked, although no answer says so.
    var mayHaveHappened: Bool {
        guard case .pool(let error) = self else { return false }
        switch error {
        case .unreachable: return false
        case .problem(let problem): return problem.kind == .outcomeUnknown
        case .outcomeUnknown, .badAnswer, .cancelled, .taskFailed: return true
        }
    }
}
