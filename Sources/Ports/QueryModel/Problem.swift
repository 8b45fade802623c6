/// Why a request was not carried out (RFC 9457, `application/problem+json`).
package struct ProblemDocument: Codable, Hashable, Sendable {
    /// Stable: `urn:ovm:problem:` and the word of a `ProblemKind`.
    package var type: String
    /// What the type means, in a few words.
    package var title: String
    /// The HTTP status.
    package var status: Int
    /// One sentence for what happened and one for what to do.
    package var detail: String
    /// The sentence for what to do, alone.
    package var cure: String
    /// The stable word of the pool's own refusal, such as `machine-name-taken`; absent where the pool was not asked.
    package var refusal: String?
    /// The line of a mistake in a vm.cfg, counted from 1.
    package var line: Int?
    /// The column of a mistake in a vm.cfg, counted from 1.
    package var column: Int?
    /// The first log index whose events, or whose state, are kept, where older ones were asked for.
    package var firstIndex: UInt64?
    /// Each server's reason, where every server refused a start.
    package var servers: [ServerExplanationDocument]?
    /// Absent where the pool was not asked.
    package var answer: AnswerReflection?

    package init(_ kind: ProblemKind, cause: String, cure: String) {
        type = kind.type
        title = kind.title
        status = kind.status
        detail = "\(cause) \(cure)"
        self.cure = cure
    }

    /// Nil for a type that this version does not know.
    package var kind: ProblemKind? { ProblemKind(type: type) }

    /// The media type of a problem.
    package static let mediaType = "application/problem+json"
}

/// What kinds of problems there are; the word is stable, and clients decide by it.
package enum ProblemKind: String, Hashable, Sendable, CaseIterable {
    /// The request cannot be read: bad JSON, a wrong type, a value out of its bounds.
    case badRequest = "bad-request"
    /// The vm.cfg has a mistake, at `line` and `column`.
    case badConfiguration = "bad-configuration"
    /// No credential, or one that the pool does not know.
    case unauthenticated = "unauthenticated"
    /// The credential is known, and does not suffice.
    case forbidden = "forbidden"
    case notFound = "not-found"
    case methodNotAllowed = "method-not-allowed"
    /// The request contradicts the present state.
    case conflict = "conflict"
    /// `If-Match` names another version than the present one.
    case preconditionFailed = "precondition-failed"
    /// Every server refused to start the machine; `servers` says why.
    case noPlacement = "no-placement"
    /// An idempotency key was used before with another request.
    case keyReused = "idempotency-key-reused"
    /// The events, or the state, that were asked for are no longer kept; `firstIndex` is the first that is.
    case gone = "gone"
    case tooLarge = "too-large"
    /// The request took longer than it may.
    case tooSlow = "too-slow"
    /// The body is said to be something else than JSON.
    case unsupportedMediaType = "unsupported-media-type"
    /// There is a WebSocket, and nothing else.
    case upgradeRequired = "upgrade-required"
    /// The server that runs the machine shows no console, as it cannot be asked.
    case consoleUnreachable = "console-unreachable"
    /// A bound of the pool or of this server is reached.
    case tooMany = "too-many"
    /// A join token is unknown, spent, expired, or its secret is wrong.
    case tokenRefused = "token-refused"
    /// The joiner's clock and the pool's are too far apart.
    case clockDifference = "clock-difference"
    /// The token is for another pool.
    case wrongPool = "wrong-pool"
    /// Nothing was done: no master was found. Safe to try again.
    case noMaster = "no-master"
    /// The request may or may not have been carried out.
    case outcomeUnknown = "outcome-unknown"
    /// The answering server failed.
    case internalError = "internal-error"

    /// Reads what `type` gives.
    package init?(type: String) {
        guard type.hasPrefix(Self.prefix) else { return nil }
        self.init(rawValue: String(type.dropFirst(Self.prefix.count)))
    }

    /// The URI of the type.
    package var type: String { Self.prefix + rawValue }

    private static let prefix = "urn:ovm:problem:"

    /// The HTTP status that it comes with.
    package var status: Int {
        switch self {
        case .badRequest: 400
        case .unauthenticated: 401
        case .forbidden, .tokenRefused: 403
        case .notFound: 404
        case .methodNotAllowed: 405
        case .tooSlow: 408
        case .conflict, .noPlacement, .wrongPool: 409
        case .gone: 410
        case .preconditionFailed: 412
        case .tooLarge: 413
        case .unsupportedMediaType: 415
        case .badConfiguration, .keyReused, .clockDifference: 422
        case .upgradeRequired: 426
        case .tooMany: 429
        case .internalError: 500
        case .consoleUnreachable: 502
        case .noMaster: 503
        case .outcomeUnknown: 504
        }
    }

    /// What it means, in a few words.
    package var title: String {
        switch self {
        case .badRequest: "The request cannot be read"
        case .badConfiguration: "The configuration has a mistake"
        case .unauthenticated: "A credential is needed"
        case .forbidden: "Not allowed"
        case .notFound: "Not found"
        case .methodNotAllowed: "Method not allowed"
        case .conflict: "Not possible in the present state"
        case .preconditionFailed: "Changed meanwhile"
        case .noPlacement: "No server can run the virtual machine"
        case .keyReused: "The idempotency key was used for another request"
        case .gone: "No longer kept"
        case .tooLarge: "Too large"
        case .tooSlow: "Too slow"
        case .unsupportedMediaType: "Media type not supported"
        case .upgradeRequired: "An upgrade to WebSocket is needed"
        case .consoleUnreachable: "The console cannot be reached"
        case .tooMany: "Too many"
        case .tokenRefused: "The join token is refused"
        case .clockDifference: "The clocks differ too much"
        case .wrongPool: "The token is for another pool"
        case .noMaster: "No Server Pool Master"
        case .outcomeUnknown: "The outcome is unknown"
        case .internalError: "The server failed"
        }
    }
}
