/// Who a certificate speaks for: the one `ovm://` URI in its subject alternative name.
///
/// A common name, an address or a DNS name is never an identity. That a server is a *current* member is not said here: the pool's
/// committed state decides that.
package enum CertificateIdentity: Hashable, Sendable, CustomStringConvertible {
    /// `ovm://POOL/server/ID`; the identifier is one or more.
    case server(pool: String, id: UInt64)
    /// `ovm://POOL/operator/NAME`; the name has 1 to 64 characters of `A-Z a-z 0-9 . _ -`.
    case `operator`(pool: String, name: String)

    /// What every identity begins with.
    static let scheme = "ovm://"
    private static let nameLimit = 64

    /// The pool, as a lowercase UUID.
    package var pool: String {
        switch self {
        case .server(let pool, _), .operator(let pool, _): pool
        }
    }

    /// The server's identifier, or nil for an operator.
    package var serverID: UInt64? {
        switch self {
        case .server(_, let id): id
        case .operator: nil
        }
    }

    /// The identity as it stands in a certificate.
    package var uri: String {
        switch self {
        case .server(let pool, let id): "\(Self.scheme)\(pool)/server/\(id)"
        case .operator(let pool, let name): "\(Self.scheme)\(pool)/operator/\(name)"
        }
    }

    package var description: String { uri }

    /// Reads a URI; nil unless it is written exactly as ``uri`` writes it.
    ///
    /// Two spellings of one identity would be two keys in somebody's table, so an upper case UUID or a leading zero is no identity.
    package init?(uri: String) {
        guard uri.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }), uri.hasPrefix(Self.scheme) else { return nil }
        let parts = uri.dropFirst(Self.scheme.count).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, Self.isPool(parts[0]) else { return nil }
        let pool = String(parts[0])
        switch parts[1] {
        case "server":
            guard let id = UInt64(parts[2]), id > 0, String(id) == parts[2] else { return nil }
            self = .server(pool: pool, id: id)
        case "operator":
            guard Self.isName(parts[2]) else { return nil }
            self = .operator(pool: pool, name: String(parts[2]))
        default:
            return nil
        }
    }

    /// True for a UUID in lower case, such as `0b2e4a52-6a0e-4f8e-9f43-4a7a1c3f7d10`.
    package static func isPool(_ text: some StringProtocol) -> Bool {
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        guard groups.map(\.utf8.count) == [8, 4, 4, 4, 12] else { return false }
        return groups.allSatisfy { group in
            group.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
        }
    }

    /// True for what an operator may be called.
    package static func isName(_ text: some StringProtocol) -> Bool {
        let count = text.utf8.count
        guard count >= 1, count <= nameLimit else { return false }
        return text.utf8.allSatisfy { character in
            switch character {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
    }
}
