/// A server asks to become a member (`POST /v1/join`). It holds a secret: never log it.
package struct JoinRequestDocument: Codable, Hashable, Sendable {
    /// The UUID of the pool that the token is for.
    package var pool: String
    package var tokenID: UInt64
    /// The token's one-time secret: 32 bytes in base64url without padding.
    package var secret: String
    /// The server's name.
    package var name: String
    /// `HOST:PORT` of its peer network.
    package var peerAddress: String
    /// `HOST:PORT` of its query port.
    package var queryAddress: String
    /// The UUID made with its data directory.
    package var storage: String
    /// Its certificate signing request in PEM, for an EC P-256 key.
    package var signingRequest: String
    /// Binds the signing request to the secret: HMAC-SHA-256 of its DER under the secret, 32 bytes in base64url without padding.
    package var signingRequestCode: String
    /// Its clock: more than 30 s from the pool's is refused.
    package var time: QueryTime
    /// `simulated`, or Xen's version; for the log of events only.
    package var hypervisor: String
    /// The SMBIOS UUID of its mainboard; absent where none is known.
    package var hardware: String?
    /// Its CPUs, to be compared with the others'; absent where they are not known.
    package var processor: ProcessorDocument?

    package init(
        pool: String, tokenID: UInt64, secret: String, name: String, peerAddress: String, queryAddress: String, storage: String,
        signingRequest: String, signingRequestCode: String, time: QueryTime, hypervisor: String, hardware: String? = nil,
        processor: ProcessorDocument? = nil
    ) {
        self.pool = pool
        self.tokenID = tokenID
        self.secret = secret
        self.name = name
        self.peerAddress = peerAddress
        self.queryAddress = queryAddress
        self.storage = storage
        self.signingRequest = signingRequest
        self.signingRequestCode = signingRequestCode
        self.time = time
        self.hypervisor = hypervisor
        self.hardware = hardware
        self.processor = processor
    }
}

/// What makes the joiner a member. It holds the authority's private key: never log it, store it with mode 0600.
package struct JoinAnswerDocument: Codable, Hashable, Sendable {
    /// The pool's UUID.
    package var pool: String
    package var poolName: String
    package var serverID: UInt64
    /// The server's certificate in PEM.
    package var certificate: String
    /// The authority's certificate in PEM.
    package var authorityCertificate: String
    /// The authority's private key in PEM.
    package var authorityKey: String
    /// Of `vm`, `utility`: what the token granted.
    package var roles: [String]
    /// All members, the joiner included.
    package var members: [MemberDocument]
    /// A sentence for each way between this server and another that virtual machines could not move live; absent when there is none.
    package var warnings: [String]?

    package init(
        pool: String, poolName: String, serverID: UInt64, certificate: String, authorityCertificate: String, authorityKey: String,
        roles: [String], members: [MemberDocument], warnings: [String]? = nil
    ) {
        self.pool = pool
        self.poolName = poolName
        self.serverID = serverID
        self.certificate = certificate
        self.authorityCertificate = authorityCertificate
        self.authorityKey = authorityKey
        self.roles = roles
        self.members = members
        self.warnings = warnings
    }
}

/// What a join with `?dryRun=true` answers: everything was checked, nothing was written.
package struct JoinCheckedDocument: Codable, Hashable, Sendable {
    package var pool: String
    package var poolName: String
    package var roles: [String]
    /// How far the joiner's clock is ahead of the answering server's; negative when it is behind.
    package var clockDifferenceMilliseconds: Int64
    package var members: [MemberDocument]
    /// As in a join's answer.
    package var warnings: [String]?

    package init(
        pool: String, poolName: String, roles: [String], clockDifferenceMilliseconds: Int64, members: [MemberDocument],
        warnings: [String]? = nil
    ) {
        self.pool = pool
        self.poolName = poolName
        self.roles = roles
        self.clockDifferenceMilliseconds = clockDifferenceMilliseconds
        self.members = members
        self.warnings = warnings
    }
}

/// A member of the pool with its addresses.
package struct MemberDocument: Codable, Hashable, Sendable {
    package var id: UInt64
    package var name: String
    package var peerAddress: String
    package var queryAddress: String

    package init(id: UInt64, name: String, peerAddress: String, queryAddress: String) {
        self.id = id
        self.name = name
        self.peerAddress = peerAddress
        self.queryAddress = queryAddress
    }
}
