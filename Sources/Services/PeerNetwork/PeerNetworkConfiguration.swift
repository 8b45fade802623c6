package import NIOCore
import NIOPosix
package import OpenSSLTransport
package import PoolModel

/// What an agent needs to hold connections with the others.
package struct PeerNetworkConfiguration: Sendable {
    /// The pool that all ends must belong to.
    package let pool: PoolID
    /// This agent's own server.
    package let server: ServerID
    /// The address to listen on.
    package let host: String
    /// The port to listen on; 0 lets the system choose.
    package let port: Int
    /// The certificates; exchanged when they are renewed.
    package let tls: CurrentTLSContext
    /// Carry the consoles that this agent opens on others: not the loop of their messages, which must not wait.
    package var consoleLoops: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    /// Bounds of everything that peers and strangers can cause.
    package var limits = PeerLimits()

    /// The default bounds hold until `limits` is set.
    package init(pool: PoolID, server: ServerID, host: String, port: Int, tls: CurrentTLSContext) {
        self.pool = pool
        self.server = server
        self.host = host
        self.port = port
        self.tls = tls
    }
}
