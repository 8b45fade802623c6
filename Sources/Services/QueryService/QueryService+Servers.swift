import AgentCore
import AgentPorts
import PoolModel
import PoolStateMachine
import QueryModel

extension QueryService {
    func listServers(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let page = try ListPage(request, expected: "a server's name") { ServerName($0) }
        return try await answerAside(request) { state, context throws(QueryRefusal) in
            let (servers, next) = page.cut(state.activeServers) { $0.name }
            return ServerListDocument(
                servers: servers.map { ServerDocument($0, state, master: context.mastership.master) }, next: next?.text)
        }
    }

    func showServer(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let consistency = try Self.consistency(of: request)
        let read = try await look(request, consistency, Self.sight(of: request))
        return reply(read.document.document, read, consistency)
    }

    func changeMaintenance(_ request: QueryRequest, isOn: Bool) async throws(QueryRefusal) -> QueryReply {
        let server = try await serverID(request)
        _ = try await write(.maintenance(server: server, isOn: isOn), for: request)
        let read = try await lookAnonymously(.stale, about: request.subject, Self.sight(of: request))
        return reply(read.document.document, read)
    }

    private static func sight(of request: QueryRequest) -> View<ServerSight> {
        let name = request.parameter("name")
        return { state, context throws(QueryRefusal) in
            ServerSight(server: try state.server(atPath: name), state: state, master: context.mastership.master)
        }
    }

    func removeServer(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let server = try await serverID(request)
        return try await write(.removeServer(server), for: request) { _, _ throws(QueryRefusal) in DoneDocument() }
    }

    private func serverID(_ request: QueryRequest) async throws(QueryRefusal) -> ServerID {
        try await look(request, .linearizable) { state, _ throws(QueryRefusal) in
            do throws(QueryRefusal) {
                return try state.server(atPath: request.parameter("name")).id
            } catch {
                // As with machines: a key that is sent again finds what its first sending came to.
                guard request.hasIdempotencyKey else { throw error }
                return ServerID(.max)
            }
        }.document
    }
}
