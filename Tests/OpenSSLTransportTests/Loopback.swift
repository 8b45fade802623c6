import NIOCore
import NIOPosix
import OpenSSLTransport
import Synchronization
import Testing

/// One TLS connection over a real socket on 127.0.0.1.
final class Loopback: Sendable {
    let server: any Channel
    let accepted: any Channel
    let connected: any Channel
    let acceptingSeen: Recorder
    let connectingSeen: Recorder

    private init(server: any Channel, accepted: any Channel, connected: any Channel, acceptingSeen: Recorder, connectingSeen: Recorder) {
        self.server = server
        self.accepted = accepted
        self.connected = connected
        self.acceptingSeen = acceptingSeen
        self.connectingSeen = connectingSeen
    }

    /// Opens the connection; a nil `connecting` context makes the connecting end a plain one.
    static func open(
        accepting: TLSContext, connecting: TLSContext?, limits: TLSLimits = .patient, acceptingRecorder: Recorder = Recorder(),
        connectingRecorder: Recorder = Recorder()
    ) async throws -> Loopback {
        let group = MultiThreadedEventLoopGroup.singleton
        let arrivals = group.any().makePromise(of: (any Channel).self)
        let server = try await ServerBootstrap(group: group)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                arrivals.succeed(channel)
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([accepting.makeHandler(.accepting, limits: limits), acceptingRecorder])
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let address = try #require(server.localAddress)
        let connected = try await ClientBootstrap(group: group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let connecting {
                        try channel.pipeline.syncOperations.addHandler(connecting.makeHandler(.connecting, limits: limits))
                    }
                    try channel.pipeline.syncOperations.addHandler(connectingRecorder)
                }
            }
            .connect(to: address).get()
        return Loopback(
            server: server, accepted: try await arrivals.futureResult.get(), connected: connected, acceptingSeen: acceptingRecorder,
            connectingSeen: connectingRecorder)
    }

    func close() async {
        for channel in [connected, accepted, server] { try? await channel.close() }
    }
}

/// Waits until `condition` holds, and fails the test when it does not within 30 s.
func eventually(_ what: Comment, sourceLocation: SourceLocation = #_sourceLocation, _ condition: () -> Bool) async throws {
    let deadline = ContinuousClock.now.advanced(by: .seconds(30))
    while !condition() {
        guard ContinuousClock.now < deadline else {
            Issue.record(what, sourceLocation: sourceLocation)
            return
        }
        try await Task.sleep(for: .milliseconds(2))
    }
}

extension TLSLimits {
    /// Bounds for a machine so busy that a handshake may wait its turn for long.
    static var patient: TLSLimits {
        var limits = TLSLimits()
        limits.handshakeTimeout = .seconds(60)
        return limits
    }
}
