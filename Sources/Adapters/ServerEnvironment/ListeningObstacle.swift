import Foundation

/// What keeps this machine from listening on an address.
package enum ListeningObstacle: Hashable, Sendable {
    /// The host name has no address: `reason` is the resolver's.
    case unknownHost(reason: String)
    case portTaken
    /// The address is another machine's.
    case foreignAddress
    /// The system refused in another way.
    case refused(reason: String)

    /// - Parameter code: the `errno` of bind(2) or listen(2).
    package init(code: Int32) {
        switch code {
        case EADDRINUSE: self = .portTaken
        case EADDRNOTAVAIL: self = .foreignAddress
        default: self = .refused(reason: String(cString: strerror(code)))
        }
    }

    /// Half a sentence: why.
    package var cause: String {
        switch self {
        case .unknownHost(let reason): "the host name cannot be resolved here (\(reason))"
        case .portTaken: "the port is taken"
        case .foreignAddress: "the address is not this server's"
        case .refused(let reason): "the system refuses it (\(reason))"
        }
    }

    /// Half a sentence: what to do about it.
    package var cure: String {
        switch self {
        case .unknownHost: "Add the name to DNS or /etc/hosts"
        case .portTaken: "End what listens there"
        case .foreignAddress: "Give the address to a card of this server"
        case .refused: "Mend that"
        }
    }
}
