import AgentCore
import AgentPorts
import PoolModel
import PoolStateMachine
import QueryModel

extension QueryService {
    /// What a view of the state gives.
    typealias View<Document> = @Sendable (PoolState, AnswerContext) throws(QueryRefusal) -> Document

    /// Answers from the pool's state, as fresh as the request asks for.
    func answer<Document: Encodable & Sendable>(
        _ request: QueryRequest, status: Int = 200, headers: [QueryReply.Header] = [], _ view: @escaping View<Document>
    ) async throws(QueryRefusal) -> QueryReply {
        let consistency = try Self.consistency(of: request)
        let read = try await look(request, consistency, view)
        return reply(read.document, read, consistency, status: status, headers: headers)
    }

    /// The same, with the state taken off the agent's loop first: what may look at everything takes longer than that may wait.
    func answerAside<Document: Encodable & Sendable>(
        _ request: QueryRequest, _ view: View<Document>
    ) async throws(QueryRefusal) -> QueryReply {
        let consistency = try Self.consistency(of: request)
        let read = try await look(request, consistency) { state, context throws(QueryRefusal) in (state, context) }
        do throws(QueryRefusal) {
            return reply(try view(read.document.0, read.document.1), read, consistency)
        } catch {
            var refusal = error
            refusal.problem.answer = read.answer
            throw refusal
        }
    }

    /// Answers with what was made of a reading, beside the agent's loop where that takes longer.
    func reply<Source>(
        _ document: some Encodable & Sendable, _ read: Reading<Source>, _ consistency: ReadConsistency = .linearizable, status: Int = 200,
        headers: [QueryReply.Header] = []
    ) -> QueryReply {
        var headers = headers + QueryReply.headers(of: read.answer)
        if let version = read.version, let tag = EntityTags.tag(version: version, document: document) {
            headers.append(QueryReply.Header(QueryHeader.entityTag, "\"\(tag)\""))
        }
        if consistency == .stale { headers.append(QueryReply.Header(QueryHeader.age, Self.text(ofAge: read.age))) }
        return .json(Answered(document, answer: read.answer), status: status, headers: headers)
    }

    /// What a view gave, with what it reflects.
    struct Reading<Document: Sendable>: Sendable {
        let document: Document
        let answer: AnswerReflection
        let age: Duration?
        /// Of what the request is about; nil where that has none.
        let version: LogIndex?
    }

    /// Looks at the state on behalf of the request's caller, who must still be known at that very index.
    func look<Document: Sendable>(
        _ request: QueryRequest, _ consistency: ReadConsistency, _ view: @escaping View<Document>
    ) async throws(QueryRefusal) -> Reading<Document> {
        let credential = request.credential
        return try await lookAnonymously(consistency, about: request.subject) { state, context throws(QueryRefusal) in
            _ = try state.caller(showing: credential)
            return try view(state, context)
        }
    }

    /// Looks at the state for someone whom nobody has to know.
    ///
    /// - Parameter subject: what the answer is to bear the version of.
    func lookAnonymously<Document: Sendable>(
        _ consistency: ReadConsistency, about subject: QuerySubject? = nil, _ view: @escaping View<Document>
    ) async throws(QueryRefusal) -> Reading<Document> {
        let read = await gateway.read(consistency) { state, context -> Result<Reading<Document>, QueryRefusal> in
            let answer = AnswerReflection(context, in: state)
            do throws(QueryRefusal) {
                let version = subject.flatMap { state.version(of: $0) }
                return .success(Reading(document: try view(state, context), answer: answer, age: context.age, version: version))
            } catch {
                var refusal = error
                refusal.problem.answer = answer
                return .failure(refusal)
            }
        }
        switch read {
        case .value(let result, _): return try result.get()
        case .refused(let cause, _): throw Self.noMaster(cause)
        }
    }

    static func consistency(of request: QueryRequest) throws(QueryRefusal) -> ReadConsistency {
        switch request.query["consistency"] {
        case nil, "linearizable": return .linearizable
        case "stale": return .stale
        case .some(let other): throw .badValue("consistency", other, expected: "linearizable or stale")
        }
    }

    private static func text(ofAge age: Duration?) -> String {
        age.map { String(max(0, $0.wholeNanoseconds) / 1_000_000) } ?? "unknown"
    }
}

extension AnswerReflection {
    /// What an answer of this context reflects, with the master's name as the state has it.
    init(_ context: AnswerContext, in state: PoolState) {
        let master = context.mastership.master.flatMap { state.servers[$0]?.name.text }
        self.init(master: master, term: context.mastership.term.number, index: state.appliedIndex.number)
    }
}
