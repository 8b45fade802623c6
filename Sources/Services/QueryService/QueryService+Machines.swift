import AgentCore
import AgentPorts
import DomainConfiguration
import PoolModel
import PoolStateMachine
import QueryModel

extension QueryService {
    func listMachines(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let page = try ListPage(request, expected: "a virtual machine's name") { VirtualMachineName($0) }
        let selection = try MachineSelection(request)
        return try await answerAside(request) { state, _ throws(QueryRefusal) in
            let (machines, next) = page.cut(try selection.machines(of: state)) { $0.name }
            return MachineListDocument(machines: machines.map { MachineDocument($0, state, isComplete: false) }, next: next?.text)
        }
    }

    func showMachine(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        try await answer(request) { state, _ throws(QueryRefusal) in
            completeDocument(of: try state.machine(atPath: request.parameter("name")), state)
        }
    }

    func createMachine(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let body = try await request.body()
        let wanted = try RequestDocumentReading.read(CreateMachineRequest.self, from: body)
        let read = try MachineReading(wanted)
        let preferred = try await preferredServers(wanted.preferredServers ?? [], request)
        let definition = MachineDefinition(
            name: read.name, uuid: read.uuid, configuration: wanted.configuration, requirements: read.requirements,
            preferredServers: preferred, configuredName: read.configuredName)
        // A repeated request reads the machine that its first sending made: by its name, as the UUID may be another one now.
        let path = "/v1/vms/\(PercentText.encode(read.name.text))"
        let written = try await write(.createMachine(definition), for: request, body: body)
        let made = try await lookAfter(written) { state, _ throws(QueryRefusal) in
            let machine = try state.machine(atPath: read.name.text)
            let warnings = read.configuration.adding(review.warnings(for: read.configuration, of: machine, state)).warnings
            return MachineCreatedDocument(
                machine: completeDocument(of: machine, state), warnings: warnings.map { ConfigurationWarningDocument($0) })
        }
        return .json(
            Answered(made.document, answer: made.answer), status: 201,
            headers: [QueryReply.Header("Location", path)] + QueryReply.headers(of: made.answer))
    }

    func changeMachine(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let body = try await request.body()
        let wanted = try RequestDocumentReading.read(ChangeMachineRequest.self, from: body)
        let memory = try wanted.memoryMiB.map { (count) throws(QueryRefusal) in try Self.memory(count, "memoryMiB") }
        if let count = wanted.virtualCPUs { try Self.check(count, "virtualCPUs", 1...PoolLimits.virtualCPUs) }
        let preferred = try await wanted.preferredServers.asyncMap { (names) throws(QueryRefusal) in
            try await preferredServers(names, request)
        }
        let change = MachineChange(
            memory: memory, virtualCPUs: wanted.virtualCPUs, preferredServers: preferred,
            addedRules: try await rules(wanted.addRules ?? [], request), removedRules: try await rules(wanted.removeRules ?? [], request))
        let machine = try await machineID(request)
        let written = try await write(.changeMachine(machine, change), for: request, body: body)
        let read = try await lookAfter(written, about: request.subject) { state, _ throws(QueryRefusal) in
            completeDocument(of: try state.machine(atPath: request.parameter("name")), state)
        }
        guard case .task(let task) = written.result else { return reply(read.document, read) }
        return reply(read.document, read, status: 202, headers: [QueryReply.Header("Location", "/v1/tasks/\(task)")])
    }

    func deleteMachine(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let machine = try await machineID(request)
        return try await write(.deleteMachine(machine), for: request) { _, _ throws(QueryRefusal) in DoneDocument() }
    }

    /// The machine that the path names, by the newest committed state.
    func machineID(_ request: QueryRequest) async throws(QueryRefusal) -> VirtualMachineID {
        try await look(request, .linearizable) { state, _ throws(QueryRefusal) in
            do throws(QueryRefusal) {
                return try state.machine(atPath: request.parameter("name")).id
            } catch {
                // A request sent again may find that its first sending has deleted the machine. Its key finds what that came to;
                // should it find nothing, the state machine refuses an identifier that it has never given.
                guard request.hasIdempotencyKey else { throw error }
                return VirtualMachineID(0)
            }
        }.document
    }

    private func preferredServers(_ names: [String], _ request: QueryRequest) async throws(QueryRefusal) -> [ServerID] {
        try Self.check(names.count, "number of preferred servers", 0...PoolLimits.servers)
        guard !names.isEmpty else { return [] }
        return try await look(request, .linearizable) { state, _ throws(QueryRefusal) in try state.servers(named: names) }.document
    }

    private func rules(_ names: [String], _ request: QueryRequest) async throws(QueryRefusal) -> [RuleID] {
        try Self.check(names.count, "number of rules", 0...PoolLimits.rulesPerChange)
        guard !names.isEmpty else { return [] }
        return try await look(request, .linearizable) { state, _ throws(QueryRefusal) in
            var found: [RuleID] = []
            for name in names { found.append(try state.rule(atPath: name).id) }
            return found
        }.document
    }

    /// A number of MiB within the pool's bounds; the type itself would end the process on a negative one.
    static func memory(_ count: Int, _ what: String) throws(QueryRefusal) -> Mebibytes {
        try check(count, what, 1...PoolLimits.memoryMebibytes)
        return Mebibytes(count)
    }

    static func check(_ value: Int, _ what: String, _ range: ClosedRange<Int>) throws(QueryRefusal) {
        guard range.contains(value) else {
            throw QueryRefusal(
                .badRequest, cause: "The \(what) is \(value), which is out of range.",
                cure: "Give \(range.lowerBound) to \(range.upperBound).")
        }
    }
}

extension Optional {
    /// `map` for what must wait.
    fileprivate func asyncMap<Result, Failure: Error>(
        _ transform: (Wrapped) async throws(Failure) -> Result
    ) async throws(Failure) -> Result? {
        guard let self else { return nil }
        return try await transform(self)
    }
}
