import AgentCore
import AgentPorts
import DomainConfiguration
import PoolModel
import PoolStateMachine
import QueryModel

// Disks, CDs and interfaces of virtual machines.
extension QueryService {
    func attachDisk(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let body = try await request.body()
        let wanted = try RequestDocumentReading.read(AttachDiskRequest.self, from: body)
        return try await changeDevice(.attachDisk, .attachDisk(wanted.disk), request, body: body)
    }

    func detachDisk(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        try await changeDevice(.detachDisk, .detachDisk(request.parameter("device")), request, isForced: try Self.isForced(request))
    }

    func insertMedium(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let body = try await request.body()
        let wanted = try RequestDocumentReading.read(InsertMediumRequest.self, from: body)
        guard !wanted.path.isEmpty else { throw .badValue("path", "", expected: "the medium's path; DELETE leaves the drive empty") }
        return try await changeDevice(
            .insertMedium, .insertMedium(target: wanted.path, drive: request.parameter("device")), request, body: body)
    }

    func ejectMedium(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        try await changeDevice(.ejectMedium, .ejectMedium(drive: request.parameter("device")), request)
    }

    func attachInterface(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let body = try await request.body()
        let wanted = try RequestDocumentReading.read(AttachInterfaceRequest.self, from: body)
        return try await changeDevice(.attachInterface, .attachInterface(wanted.interface), request, body: body)
    }

    func detachInterface(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        try await changeDevice(
            .detachInterface, .detachInterface(request.parameter("interface")), request, isForced: try Self.isForced(request))
    }

    private static func isForced(_ request: QueryRequest) throws(QueryRefusal) -> Bool {
        switch request.query["force"] {
        case nil, "false": return false
        case "true": return true
        case .some(let text): throw .badValue("force", text, expected: "false or true")
        }
    }

    private func changeDevice(
        _ kind: DeviceChangeKind, _ edit: DeviceEdit, _ request: QueryRequest, body: [UInt8] = [], isForced: Bool = false
    ) async throws(QueryRefusal) -> QueryReply {
        let id = try await machineID(request)
        let machine = try await look(request, .linearizable) { state, _ throws(QueryRefusal) in state.machines[id] }.document
        let change: DeviceChange
        var refusal: QueryRefusal?
        do throws(QueryRefusal) {
            change = try Self.change(of: machine, kind, edit, isForced: isForced)
        } catch {
            // A request sent again may find that its first sending has done it. Its key finds what that came to; where it finds nothing,
            // the state machine refuses a change that was made of no text that there is.
            guard request.hasIdempotencyKey else { throw error }
            refusal = error
            change = Self.voidChange(of: machine, kind)
        }
        let written: Written
        do throws(QueryRefusal) {
            written = try await write(.changeDevice(id, change), for: request, body: body)
        } catch {
            if let refusal, error.problem.refusal == PoolRefusalType.changedMeanwhile.rawValue { throw refusal }
            throw error
        }
        let read = try await lookAfter(written, about: request.subject) { state, _ throws(QueryRefusal) in
            completeDocument(of: try state.machine(atPath: request.parameter("name")), state)
        }
        guard case .task(let task) = written.result else { return reply(read.document, read) }
        return reply(read.document, read, status: 202, headers: [QueryReply.Header("Location", "/v1/tasks/\(task)")])
    }

    /// The change that an edit comes to, made of the machine's present text.
    private static func change(
        of machine: VirtualMachine?, _ kind: DeviceChangeKind, _ edit: DeviceEdit, isForced: Bool
    ) throws(QueryRefusal) -> DeviceChange {
        guard let machine else {
            throw QueryRefusal(.notFound, cause: "There is no such virtual machine.", cure: "List them with GET /v1/vms.")
        }
        let edited: EditedConfiguration
        do throws(DeviceEditRefusal) {
            edited = try parse(machine.configuration).edited(by: edit, uuid: (machine.uuid.high, machine.uuid.low))
        } catch {
            throw QueryRefusal(error)
        }
        let requirements = try MachineReading.requirements(edited.settings)
        return DeviceChange(
            DeviceOperation(kind, device: edited.device, element: edited.element, isForced: isForced),
            basis: PoolState.digest(ofConfiguration: machine.configuration), configuration: edited.text,
            interfaces: requirements.interfaces, diskPaths: requirements.diskPaths)
    }

    private static func parse(_ text: String) throws(DeviceEditRefusal) -> DomainConfiguration {
        do throws(DomainConfigurationError) {
            return try DomainConfigurationText.parse(text, file: "vm.cfg")
        } catch {
            throw DeviceEditRefusal(
                kind: .malformed, cause: "The virtual machine's own configuration cannot be read: found \(error.found).",
                cure: "Create it anew from a text that says \(error.expected).")
        }
    }

    /// A change that is never applied.
    private static func voidChange(of machine: VirtualMachine?, _ kind: DeviceChangeKind) -> DeviceChange {
        DeviceChange(
            DeviceOperation(kind, device: "none", element: ""),
            basis: ~PoolState.digest(ofConfiguration: machine?.configuration ?? ""), configuration: "", interfaces: [], diskPaths: [])
    }
}

extension QueryRefusal {
    init(_ refusal: DeviceEditRefusal) {
        let kind: ProblemKind =
            switch refusal.kind {
            case .malformed: .badConfiguration
            case .taken: .conflict
            case .absent: .notFound
            }
        self.init(kind, cause: refusal.cause, cure: refusal.cure)
    }
}
