import AgentCore
import NIOCore
import NIOPosix
import OpenSSLTransport
import PoolModel
import Synchronization
import Testing
import WireFormat

/// A server that agents connect to, in place of an agent: it has a certificate and does what a test says.
final class StandIn: Sendable {
    private struct State {
        var listener: (any Channel)?
        var ends: [FrameChannel] = []
    }

    private let state = Mutex(State())

    /// The connections that it accepted, in order.
    var ends: [FrameChannel] { state.withLock { $0.ends } }

    /// - Parameter onFrame: what it does with each frame, on the connection's event loop.
    static func start(_ context: TLSContext, onFrame: @escaping @Sendable (FrameChannel, PeerFrame) -> Void) async throws -> StandIn {
        let standIn = StandIn()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let end = FrameChannel(channel)
                    standIn.state.withLock { $0.ends.append(end) }
                    try end.prepare(context.makeHandler(.accepting), onFrame: onFrame)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        standIn.state.withLock { $0.listener = listener }
        return standIn
    }

    func description(as number: UInt64) throws -> PeerDescription {
        let port = try #require(state.withLock { $0.listener }?.localAddress?.port)
        return try peer(number, at: "127.0.0.1:\(port)")
    }

    func close() async {
        try? await state.withLock { $0.listener }?.close()
        for end in ends { await end.close() }
    }
}

/// A peer as the core describes it.
func peer(_ number: UInt64, at address: String) throws -> PeerDescription {
    PeerDescription(server: ServerID(number), name: try #require(ServerName("server\(number)")), address: address)
}

/// A peer that this agent accepts and has no way to.
func unreachablePeer(_ number: UInt64) throws -> PeerDescription { try peer(number, at: "nowhere") }
