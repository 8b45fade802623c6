import AgentCore
import AgentPorts
import PoolModel
import PoolStateMachine
import QueryModel

extension QueryService {
    func explainMachine(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let memory = try Self.number(request, "memoryMiB").map { (count) throws(QueryRefusal) in try Self.memory(count, "memoryMiB") }
        let virtualCPUs = try Self.number(request, "virtualCPUs")
        if let virtualCPUs { try Self.check(virtualCPUs, "virtualCPUs", 1...PoolLimits.virtualCPUs) }
        let without = request.query["without"].map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) } ?? []
        return try await answer(request) { state, _ throws(QueryRefusal) in
            let machine = try state.machine(atPath: request.parameter("name"))
            let decision = state.decidePlacement(
                for: machine, without: try state.servers(named: without), memory: memory, virtualCPUs: virtualCPUs)
            return ExplanationDocument(machine, decision)
        }
    }

    /// Explains a machine that there is not: the decision is the same function's as for one that there is.
    func explainConfiguration(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let wanted = try RequestDocumentReading.read(ExplainRequest.self, from: try await request.body())
        let read = try MachineReading(CreateMachineRequest(configuration: wanted.configuration, name: wanted.name))
        let memory = try wanted.memoryMiB.map { (count) throws(QueryRefusal) in try Self.memory(count, "memoryMiB") }
        if let count = wanted.virtualCPUs { try Self.check(count, "virtualCPUs", 1...PoolLimits.virtualCPUs) }
        for names in [wanted.preferredServers, wanted.without] {
            try Self.check(names?.count ?? 0, "number of servers", 0...PoolLimits.servers)
        }
        let tags = try Self.selectors(wanted.tags ?? [], most: QueryLimits.explainedTags)
        return try await answer(request) { state, _ throws(QueryRefusal) in
            let definition = MachineDefinition(
                name: read.name, uuid: read.uuid, configuration: "", requirements: read.requirements,
                preferredServers: try state.servers(named: wanted.preferredServers ?? []))
            // A machine of this name does not compete with itself, and keeps its tags; 0 is no machine's number.
            let known = state.machine(named: read.name)
            var machine = VirtualMachine(id: known?.id ?? VirtualMachineID(0), definition)
            machine.tags = known?.tags ?? [:]
            for tag in tags { machine.tags[tag.key] = tag.value ?? "" }
            let decision = state.decidePlacement(
                for: machine, without: try state.servers(named: wanted.without ?? []), memory: memory, virtualCPUs: wanted.virtualCPUs)
            return ExplanationDocument(machine, decision)
        }
    }

    private static func number(_ request: QueryRequest, _ name: String) throws(QueryRefusal) -> Int? {
        guard let text = request.query[name] else { return nil }
        guard let count = Int(text) else { throw .badValue(name, text, expected: "a whole number") }
        return count
    }
}
