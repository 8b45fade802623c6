/// What a join token says, and its text: `ovm1.` and base64url of a fixed layout with a checksum.
///
/// Layout, numbers big-endian: pool (16 bytes), authority (32), expiry (8), token id (8), secret (32), roles (1), number of
/// addresses (1), each address (its length in 1, then its bytes), CRC-32 of all this (4).
package struct JoinTokenText: Hashable, Sendable, CustomStringConvertible {
    /// The pool's UUID, 16 bytes.
    package let pool: [UInt8]
    /// SHA-256 of the public key of the pool's authority, 32 bytes: the joiner checks it before it sends anything.
    package let authority: [UInt8]
    package let expiresAt: QueryTime
    package let tokenID: UInt64
    /// The one-time secret, 32 bytes.
    package let secret: [UInt8]
    package let roles: Roles
    /// Query ports of members, 1 to 8, to be tried in order.
    package let addresses: [NetworkAddress]

    /// The roles that a token grants; at least one.
    package enum Roles: UInt8, Hashable, Sendable, CaseIterable {
        case virtualMachine = 1
        case utility = 2
        case both = 3

        /// The words of the command line and the API.
        package var words: [String] {
            switch self {
            case .virtualMachine: ["vm"]
            case .utility: ["utility"]
            case .both: ["vm", "utility"]
            }
        }
    }

    /// How many addresses a token may hold.
    package static let addressCount = 1...8
    /// The longest text, in bytes; anything longer is refused unread.
    package static let longestText = 4_096
    private static let prefix = "ovm1."

    /// Nil when a value is outside the bounds above.
    package init?(
        pool: [UInt8], authority: [UInt8], expiresAt: QueryTime, tokenID: UInt64, secret: [UInt8], roles: Roles, addresses: [NetworkAddress]
    ) {
        guard pool.count == 16, authority.count == 32, secret.count == 32, Self.addressCount.contains(addresses.count) else { return nil }
        self.pool = pool
        self.authority = authority
        self.expiresAt = expiresAt
        self.tokenID = tokenID
        self.secret = secret
        self.roles = roles
        self.addresses = addresses
    }

    /// Reads a token's text; spaces and line ends around it do not matter.
    package init(text: String) throws(JoinTokenTextError) {
        guard text.utf8.count <= Self.longestText else { throw .tooLong(bytes: text.utf8.count) }
        let token = text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed()
        let trimmed = String(token)
        guard trimmed.hasPrefix(Self.prefix) else { throw trimmed.hasPrefix("ovm") && trimmed.contains(".") ? .otherVersion : .notAToken }
        guard let bytes = Base64URL.decode(trimmed.dropFirst(Self.prefix.count)), bytes.count > 4 else { throw .damaged }
        let content = Array(bytes.dropLast(4))
        guard Checksum.crc32(content) == bytes.suffix(4).reduce(0, { $0 << 8 | UInt32($1) }) else { throw .damaged }
        guard let read = Self.read(content) else { throw .damaged }
        self = read
    }

    /// The text. It is a secret: never log it.
    package var text: String {
        var bytes = pool + authority + Self.bytes(UInt64(bitPattern: expiresAt.milliseconds)) + Self.bytes(tokenID) + secret
        bytes.append(roles.rawValue)
        bytes.append(UInt8(addresses.count))
        for address in addresses {
            let letters = Array(address.description.utf8)
            bytes.append(UInt8(letters.count))
            bytes += letters
        }
        let checksum = Checksum.crc32(bytes)
        bytes += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: checksum >> $0) }
        return Self.prefix + Base64URL.encode(bytes)
    }

    /// The secret as `JoinRequestDocument.secret` takes it: base64url without padding.
    package var secretText: String { Base64URL.encode(secret) }

    /// The pool's UUID in the 8-4-4-4-12 form.
    package var poolText: String {
        let digits = pool.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        return [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }.joined(separator: "-")
    }

    /// Says which token it is, without its secret.
    package var description: String { "join token \(tokenID) of pool \(poolText)" }

    private static func read(_ content: [UInt8]) -> JoinTokenText? {
        var rest = content[...]
        guard let pool = take(16, from: &rest), let authority = take(32, from: &rest), let expiry = take(8, from: &rest),
            let tokenID = take(8, from: &rest), let secret = take(32, from: &rest), let figures = take(2, from: &rest),
            let roles = Roles(rawValue: figures[0])
        else { return nil }
        var addresses: [NetworkAddress] = []
        for _ in 0..<figures[1] {
            guard let length = take(1, from: &rest), let letters = take(Int(length[0]), from: &rest) else { return nil }
            guard let text = String(validating: letters, as: UTF8.self), let address = NetworkAddress(text) else { return nil }
            guard address.description == text else { return nil }
            addresses.append(address)
        }
        let milliseconds = Int64(bitPattern: number(expiry))
        guard rest.isEmpty, QueryTime.bounds.contains(milliseconds) else { return nil }
        return JoinTokenText(
            pool: pool, authority: authority, expiresAt: QueryTime(milliseconds: milliseconds), tokenID: number(tokenID), secret: secret,
            roles: roles, addresses: addresses)
    }

    private static func take(_ count: Int, from rest: inout ArraySlice<UInt8>) -> [UInt8]? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    private static func number(_ bytes: [UInt8]) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }

    private static func bytes(_ number: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) } }
}

/// Why a text is not a join token that this agent can use.
package enum JoinTokenTextError: Error, Hashable, Sendable {
    case tooLong(bytes: Int)
    /// It does not begin like a token.
    case notAToken
    /// It begins like a token of another version of ovm.
    case otherVersion
    /// Its checksum or its layout is wrong.
    case damaged

    /// One sentence for what happened, one for what to do.
    package var message: String {
        switch self {
        case .tooLong(let bytes):
            """
            This text has \(bytes) bytes, and a join token at most \(JoinTokenText.longestText). \
            Copy the one line that `ovm pool token create` printed.
            """
        case .notAToken:
            "This is not a join token: it does not begin with `ovm1.`. Copy the whole line that `ovm pool token create` printed."
        case .otherVersion:
            "This join token was made by another version of ovm. Install the pool's version of ovm here, then join again."
        case .damaged:
            """
            This join token is damaged: its checksum does not match. \
            Copy the whole line that `ovm pool token create` printed, or create another token.
            """
        }
    }
}

/// The checksum of join tokens.
enum Checksum {
    /// CRC-32 (ISO-HDLC, the one of Ethernet and zip): finds every mistake within 32 neighbouring bits.
    static func crc32(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { remainder, byte in
            (0..<8).reduce(remainder ^ UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
    }
}
