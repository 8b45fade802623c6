import PoolModel
import PoolStateMachine
import QueryModel

/// Which virtual machines a list asks for: by a pattern of names, a tag, a status, a server, or all of these.
struct MachineSelection: Sendable {
    private let pattern: NamePattern?
    private let tag: TagSelector?
    private let status: MachineStatus?
    private let server: ServerName?

    init(_ request: QueryRequest) throws(QueryRefusal) {
        pattern = request.query["name"].map { NamePattern($0) }
        tag = try request.query["tag"].map { (text) throws(QueryRefusal) in
            guard let selector = TagSelector(text) else { throw .badValue("tag", text, expected: "KEY or KEY=VALUE") }
            return selector
        }
        status = try request.query["status"].map { (text) throws(QueryRefusal) in
            let words = MachineStatus.allCases.map(\.rawValue).joined(separator: ", ")
            guard let status = MachineStatus(rawValue: text) else { throw .badValue("status", text, expected: "one of \(words)") }
            return status
        }
        server = try request.query["server"].map { (text) throws(QueryRefusal) in
            guard let name = ServerName(text) else { throw .badValue("server", text, expected: "a server's name") }
            return name
        }
    }

    /// Those that are selected, in no order.
    func machines(of state: PoolState) throws(QueryRefusal) -> [VirtualMachine] {
        guard let server else { return state.machines.values.filter { includes($0) } }
        let id = try state.server(atPath: server.text).id
        return state.machines(on: id).compactMap { state.machines[$0] }.filter { includes($0) }
    }

    private func includes(_ machine: VirtualMachine) -> Bool {
        if let pattern, !pattern.matches(machine.name.text) { return false }
        if let status, machine.status != status { return false }
        guard let tag else { return true }
        guard let value = machine.tags[tag.key] else { return false }
        return tag.value == nil || tag.value == value
    }
}
