import AgentCore
import AgentPorts
import PoolModel
import PoolStateMachine
import QueryModel

extension QueryService {
    func migrateMachine(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let body = try await request.body()
        let wanted = body.isEmpty ? MigrateMachineRequest() : try RequestDocumentReading.read(MigrateMachineRequest.self, from: body)
        if let bandwidth = wanted.bandwidthMiB { try Self.check(bandwidth, "bandwidthMiB", 1...MigrationWish.mostBandwidth) }
        let machine = try await machineID(request)
        var target: ServerID?
        if let name = wanted.server {
            target = try await look(request, .linearizable) { state, _ throws(QueryRefusal) in try state.server(atPath: name).id }.document
        }
        return try await beginTask(
            .migrateMachine(machine, MigrationWish(target: target, bandwidth: wanted.bandwidthMiB)), for: request, body: body)
    }

    /// What a migration would come to now. Nothing is changed.
    func checkMigration(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        try await answer(request) { state, _ throws(QueryRefusal) in
            let machine = try state.machine(atPath: request.parameter("name"))
            let target = try request.query["server"].map { (name) throws(QueryRefusal) in try state.server(atPath: name).id }
            guard let outlook = state.migrationOutlook(of: machine, to: target), let placement = machine.placement else {
                throw QueryRefusal(
                    PoolRefusal(
                        .machineStateForbids,
                        "Virtual machine \(machine.name) runs nowhere: it is \(machine.status.rawValue). Start it where it is wanted."))
            }
            let explanation = ExplanationDocument(machine, outlook.decision)
            return MigrationCheckDocument(
                machine: machine.name.text, from: state.name(of: placement.server), chosen: explanation.chosen, isLive: outlook.isLive,
                obstacle: state.allowedOperations(of: machine).contains(.migrate)
                    ? nil : "Virtual machine \(machine.name) is \(machine.status.rawValue): only a running one can move.",
                servers: explanation.servers)
        }
    }
}
