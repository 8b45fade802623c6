/// A join token that was just created: the only answer that ever holds its text (`POST /v1/tokens`).
package struct TokenCreatedDocument: Codable, Hashable, Sendable {
    package var id: UInt64
    /// The text that `ovm pool join` takes; see `JoinTokenText`. It is a secret.
    package var token: String
    /// Of `vm`, `utility`.
    package var roles: [String]
    package var expiresAt: QueryTime

    package init(id: UInt64, token: String, roles: [String], expiresAt: QueryTime) {
        self.id = id
        self.token = token
        self.roles = roles
        self.expiresAt = expiresAt
    }
}

/// A join token as it is listed, without its secret.
package struct TokenDocument: Codable, Hashable, Sendable {
    package var id: UInt64
    /// Of `vm`, `utility`.
    package var roles: [String]
    package var expiresAt: QueryTime
    /// `unused`, `used`, `revoked` or `expired`.
    package var status: String
    /// The name of the server that joined with it; absent when none did.
    package var usedBy: String?
    /// Such as `operator admin`.
    package var createdBy: String

    package init(id: UInt64, roles: [String], expiresAt: QueryTime, status: String, usedBy: String?, createdBy: String) {
        self.id = id
        self.roles = roles
        self.expiresAt = expiresAt
        self.status = status
        self.usedBy = usedBy
        self.createdBy = createdBy
    }
}

/// All join tokens, the oldest first (`GET /v1/tokens`).
package struct TokenListDocument: PagedDocument, Hashable {
    package var tokens: [TokenDocument]
    /// For `after`, where more follow.
    package var next: String?

    package init(tokens: [TokenDocument], next: String? = nil) {
        self.tokens = tokens
        self.next = next
    }

    package mutating func append(_ page: TokenListDocument) {
        tokens += page.tokens
        next = page.next
    }
}
