import NIOHTTP1
package import QueryModel

extension PoolClient {
    /// Who the Server Pool Master is.
    package func master() async throws(ClientError) -> Answered<MasterDocument> {
        try await read(Answered<MasterDocument>.self, "/v1/master")
    }

    /// The pool as a whole.
    package func pool() async throws(ClientError) -> Answered<PoolDocument> {
        try await read(Answered<PoolDocument>.self, "/v1/pool")
    }

    /// The pool-wide settings.
    package func settings() async throws(ClientError) -> PoolSettingsDocument {
        try await read(PoolSettingsDocument.self, "/v1/pool/settings")
    }

    /// Changes pool-wide settings.
    ///
    /// - Parameter expected: the index of the last change that the caller knows; refused where there has been another. Nil for any.
    package func changeSettings(
        _ request: ChangeSettingsRequest, expected: UInt64? = nil
    ) async throws(ClientError) -> PoolSettingsDocument {
        let body = try Self.encode(request)
        let response = try await query.send(.keyed(.PATCH, "/v1/pool/settings", body: body, reason: reason, expected: expected))
        return try Self.decodeWritten(PoolSettingsDocument.self, from: response)
    }

    /// What there is to watch on the server that answers, in Prometheus' text format.
    package func metrics() async throws(ClientError) -> String {
        String(decoding: try await query.send(ClientRequest(.GET, "/metrics")).body, as: UTF8.self)
    }

    /// The pool with its servers, virtual machines, rules and tags, at one index of its log or now; all pages of it.
    package func poolState(at index: UInt64?) async throws(ClientError) -> Answered<PoolStateDocument> {
        var answered = try await read(Answered<PoolStateDocument>.self, "/v1/pool/state" + (index.map { "?at=\($0)" } ?? ""))
        // What follows names the index itself.
        try await follow(&answered.document, "/v1/pool/state")
        return answered
    }

    /// What changed between two indexes of the log; nil for the present one.
    package func poolDiff(from first: UInt64, to last: UInt64?) async throws(ClientError) -> Answered<PoolDiffDocument> {
        try await read(Answered<PoolDiffDocument>.self, "/v1/pool/diff?from=\(first)" + (last.map { "&to=\($0)" } ?? ""))
    }

    /// All servers, by name.
    package func servers() async throws(ClientError) -> ServerListDocument { try await readAll(ServerListDocument.self, "/v1/servers") }

    package func server(_ name: String) async throws(ClientError) -> ServerDocument {
        try await read(ServerDocument.self, "/v1/servers/\(Self.escaped(name))")
    }

    /// Takes a server into maintenance, or out of it.
    package func setMaintenance(_ isOn: Bool, of name: String) async throws(ClientError) -> ServerDocument {
        try await write(ServerDocument.self, isOn ? .PUT : .DELETE, "/v1/servers/\(Self.escaped(name))/maintenance")
    }

    package func removeServer(_ name: String) async throws(ClientError) {
        _ = try await write(DoneDocument.self, .DELETE, "/v1/servers/\(Self.escaped(name))")
    }

    /// All join tokens, without their secrets.
    package func tokens() async throws(ClientError) -> TokenListDocument { try await readAll(TokenListDocument.self, "/v1/tokens") }

    package func createToken(_ request: CreateTokenRequest) async throws(ClientError) -> TokenCreatedDocument {
        try await write(TokenCreatedDocument.self, .POST, "/v1/tokens", request)
    }

    package func revokeToken(_ id: UInt64) async throws(ClientError) {
        _ = try await write(DoneDocument.self, .DELETE, "/v1/tokens/\(id)")
    }

    /// Events after the index `since`, the oldest first, as many as go into one answer; nil begins with the oldest kept.
    ///
    /// - Parameters:
    ///   - limit: the most of them, 1 to 1,000.
    ///   - last: the newest so many instead, 1 to 1,000.
    package func events(
        since: UInt64? = nil, limit: Int? = nil, last: Int? = nil, filter: EventFilterText = EventFilterText()
    ) async throws(ClientError) -> EventListDocument {
        try await read(EventListDocument.self, "/v1/events" + filter.query(since: since, limit: limit, last: last))
    }
}
