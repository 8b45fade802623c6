package import QueryModel

/// Why a request to the query port has no answer.
package enum ClientError: Error, Hashable, Sendable {
    /// No server answered, or none of them knows a Server Pool Master; nothing was done.
    case unreachable(cause: String)
    /// The request was sent, and nobody can say whether it was carried out.
    case outcomeUnknown(cause: String)
    /// The pool answered that it does not do it.
    case problem(ProblemDocument)
    /// An answer came that this program cannot use; nothing was changed by asking.
    case badAnswer(cause: String)
    /// The caller gave up waiting.
    case cancelled
    /// What was begun failed, or was cancelled.
    case taskFailed(cause: String)

    /// One sentence or more for what happened, one for what to do.
    package var message: String {
        switch self {
        case .unreachable(let cause):
            "No Server Pool Master can be reached: \(cause) Check that a majority of the pool's agents run, then try again."
        case .outcomeUnknown(let cause):
            "Nobody knows whether the request was carried out: \(cause) Look at what it was to change before you send it again."
        case .problem(let problem):
            problem.commandLineDetail
        case .badAnswer(let cause):
            "\(cause) Check that the address is the query port of this pool, and that both ends have the same version of ovm."
        case .cancelled:
            "The request was given up before its answer came. Look at what it was to change before you send it again."
        case .taskFailed(let cause):
            cause
        }
    }

    /// What a command line program ends with: 1 refused, 3 no master reachable, 4 outcome unknown.
    package var exitCode: Int32 {
        switch self {
        case .problem(let problem) where problem.kind == .noMaster: 3
        case .problem(let problem) where problem.kind == .outcomeUnknown: 4
        case .problem, .badAnswer, .taskFailed: 1
        case .unreachable: 3
        case .outcomeUnknown, .cancelled: 4
        }
    }

    /// Whether a write that ended so was never taken.
    var meansNothingDone: Bool { exitCode == 3 }
}

/// Why one attempt with one server has no answer.
enum AttemptFailure: Error, Hashable, Sendable {
    /// Nothing of the request has left.
    case notSent(cause: String)
    /// The request has left, in part or whole, and no whole answer has come.
    case lost(cause: String)
    /// The answer's body is longer than `limit` bytes.
    case tooLarge(limit: Int)
    /// The caller gave up.
    case cancelled
}
