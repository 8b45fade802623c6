package import OpenSSLTransport
package import PoolModel

/// What an agent needs to hold connections with the others.
package struct PeerNetworkConfiguration: Sendable {
    package let pool: PoolID
    package let server: ServerID
    /// Where to listen; port 0 lets the system choose.
    package let host: String
    package let port: Int
    /// The certificates; exchanged when they are renewed.
    package let tls: CurrentTLSContext
    package var limits = PeerLimits()

    package init(pool: PoolID, server: ServerID, host: String, port: Int, tls: CurrentTLSContext) {
        self.pool = pool
        self.server = server
        self.host = host
        self.port = port
        self.tls = tls
    }
}

/// Bounds of the network of agents.
package struct PeerLimits: Hashable, Sendable {
    /// The longest frame before the other end is known, in bytes.
    package var strangerFrameBytes = 64 * 1024
    /// The longest frame of a known peer.
    package var frameBytes = 1024 * 1024
    /// Accepted connections that have not introduced themselves yet.
    package var strangers = 128
    /// How long an accepted connection may take to introduce itself.
    package var introduction: Duration = .seconds(5)
    /// How long connecting may take.
    package var connecting: Duration = .seconds(1)
    /// The most bytes that may wait to be sent on the urgent connection; what is more is dropped.
    package var urgentQueueBytes = 1024 * 1024
    /// The same on the bulk connection.
    package var bulkQueueBytes = 64 * 1024 * 1024
    /// The first pause before connecting again; it doubles up to the longest.
    package var shortestPause: Duration = .milliseconds(20)
    package var longestPause: Duration = .seconds(1)

    package init() {}
}

/// Why a connection between agents was ended; becomes one log line.
enum PeerRefusal: Error, Hashable, Sendable {
    case tooManyStrangers
    case notIntroducedInTime
    case withoutIdentity
    case notAMember(String)
    case anotherServer(expected: ServerID, found: ServerID)
    case anotherPool
    case frameTooLong(Int, limit: Int)
    case unreadableFrame(String)
    case introducedWrongly

    var message: String {
        switch self {
        case .tooManyStrangers: "too many connections that have not introduced themselves"
        case .notIntroducedInTime: "it did not introduce itself in time"
        case .withoutIdentity: "its certificate names no server of a pool"
        case .notAMember(let identity): "\(identity) is not a current member of the pool"
        case .anotherServer(let expected, let found): "it is server \(found), and server \(expected) was expected there"
        case .anotherPool: "it belongs to another pool"
        case .frameTooLong(let length, let limit): "a frame claims \(length) bytes, and \(limit) is the most"
        case .unreadableFrame(let reason): reason
        case .introducedWrongly: "its introduction contradicts its certificate, or did not come first"
        }
    }
}
