import AgentCore
import AgentPorts
import ConsoleStreams
import PoolModel
import PoolStateMachine
import QueryModel

extension QueryService {
    func openConsole(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply { try await openSocket(.text, request) }

    func openDisplay(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply { try await openSocket(.display, request) }

    func showConsoleLog(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let stream = try await open(.log, request)
        var bytes: [UInt8] = []
        do throws(ConsoleFailure) {
            while let piece = try await stream.read() {
                bytes += piece
                if bytes.count > ConsoleLimits.logBytes { bytes.removeFirst(bytes.count - ConsoleLimits.logBytes) }
            }
        } catch {
            throw QueryRefusal(error)
        }
        // The guest's own words: no browser may take them for a page.
        var reply = QueryReply.text(String(decoding: bytes, as: UTF8.self))
        reply.headers += [QueryReply.Header("X-Content-Type-Options", "nosniff"), QueryReply.Header("Cache-Control", "no-store")]
        return reply
    }

    private func openSocket(_ kind: ConsoleKind, _ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let opening = try WebSocketOpening(request)
        let seat = try await keepConsoleSeat(for: try await caller(of: request))
        let stream = try await open(kind, request)
        let session = ConsoleSession(service: self, request: request, opening: opening, stream: stream, seat: seat)
        return QueryReply(status: 101, headers: [], content: .console(session))
    }

    /// Opens a console where the machine is, and notes in the pool's log who did. What cannot be noted is not shown.
    private func open(_ kind: ConsoleKind, _ request: QueryRequest) async throws(QueryRefusal) -> any ConsoleStream {
        let caller = try await caller(of: request)
        let (wanted, server) = try await look(request, .linearizable) { state, _ throws(QueryRefusal) in
            let machine = try state.machine(atPath: request.parameter("name"))
            // The state machine says so as well, where the opening is noted; but then a console would be open already.
            guard case .operator(_, _, let role) = caller, role.rawValue >= OperatorRole.user.rawValue else {
                throw QueryRefusal(.forbidden, cause: "\(caller.principal) may not do this.", cure: Self.cureOfForbidden)
            }
            guard let placement = machine.placement else { throw Self.withoutConsole(machine) }
            let principal = String(decoding: caller.principal.description.utf8.prefix(ConsoleLimits.principalBytes), as: UTF8.self)
            let wanted = ConsoleRequest(kind, of: machine.id, name: machine.name, epoch: placement.epoch, principal: principal)
            return (wanted, placement.server)
        }.document
        let stream: any ConsoleStream
        do {
            stream = try await consoles.open(wanted, on: server)
        } catch {
            throw QueryRefusal(error)
        }
        do throws(QueryRefusal) {
            _ = try await write(
                .openConsole(wanted.machine, epoch: wanted.epoch, kind), principal: caller.principal, for: request, body: [])
            return stream
        } catch {
            stream.close(nil)
            throw error
        }
    }

    static let cureOfForbidden = "Ask with a credential whose role allows it."

    static func withoutConsole(_ machine: VirtualMachine) -> QueryRefusal { withoutConsole(machine.name.text, machine.status.rawValue) }

    static func withoutConsole(_ name: String, _ status: String) -> QueryRefusal {
        QueryRefusal(.conflict, cause: "Virtual machine \(name) is \(status) and has no console.", cure: "Start it, then ask again.")
    }

    /// Keeps a seat for a console of the caller.
    private func keepConsoleSeat(for caller: Caller) async throws(QueryRefusal) -> EventStreamSeats.Ticket {
        let cause: String
        switch await consoleSeats.keep(for: caller.payer, at: clock.now().monotonic) {
        case .kept(let ticket): return ticket
        case .tooManyOfYours: cause = "You look at \(QueryLimits.consolesOfPrincipal) consoles through this server, the most at a time."
        case .full: cause = "This server has no room for more consoles than \(QueryLimits.consoles)."
        }
        var refusal = QueryRefusal(.tooMany, cause: cause, cure: "Close one, ask another member, or try again later.")
        refusal.retryAfterSeconds = QueryLimits.eventStreamRetrySeconds
        throw refusal
    }
}

extension QueryRefusal {
    /// Why a console is not shown.
    init(_ failure: ConsoleFailure) {
        let kind: ProblemKind =
            switch failure {
            case .notRunning, .noConsole, .noLog: .conflict
            case .tooMany: .tooMany
            case .notAllowed: .forbidden
            case .lost: .consoleUnreachable
            }
        self.init(kind, cause: failure.cause, cure: failure.cure)
    }
}

/// Where no agent shows consoles.
struct NoConsoles: ConsoleGateway {
    func open(_ request: ConsoleRequest, on server: ServerID) async throws(ConsoleFailure) -> any ConsoleStream {
        throw .noConsole(cause: "This agent shows no consoles.")
    }
}
