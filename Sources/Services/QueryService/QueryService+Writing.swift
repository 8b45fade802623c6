import AgentCore
import AgentPorts
import OpenSSLTransport
import PoolModel
import PoolStateMachine
import QueryModel

extension QueryService {
    /// A request's write, carried out.
    struct Written: Sendable {
        let result: CommandResult
        let index: LogIndex
    }

    /// Writes a command in the name of the request's caller.
    ///
    /// - Parameter body: the request's body, for the digest that goes with an idempotency key.
    func write(_ command: PoolCommand, for request: QueryRequest, body: [UInt8] = []) async throws(QueryRefusal) -> Written {
        let caller = try await caller(of: request)
        return try await write(command, principal: caller.principal, for: request, body: body)
    }

    func write(
        _ command: PoolCommand, principal: Principal, for request: QueryRequest, body: [UInt8]
    ) async throws(QueryRefusal) -> Written {
        let key = try Self.idempotencyKey(of: request, body: body)
        let written = await gateway.write(
            command, principal: principal, reason: try request.reason(), idempotency: key, expected: try await expectedVersion(request))
        switch written.answer {
        case .outcome(.done(let result), let index): return Written(result: result, index: index)
        case .outcome(.refused(let refusal), _): throw await refused(refusal, by: written.context, command, request)
        case .notTaken(let cause): throw Self.noMaster(cause)
        case .unknown(let cause): throw Self.outcomeUnknown(cause)
        }
    }

    static func outcomeUnknown(_ cause: String) -> QueryRefusal {
        QueryRefusal(
            .outcomeUnknown,
            cause: sentence("The request was handed on, and nobody knows yet whether it was carried out: \(cause)"),
            cure: "Look at what it was to change, or send it again with the same \(QueryHeader.idempotencyKey).")
    }

    /// Writes, then answers with what the write has made of the state. This server has applied it: no further round trip is needed.
    func write<Document: Encodable & Sendable>(
        _ command: PoolCommand, for request: QueryRequest, body: [UInt8] = [], status: Int = 200, _ view: @escaping View<Document>
    ) async throws(QueryRefusal) -> QueryReply {
        let written = try await write(command, for: request, body: body)
        // What says no more than that it was done has no version.
        let read = try await lookAfter(written, about: Document.self == DoneDocument.self ? nil : request.subject, view)
        return reply(read.document, read, status: status)
    }

    /// Looks at what a write has made of the state. Where somebody has deleted it in between, the state of the write's own index is
    /// replayed: a write that was carried out is not answered as if there had been nothing to carry it out on.
    func lookAfter<Document: Sendable>(
        _ written: Written, about subject: QuerySubject? = nil, _ view: @escaping View<Document>
    ) async throws(QueryRefusal) -> Reading<Document> {
        do throws(QueryRefusal) {
            return try await lookAnonymously(.stale, about: subject, view)
        } catch {
            guard error.problem.kind == .notFound else { throw error }
            return try await lookBack(written, about: subject, view)
        }
    }

    private func lookBack<Document: Sendable>(
        _ written: Written, about subject: QuerySubject?, _ view: View<Document>
    ) async throws(QueryRefusal) -> Reading<Document> {
        let context = try await lookAnonymously(.stale) { _, context throws(QueryRefusal) in context }.document
        do {
            let state = try await archive.span(from: written.index, through: written.index).after
            return Reading(
                document: try view(state, context), answer: AnswerReflection(context, in: state), age: nil,
                version: subject.flatMap { state.version(of: $0) })
        } catch {
            throw Self.deletedSince(written.index)
        }
    }

    /// A write was carried out, and nothing is left to show of it.
    static func deletedSince(_ index: LogIndex) -> QueryRefusal {
        QueryRefusal(
            .gone, cause: "This was carried out at index \(index), and what it was about has been deleted since.",
            cure: "Look at the events after that index, if you want to know by whom.")
    }

    /// The client's key with the digest of method, path and body; nil where it gives none.
    static func idempotencyKey(of request: QueryRequest, body: [UInt8]) throws(QueryRefusal) -> IdempotencyKey? {
        guard let text = request.headers[QueryHeader.idempotencyKey.lowercased()] else { return nil }
        guard let key = UniqueIdentifier(text) else {
            throw .badValue(QueryHeader.idempotencyKey, text, expected: "a UUID in the 8-4-4-4-12 form")
        }
        let head = Array("\(request.method)\n\(request.path)\n".utf8)
        guard let digest = PoolModel.SHA256Digest(bytes: OpenSSLTransport.SHA256Digest(of: head + body).bytes) else { return nil }
        return IdempotencyKey(key: key, request: digest)
    }

    /// The pool's own refusal as a problem, with every server's reason where no server fits.
    private func refused(_ refusal: PoolRefusal, by context: AnswerContext, _ command: PoolCommand, _ request: QueryRequest) async
        -> QueryRefusal
    {
        var problem = QueryRefusal(refusal)
        let read = await gateway.read(.stale) { state, _ -> (AnswerReflection, [ServerExplanationDocument]?, ProblemDocument?) in
            let answer = AnswerReflection(context, in: state)
            let unknown = Self.unknownName(refusal.type, request, in: state)?.problem
            guard refusal.type == .noServerFits, let decision = Self.decision(behind: command, in: state) else {
                return (answer, nil, unknown)
            }
            return (answer, decision.servers, nil)
        }
        if case .value((let answer, let servers, let unknown), _) = read {
            if let unknown { (problem.problem.detail, problem.problem.cure) = (unknown.detail, unknown.cure) }
            problem.problem.answer = answer
            problem.problem.servers = servers
        }
        return problem
    }

    /// What every server says to a command that no server fits.
    private static func decision(behind command: PoolCommand, in state: PoolState) -> ExplanationDocument? {
        switch command {
        case .startMachine(let id):
            state.machines[id].map { ExplanationDocument($0, state.decidePlacement(for: $0)) }
        case .migrateMachine(let id, let wish):
            state.machines[id].flatMap { machine in
                state.migrationOutlook(of: machine, to: wish.target).map { ExplanationDocument(machine, $0.decision) }
            }
        default: nil
        }
    }

    /// What to say of a path's name that nothing has; nil where the refusal is about something else.
    ///
    /// The state machine was given an identifier that it has never given, and cannot say the name.
    private static func unknownName(_ type: PoolRefusalType, _ request: QueryRequest, in state: PoolState) -> QueryRefusal? {
        let name = request.parameter("name")
        do throws(QueryRefusal) {
            switch type {
            case .machineNotFound where request.path.hasPrefix("/v1/vms/"): _ = try state.machine(atPath: name)
            case .serverNotFound where request.path.hasPrefix("/v1/servers/"): _ = try state.server(atPath: name)
            case .ruleNotFound where request.path.hasPrefix("/v1/rules/"): _ = try state.rule(atPath: name)
            default: break
            }
            return nil
        } catch {
            return error
        }
    }
}

extension QueryRefusal {
    /// A refusal of the state machine: its word decides the problem's type, its last sentence is the cure.
    init(_ refusal: PoolRefusal) {
        let sentences = refusal.message.split(separator: ". ", omittingEmptySubsequences: true)
        let cure = sentences.count > 1 ? String(sentences[sentences.count - 1]) : ""
        let cause = sentences.dropLast(sentences.count > 1 ? 1 : 0).joined(separator: ". ")
        self.init(Self.kind(of: refusal.type), cause: QueryService.sentence(cause), cure: cure)
        problem.detail = refusal.message
        problem.refusal = refusal.type.rawValue
    }

    private static func kind(of type: PoolRefusalType) -> ProblemKind {
        switch type {
        case .noServerFits: return .noPlacement
        case .idempotencyKeyReused: return .keyReused
        case .tokenExpired, .tokenUsed, .tokenSecretWrong: return .tokenRefused
        default: break
        }
        switch type.kind {
        case .notFound: return .notFound
        case .conflict: return .conflict
        case .forbidden: return .forbidden
        case .invalid: return .badRequest
        case .tooMany: return .tooMany
        case .preconditionFailed: return .preconditionFailed
        }
    }
}
