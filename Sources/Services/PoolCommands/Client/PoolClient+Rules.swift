import NIOHTTP1
package import QueryModel

extension PoolClient {
    /// All rules between virtual machines, by name.
    package func rules() async throws(ClientError) -> RuleListDocument { try await readAll(RuleListDocument.self, "/v1/rules") }

    /// A rule with its members.
    package func rule(_ name: String) async throws(ClientError) -> RuleDocument {
        try await read(RuleDocument.self, "/v1/rules/\(Self.escaped(name))")
    }

    package func createRule(_ request: CreateRuleRequest) async throws(ClientError) -> RuleDocument {
        try await write(RuleDocument.self, .POST, "/v1/rules", request)
    }

    package func changeRule(_ name: String, _ request: ChangeRuleRequest) async throws(ClientError) -> RuleDocument {
        try await write(RuleDocument.self, .PATCH, "/v1/rules/\(Self.escaped(name))", request)
    }

    package func deleteRule(_ name: String) async throws(ClientError) {
        _ = try await write(DoneDocument.self, .DELETE, "/v1/rules/\(Self.escaped(name))")
    }

    /// Where a start would place a virtual machine, and why.
    ///
    /// - Parameters:
    ///   - memoryMiB: what if it had this much memory; nil for its own.
    ///   - virtualCPUs: what if it had so many virtual CPUs; nil for its own.
    ///   - without: what if these servers were gone.
    package func explain(
        _ name: String, memoryMiB: Int? = nil, virtualCPUs: Int? = nil, without: [String] = []
    ) async throws(ClientError) -> ExplanationDocument {
        var query: [String] = []
        if let memoryMiB { query.append("memoryMiB=\(memoryMiB)") }
        if let virtualCPUs { query.append("virtualCPUs=\(virtualCPUs)") }
        if !without.isEmpty { query.append("without=\(without.map(Self.escaped).joined(separator: ","))") }
        let suffix = query.isEmpty ? "" : "?" + query.joined(separator: "&")
        return try await read(ExplanationDocument.self, "/v1/vms/\(Self.escaped(name))/explain" + suffix)
    }

    /// The same for a virtual machine that does not exist yet.
    package func explain(_ request: ExplainRequest) async throws(ClientError) -> ExplanationDocument {
        let body = try Self.encode(request)
        return try Self.decode(
            ExplanationDocument.self, from: try await query.send(ClientRequest(.POST, "/v1/explain", body: body, isRepeatable: true)))
    }
}
