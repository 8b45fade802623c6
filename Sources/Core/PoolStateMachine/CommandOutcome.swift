package import PoolModel

/// How a committed command ended. The same on every server.
package enum CommandOutcome: Hashable, Sendable {
    case done(CommandResult)
    case refused(PoolRefusal)
}

/// What a command gave.
package enum CommandResult: Hashable, Sendable {
    case none
    case server(ServerID)
    case machine(VirtualMachineID)
    /// The command began a task that goes on.
    case task(TaskID)
    case token(TokenID)
    case credential(CredentialID)
    case rule(RuleID)
}

/// Why a command was refused: a stable word for programs, and for people one sentence of cause and one of cure.
package struct PoolRefusal: Hashable, Sendable {
    package let type: PoolRefusalType
    package let message: String

    package init(_ type: PoolRefusalType, _ message: String) {
        self.type = type
        self.message = message
    }
}

/// How a refusal maps to an answer of the query port.
package enum PoolRefusalKind: Hashable, Sendable {
    case notFound
    case conflict
    case forbidden
    case invalid
    case tooMany
    /// What was to be changed is not what the caller believed it to be.
    case preconditionFailed
}

/// The stable words. They only grow.
package enum PoolRefusalType: String, Hashable, Sendable, CaseIterable {
    case poolExists = "pool-exists"
    case noPool = "no-pool"
    case notAllowed = "not-allowed"
    case staleSession = "stale-session"
    case alreadyAnswered = "already-answered"
    case idempotencyKeyReused = "idempotency-key-reused"
    case tooManyRequests = "too-many-requests"
    case serverNotFound = "server-not-found"
    case serverNameTaken = "server-name-taken"
    case serverInUse = "server-in-use"
    case serverStorageChanged = "server-storage-changed"
    case tooManyServers = "too-many-servers"
    case tokenNotFound = "token-not-found"
    case tokenExpired = "token-expired"
    case tokenUsed = "token-used"
    case tokenSecretWrong = "token-secret-wrong"
    case tooManyTokens = "too-many-tokens"
    case machineNotFound = "machine-not-found"
    case machineNameTaken = "machine-name-taken"
    case machineUUIDTaken = "machine-uuid-taken"
    case machineStateForbids = "machine-state-forbids"
    case tooManyMachines = "too-many-machines"
    case noServerFits = "no-server-fits"
    case staleObservation = "stale-observation"
    case tagNotFound = "tag-not-found"
    case tooManyTags = "too-many-tags"
    case ruleNotFound = "rule-not-found"
    case ruleNameTaken = "rule-name-taken"
    case ruleContradicts = "rule-contradicts"
    /// A virtual machine cannot be entered into a rule, or taken out of it, by its name.
    case ruleMembership = "rule-membership"
    case tooManyRules = "too-many-rules"
    case taskNotFound = "task-not-found"
    case taskNotCancellable = "task-not-cancellable"
    case credentialNotFound = "credential-not-found"
    case lastAdministrator = "last-administrator"
    case invalidValue = "invalid-value"
    case formatNotRaised = "format-not-raised"
    case changedMeanwhile = "changed-meanwhile"
    case machineSeenOutside = "machine-seen-outside"
    case serverHardwareChanged = "server-hardware-changed"

    /// How the query port answers it.
    package var kind: PoolRefusalKind {
        switch self {
        case .noPool, .serverNotFound, .tokenNotFound, .machineNotFound, .tagNotFound, .ruleNotFound, .taskNotFound, .credentialNotFound:
            .notFound
        case .notAllowed, .tokenExpired, .tokenUsed, .tokenSecretWrong: .forbidden
        case .invalidValue: .invalid
        case .changedMeanwhile: .preconditionFailed
        case .tooManyRequests, .tooManyServers, .tooManyTokens, .tooManyMachines, .tooManyTags, .tooManyRules: .tooMany
        case .poolExists, .staleSession, .alreadyAnswered, .idempotencyKeyReused, .serverNameTaken, .serverInUse, .serverStorageChanged,
            .machineNameTaken, .machineUUIDTaken, .machineStateForbids, .noServerFits, .staleObservation, .taskNotCancellable,
            .lastAdministrator, .formatNotRaised, .ruleNameTaken, .ruleContradicts, .ruleMembership, .machineSeenOutside,
            .serverHardwareChanged:
            .conflict
        }
    }
}

/// Thrown within the room to end a command's application before it has changed anything.
struct Refused: Error {
    let refusal: PoolRefusal

    init(_ type: PoolRefusalType, _ message: String) { refusal = PoolRefusal(type, message) }
}
