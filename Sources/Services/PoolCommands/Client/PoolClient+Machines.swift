import NIOHTTP1
package import QueryModel

extension PoolClient {
    /// All virtual machines, by name.
    package func machines() async throws(ClientError) -> MachineListDocument { try await readAll(MachineListDocument.self, "/v1/vms") }

    /// The virtual machines of a pattern of names, with a tag (`KEY` or `KEY=VALUE`), in a status, on a server, by name; nil means any.
    package func machines(
        name: String?, tag: String?, status: String? = nil, server: String? = nil
    ) async throws(ClientError) -> MachineListDocument {
        let values = [("name", name), ("tag", tag), ("status", status), ("server", server)]
        let query = values.compactMap { name, value in value.map { "\(name)=\(Self.escaped($0))" } }
        return try await readAll(MachineListDocument.self, "/v1/vms" + (query.isEmpty ? "" : "?" + query.joined(separator: "&")))
    }

    /// A virtual machine with its configuration.
    package func machine(_ name: String) async throws(ClientError) -> MachineDocument {
        try await read(MachineDocument.self, Self.path(name))
    }

    package func createMachine(_ request: CreateMachineRequest) async throws(ClientError) -> MachineCreatedDocument {
        try await write(MachineCreatedDocument.self, .POST, "/v1/vms", request)
    }

    /// Changes a machine.
    ///
    /// - Returns: the machine, with the task that changes its size, where it runs.
    package func changeMachine(
        _ name: String, _ request: ChangeMachineRequest
    ) async throws(ClientError) -> (machine: MachineDocument, task: UInt64?) {
        try await change(.keyed(.PATCH, Self.path(name), body: try Self.encode(request), reason: reason))
    }

    /// - Returns: the machine, with the task that the change began.
    func change(_ request: ClientRequest) async throws(ClientError) -> (machine: MachineDocument, task: UInt64?) {
        let response = try await query.send(request)
        let machine = try Self.decodeWritten(MachineDocument.self, from: response)
        // The machine may have a task that has no part in this: only 202 tells of one that this change began.
        guard response.status == 202 else { return (machine, nil) }
        return (machine, response.headers.first(name: "Location")?.split(separator: "/").last.flatMap { UInt64($0) })
    }

    package func deleteMachine(_ name: String) async throws(ClientError) {
        _ = try await write(DoneDocument.self, .DELETE, Self.path(name))
    }

    package func startMachine(_ name: String) async throws(ClientError) -> TaskDocument {
        try await begin(.keyed(.POST, Self.path(name) + "/start", reason: reason))
    }

    /// - Parameters:
    ///   - force: destroys the domain instead of asking the guest, unless there is a timeout.
    ///   - timeoutSeconds: asks the guest, and destroys the domain when it has not ended by then.
    package func stopMachine(_ name: String, force: Bool = false, timeoutSeconds: Int? = nil) async throws(ClientError) -> TaskDocument {
        let body = try Self.encode(StopMachineRequest(force: force, timeoutSeconds: timeoutSeconds))
        return try await begin(.keyed(.POST, Self.path(name) + "/stop", body: body, reason: reason))
    }

    /// As a stop; then it is started anew on the same server.
    package func rebootMachine(_ name: String, force: Bool = false, timeoutSeconds: Int? = nil) async throws(ClientError) -> TaskDocument {
        let body = try Self.encode(StopMachineRequest(force: force, timeoutSeconds: timeoutSeconds))
        return try await begin(.keyed(.POST, Self.path(name) + "/reboot", body: body, reason: reason))
    }

    package func pauseMachine(_ name: String) async throws(ClientError) -> TaskDocument {
        try await begin(.keyed(.POST, Self.path(name) + "/pause", reason: reason))
    }

    package func unpauseMachine(_ name: String) async throws(ClientError) -> TaskDocument {
        try await begin(.keyed(.POST, Self.path(name) + "/unpause", reason: reason))
    }

    package func suspendMachine(_ name: String) async throws(ClientError) -> TaskDocument {
        try await begin(.keyed(.POST, Self.path(name) + "/suspend", reason: reason))
    }

    package func resumeMachine(_ name: String) async throws(ClientError) -> TaskDocument {
        try await begin(.keyed(.POST, Self.path(name) + "/resume", reason: reason))
    }

    /// - Parameters:
    ///   - server: where to; nil: where placement chooses.
    ///   - bandwidthMiB: at most so many MiB a second.
    package func migrateMachine(_ name: String, to server: String?, bandwidthMiB: Int?) async throws(ClientError) -> TaskDocument {
        let body = try Self.encode(MigrateMachineRequest(server: server, bandwidthMiB: bandwidthMiB))
        return try await begin(.keyed(.POST, Self.path(name) + "/migrate", body: body, reason: reason))
    }

    /// Whether it could move, and what hinders it.
    package func checkMigration(of name: String, to server: String?) async throws(ClientError) -> MigrationCheckDocument {
        let suffix = server.map { "?server=\(Self.escaped($0))" } ?? ""
        return try await read(MigrationCheckDocument.self, Self.path(name) + "/migration" + suffix)
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

    private func begin(_ request: ClientRequest) async throws(ClientError) -> TaskDocument {
        try Self.decodeWritten(TaskBegunDocument.self, from: try await query.send(request)).task
    }

    static func path(_ name: String) -> String { "/v1/vms/\(escaped(name))" }

    /// A slash within a key is a slash of the path.
    private static func path(_ name: String, tag key: String) -> String {
        let segments = key.split(separator: "/", omittingEmptySubsequences: false).map { escaped(String($0)) }
        return path(name) + "/tags/" + segments.joined(separator: "/")
    }
}
