import NIOHTTP1
package import QueryModel

/// What a start or stop came to at once.
package enum TaskOrMachine: Hashable, Sendable {
    /// It has begun; wait for the task.
    case begun(TaskDocument)
    /// What was asked for was so already.
    case already(MachineDocument)
}

extension PoolClient {
    /// All virtual machines, by name.
    package func machines() async throws(ClientError) -> MachineListDocument { try await readAll(MachineListDocument.self, "/v1/vms") }

    /// The virtual machines of a pattern of names, and with a tag (`KEY` or `KEY=VALUE`), by name.
    package func machines(name: String?, tag: String?) async throws(ClientError) -> MachineListDocument {
        let query = [name.map { "name=\(Self.escaped($0))" }, tag.map { "tag=\(Self.escaped($0))" }].compactMap { $0 }
        return try await readAll(MachineListDocument.self, "/v1/vms" + (query.isEmpty ? "" : "?" + query.joined(separator: "&")))
    }

    /// A virtual machine with its configuration.
    package func machine(_ name: String) async throws(ClientError) -> MachineDocument {
        try await read(MachineDocument.self, Self.path(name))
    }

    package func createMachine(_ request: CreateMachineRequest) async throws(ClientError) -> MachineCreatedDocument {
        try await write(MachineCreatedDocument.self, .POST, "/v1/vms", request)
    }

    package func changeMachine(_ name: String, _ request: ChangeMachineRequest) async throws(ClientError) -> MachineDocument {
        try await write(MachineDocument.self, .PATCH, Self.path(name), request)
    }

    package func deleteMachine(_ name: String) async throws(ClientError) {
        _ = try await write(DoneDocument.self, .DELETE, Self.path(name))
    }

    package func startMachine(_ name: String) async throws(ClientError) -> TaskOrMachine {
        try await begin(.keyed(.POST, Self.path(name) + "/start", reason: reason))
    }

    /// - Parameters:
    ///   - force: destroys the domain instead of asking the guest, unless there is a timeout.
    ///   - timeoutSeconds: asks the guest, and destroys the domain when it has not ended by then.
    package func stopMachine(_ name: String, force: Bool = false, timeoutSeconds: Int? = nil) async throws(ClientError) -> TaskOrMachine {
        let body = try Self.encode(StopMachineRequest(force: force, timeoutSeconds: timeoutSeconds))
        return try await begin(.keyed(.POST, Self.path(name) + "/stop", body: body, reason: reason))
    }

    /// As a stop; then it is started anew on the same server.
    package func rebootMachine(_ name: String, force: Bool = false, timeoutSeconds: Int? = nil) async throws(ClientError) -> TaskOrMachine {
        let body = try Self.encode(StopMachineRequest(force: force, timeoutSeconds: timeoutSeconds))
        return try await begin(.keyed(.POST, Self.path(name) + "/reboot", body: body, reason: reason))
    }

    package func pauseMachine(_ name: String) async throws(ClientError) -> TaskOrMachine {
        try await begin(.keyed(.POST, Self.path(name) + "/pause", reason: reason))
    }

    package func unpauseMachine(_ name: String) async throws(ClientError) -> TaskOrMachine {
        try await begin(.keyed(.POST, Self.path(name) + "/unpause", reason: reason))
    }

    package func resetMachineStatus(_ name: String) async throws(ClientError) -> MachineDocument {
        try await write(MachineDocument.self, .POST, Self.path(name) + "/reset-status")
    }

    /// Its tags whose key begins with `prefix`, by key.
    package func tags(of name: String, prefix: String? = nil) async throws(ClientError) -> TagListDocument {
        let suffix = prefix.map { "?prefix=\(Self.escaped($0))" } ?? ""
        return try await readAll(TagListDocument.self, Self.path(name) + "/tags" + suffix)
    }

    package func tag(_ key: String, of name: String) async throws(ClientError) -> TagDocument {
        try await read(TagDocument.self, Self.path(name, tag: key))
    }

    package func putTag(_ key: String, _ value: String, on name: String) async throws(ClientError) -> TagDocument {
        try await write(TagDocument.self, .PUT, Self.path(name, tag: key), value)
    }

    package func deleteTag(_ key: String, of name: String) async throws(ClientError) {
        _ = try await write(DoneDocument.self, .DELETE, Self.path(name, tag: key))
    }

    /// 202 tells of a task, 200 of a machine that needs none.
    private func begin(_ request: ClientRequest) async throws(ClientError) -> TaskOrMachine {
        let response = try await query.send(request)
        if response.status == 202 { return .begun(try Self.decodeWritten(TaskBegunDocument.self, from: response).task) }
        return .already(try Self.decodeWritten(MachineDocument.self, from: response))
    }

    private static func path(_ name: String) -> String { "/v1/vms/\(escaped(name))" }

    /// A slash within a key is a slash of the path.
    private static func path(_ name: String, tag key: String) -> String {
        let segments = key.split(separator: "/", omittingEmptySubsequences: false).map { escaped(String($0)) }
        return path(name) + "/tags/" + segments.joined(separator: "/")
    }
}
