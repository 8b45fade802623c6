/// Who asked for a command: the leader writes the authenticated sender into each entry.
package enum Principal: Hashable, Sendable, CustomStringConvertible {
    /// An operator by name, with the credential that was shown.
    case `operator`(name: String, credential: CredentialID)
    /// A server of the pool.
    case server(ServerID)
    /// Someone who holds a join token and is not a member yet.
    case joiner(TokenID)
    /// The Server Pool Master's own decisions (reachability, membership).
    case master(ServerID)

    /// `operator NAME`, `server 3`, `token 7`, `master 1`.
    package var description: String {
        switch self {
        case .operator(let name, _): "\(PrincipalKind.operator.rawValue) \(name)"
        case .server(let server): "\(PrincipalKind.server.rawValue) \(server)"
        case .joiner(let token): "\(PrincipalKind.token.rawValue) \(token)"
        case .master(let server): "\(PrincipalKind.master.rawValue) \(server)"
        }
    }
}

/// The word before a principal's name or number; stable, as events are filtered by it.
package enum PrincipalKind: String, Hashable, Sendable, CaseIterable {
    case `operator`
    case server
    /// A joiner, by its token.
    case token
    case master
}

/// Identifies an operator's credential; the log index of the command that made it.
package struct CredentialID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let number: UInt64

    package init(_ number: UInt64) { self.number = number }

    package static func < (left: CredentialID, right: CredentialID) -> Bool { left.number < right.number }
    package var description: String { "\(number)" }
}

/// The SHA-256 of something secret or long: a token's secret, a public key, a request's body.
package struct SHA256Digest: Hashable, Sendable, CustomStringConvertible {
    /// 32 bytes.
    package let bytes: [UInt8]

    /// Nil unless there are 32 bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// Lower-case hexadecimal.
    package var description: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

/// Names one forwarded write of one member, so that a write sent again after a failover is applied once (Raft dissertation §6.3).
package struct RequestIdentity: Hashable, Sendable {
    package let member: ServerID
    package let session: SessionNumber
    /// Counted from 1 within the session.
    package let sequence: UInt64
    /// The lowest sequence that the member still waits for: results below it may be forgotten.
    package let firstOutstanding: UInt64

    package init(member: ServerID, session: SessionNumber, sequence: UInt64, firstOutstanding: UInt64) {
        self.member = member
        self.session = session
        self.sequence = sequence
        self.firstOutstanding = firstOutstanding
    }
}

/// A client's `Idempotency-Key` with the digest of what it asked for.
package struct IdempotencyKey: Hashable, Sendable {
    package let key: UniqueIdentifier
    /// Digest of method, path and body: the same key with another request is refused.
    package let request: SHA256Digest

    package init(key: UniqueIdentifier, request: SHA256Digest) {
        self.key = key
        self.request = request
    }
}
