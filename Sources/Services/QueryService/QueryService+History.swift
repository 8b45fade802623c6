import AgentCore
import AgentPorts
import PoolModel
import PoolStateMachine
import QueryModel

extension QueryService {
    /// The pool at one index of its log; at the present one without `at`.
    func showPoolState(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let consistency = try Self.consistency(of: request)
        // Taken off the agent's loop: a list of everything takes longer than that may wait.
        let present = try await look(request, consistency) { state, context throws(QueryRefusal) in (state, context.mastership.master) }
        let (state, master) = present.document
        let page = try PoolStatePage(request)
        let asked = try Self.index("at", of: request)
        if let asked, let after = page.after, after.index != asked {
            throw QueryRefusal(
                .badRequest, cause: "The page that is asked for is of index \(after.index), and at= of \(asked).", cure: "Leave at= out.")
        }
        guard let index = page.after?.index ?? asked, asked != nil || index != state.appliedIndex else {
            return reply(try PoolStateDocument(state, page, master: master, firstKept: nil), present, consistency)
        }
        try Self.require(index, upTo: state.appliedIndex)
        let span = try await span(from: index, through: index)
        return reply(try PoolStateDocument(span.after, page, master: nil, firstKept: span.firstKept), present, consistency)
    }

    /// What changed between two indexes, who did it and why.
    func showPoolDiff(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let consistency = try Self.consistency(of: request)
        let present = try await look(request, consistency) { state, _ throws(QueryRefusal) in state.appliedIndex }
        guard let from = try Self.index("from", of: request) else {
            throw QueryRefusal(.badRequest, cause: "The request names no index to begin with.", cure: "Send ?from=INDEX.")
        }
        let to = try Self.index("to", of: request) ?? present.document
        try Self.require(max(from, to), upTo: present.document)
        guard from <= to else {
            throw QueryRefusal(.badRequest, cause: "Index \(from) lies after index \(to).", cure: "Send the earlier one as `from`.")
        }
        let span = try await span(from: from, through: to)
        return reply(try PoolDiffDocument(span), present, consistency)
    }

    private static func index(_ name: String, of request: QueryRequest) throws(QueryRefusal) -> LogIndex? {
        guard let text = request.query[name] else { return nil }
        guard let number = UInt64(text), number > 0 else { throw .badValue("index", text, expected: "\(name)= and a log index from 1 on") }
        return LogIndex(number)
    }

    private static func require(_ index: LogIndex, upTo applied: LogIndex) throws(QueryRefusal) {
        guard index > applied else { return }
        throw beyondLog(index, applied)
    }

    static func beyondLog(_ index: LogIndex, _ applied: LogIndex) -> QueryRefusal {
        QueryRefusal(
            .notFound, cause: "The pool's log has not reached index \(index): it stands at \(applied).", cure: "Ask for \(applied) at most."
        )
    }

    private func span(from first: LogIndex, through last: LogIndex) async throws(QueryRefusal) -> PoolSpan {
        do throws(ArchiveRefusal) {
            return try await archive.span(from: first, through: last)
        } catch {
            throw Self.refusal(of: error, asking: first)
        }
    }

    /// Why the state at an index cannot be shown.
    static func refusal(of refusal: ArchiveRefusal, asking index: LogIndex) -> QueryRefusal {
        switch refusal {
        case .notKept(let first):
            var gone = QueryRefusal(
                .gone, cause: "The pool's state at index \(index) is no longer kept by this server: its past begins at \(first).",
                cure: "Ask for \(first) or later, or ask another server, which may keep more.")
            gone.problem.firstIndex = first.number
            return gone
        case .busy:
            var busy = QueryRefusal(
                .tooMany, cause: "This server is working out another past state of the pool.", cure: "Try again, or ask another server.")
            busy.retryAfterSeconds = QueryLimits.retryAfterSeconds
            return busy
        case .tooLong(let entries, let most):
            return QueryRefusal(
                .tooLarge, cause: "\(entries) entries would have to be replayed, and \(most) may be.", cure: "Ask for a shorter stretch.")
        case .unreadable(let message):
            return QueryRefusal(.internalError, cause: "The past cannot be read: \(message)", cure: "Ask another server of the pool.")
        }
    }
}

extension PoolDiffDocument {
    init(_ span: PoolSpan) throws(QueryRefusal) {
        let diff = try PoolDiff(span)
        self.init(
            from: span.before.appliedIndex.number, to: span.after.appliedIndex.number, fromTime: QueryTime(span.before.poolTime),
            toTime: QueryTime(span.after.poolTime), firstIndex: span.firstKept.number, objectCount: diff.objectCount,
            objects: diff.objects)
    }
}
