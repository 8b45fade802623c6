import AgentCore
package import AgentPorts
package import OpenSSLTransport
import PoolModel
import QueryModel

/// The master query port without its network: requests in, replies out.
package struct QueryService: Sendable {
    let gateway: any PoolGateway
    let archive: any PoolArchive
    let authority: CertificateAuthority
    let clock: any ClockPort
    let streams: EventStreamSeats
    let readyPatience: Duration
    let gates = ClientGates()
    let monitoring: QueryMonitoring
    let review: HypervisorReview
    let consoles: any ConsoleGateway
    let consoleSeats = EventStreamSeats(most: QueryLimits.consoles, mostOfPrincipal: QueryLimits.consolesOfPrincipal)
    let metrics: QueryMetrics
    let table = RouteTable(routes: QueryService.routes)

    /// - Parameters:
    ///   - gateway: reaches the pool through this server's agent.
    ///   - archive: what the pool was.
    ///   - authority: makes members of joiners.
    ///   - clock: what a joiner's clock is compared with, and time is measured by.
    ///   - readyPatience: how long finding out whether this server is up to date may take.
    ///   - monitoring: what counts requests, and what else `/metrics` shows.
    ///   - review: what of a vm.cfg a hypervisor does not carry out.
    ///   - consoles: reaches the consoles of machines; nil where this agent shows none.
    package init(
        gateway: any PoolGateway, archive: any PoolArchive, authority: CertificateAuthority, clock: any ClockPort,
        readyPatience: Duration = QueryLimits.readyPatience, monitoring: QueryMonitoring = .none, review: HypervisorReview = .none,
        consoles: (any ConsoleGateway)? = nil
    ) {
        self.gateway = gateway
        self.archive = archive
        self.authority = authority
        self.clock = clock
        self.readyPatience = readyPatience
        self.monitoring = monitoring
        self.review = review
        self.consoles = consoles ?? NoConsoles()
        metrics = QueryMetrics(monitoring.factory)
        streams = EventStreamSeats(most: QueryLimits.eventStreams, mostOfPrincipal: QueryLimits.eventStreamsOfPrincipal)
    }

    /// Answers a request; whatever goes wrong becomes a problem.
    package func reply(to request: QueryRequest) async -> QueryReply {
        let start = clock.now().monotonic
        metrics.began()
        var operation: String?
        let reply = await reply(to: request, noting: &operation)
        return metrics.ended(operation, with: reply, after: clock.now().monotonic - start)
    }

    /// - Parameter operation: becomes that of the route, once it is found.
    private func reply(to request: QueryRequest, noting operation: inout String?) async -> QueryReply {
        do {
            var routed = request
            let (route, parameters) = try table.find(request)
            operation = route.operation
            routed.parameters = parameters
            // Who may not ask at all is told so before a byte of the body is read.
            if route.access == .known { try await admit(try await caller(of: routed)) }
            routed.subject = QuerySubject(pattern: route.pattern, parameters: parameters)
            let reply = try await route.handler(self, routed)
            return try Self.unchanged(reply, for: routed) ?? reply
        } catch {
            return QueryReply(error)
        }
    }

    /// Who asks, as this server's own copy of the state knows them; where a command is applied it is checked again. Whom the copy
    /// does not know may be known to the pool: the agent may have started just now, or the credential be new.
    func caller(of request: QueryRequest) async throws(QueryRefusal) -> Caller {
        let credential = request.credential
        do throws(QueryRefusal) {
            return try await caller(showing: credential, .stale)
        } catch {
            guard error.problem.kind == .unauthenticated, credential != .nothing else { throw error }
            try await admitStranger(request)
            return try await caller(showing: credential, .linearizable)
        }
    }

    private func caller(showing credential: ShownCredential, _ consistency: ReadConsistency) async throws(QueryRefusal) -> Caller {
        let read = await gateway.read(consistency) { state, _ -> Result<Caller, QueryRefusal> in
            Result { () throws(QueryRefusal) in try state.caller(showing: credential) }
        }
        switch read {
        case .value(let result, _): return try result.get()
        case .refused(let cause, _): throw Self.noMaster(cause)
        }
    }

    static func noMaster(_ cause: String) -> QueryRefusal {
        var refusal = QueryRefusal(
            .noMaster, cause: sentence("The pool could not be asked: \(cause)"),
            cure: "Try again; if it goes on, look whether a majority of the servers runs.")
        refusal.retryAfterSeconds = QueryLimits.retryAfterSeconds
        return refusal
    }

    /// `text` with a full stop, should it lack one.
    static func sentence(_ text: String) -> String { text.hasSuffix(".") ? text : text + "." }
}
