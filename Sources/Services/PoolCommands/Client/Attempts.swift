import NIOHTTP1
import QueryModel

/// What the attempts to have one request answered have come to so far, and whether another may be made.
struct Attempts {
    private let isRepeatable: Bool
    /// A reading changes nothing, so that its loss leaves no doubt behind.
    private let isReading: Bool
    private let deadline: ContinuousClock.Instant
    /// What happened at each server in this round, in order.
    private var causes: [String] = []
    /// Why it is in doubt whether an earlier attempt was carried out. Later refusals do not lift the doubt, later answers do.
    private var doubt: String?
    /// How long to wait before the next round; nil when there is no reason to hope for more.
    private var pause: Duration?

    /// The longest pause that a server's Retry-After is heeded for.
    private static let longestPause = Duration.seconds(5)
    private static let shortestPause = Duration.milliseconds(200)

    init(_ request: ClientRequest, patience: Duration) {
        isRepeatable = request.isRepeatable
        isReading = request.method == .GET || request.method == .HEAD
        deadline = ContinuousClock.now.advanced(by: patience)
    }

    /// The answer to be given to the caller; nil when another server should be asked.
    mutating func judge(_ response: ClientResponse, from address: NetworkAddress) throws(ClientError) -> ClientResponse? {
        guard response.status >= 400 else { return response }
        let problem: ProblemDocument
        do {
            problem = try QueryJSON.decode(ProblemDocument.self, from: response.body)
        } catch {
            let cause = "\(address) answered with HTTP status \(response.status) and no reason."
            throw response.status < 500 || isReading ? .badAnswer(cause: cause) : .outcomeUnknown(cause: cause)
        }
        switch problem.kind {
        case .noMaster:
            causes.append("\(address): \(problem.detail)")
            pause = Self.retryAfter(response.headers)
            return nil
        case .outcomeUnknown:
            if !isRepeatable { throw .outcomeUnknown(cause: problem.detail) }
            doubt = problem.detail
            causes.append("\(address): \(problem.detail)")
            pause = Self.retryAfter(response.headers)
            return nil
        default:
            throw .problem(problem)
        }
    }

    /// Takes note of an attempt without an answer; throws when no further one may be made.
    mutating func note(_ failure: AttemptFailure, at address: NetworkAddress) throws(ClientError) {
        switch failure {
        case .notSent(let cause):
            causes.append("\(address): \(Self.sentence(cause))")
        case .lost(let cause):
            let told = "\(address): \(Self.sentence(cause))"
            if !isRepeatable { throw .outcomeUnknown(cause: told) }
            causes.append(told)
            doubt = told
        case .tooLarge(let limit):
            let cause = "The answer of \(address) is longer than \(limit) bytes."
            throw isReading ? .badAnswer(cause: cause) : .outcomeUnknown(cause: cause)
        case .cancelled:
            throw .cancelled
        }
    }

    /// Waits before every server is asked again; throws when patience ends or there is nothing to hope for.
    mutating func pauseOrGiveUp() async throws(ClientError) {
        // Where an answer was lost, the server may have gone in the midst of a failover: the others will know more in a moment.
        let pause = pause ?? (doubt == nil ? nil : Self.shortestPause)
        guard let pause, ContinuousClock.now.advanced(by: pause) < deadline else { throw verdict }
        do {
            try await Task.sleep(for: pause)
        } catch {
            throw .cancelled
        }
        causes = []
        self.pause = nil
    }

    private var verdict: ClientError {
        if let doubt, !isReading { return .outcomeUnknown(cause: doubt) }
        return .unreachable(cause: causes.isEmpty ? "no server is known to ask." : causes.joined(separator: " "))
    }

    private static func retryAfter(_ headers: HTTPHeaders) -> Duration {
        guard let text = headers.first(name: "Retry-After"), let seconds = Int(text), seconds > 0 else { return shortestPause }
        return min(.seconds(seconds), longestPause)
    }

    /// A cause with a capital and a full stop, as causes of different origins follow one another.
    private static func sentence(_ cause: String) -> String {
        let ended = cause.hasSuffix(".") ? cause : cause + "."
        return ended.prefix(1).uppercased() + ended.dropFirst()
    }
}
