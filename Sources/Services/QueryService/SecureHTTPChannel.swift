import HummingbirdCore
import Logging
import NIOCore
import OpenSSLTransport

/// HTTP/1.1 over TLS: puts the TLS handler and the guard below the HTTP library's own handlers.
struct SecureHTTPChannel: ServerChildChannel {
    typealias Value = HTTP1Channel.Value

    let http: HTTP1Channel
    let tls: CurrentTLSContext
    let gates: ClientGates

    /// A connection was one too many, and was closed.
    struct ConnectionRefused: Error {}

    /// A server of such channels.
    static func builder(_ tls: CurrentTLSContext, _ gates: ClientGates) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in
            SecureHTTPChannel(
                http: HTTP1Channel(responder: announcing(responder), configuration: configuration), tls: tls, gates: gates)
        }
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let address = ClientAddress(channel.remoteAddress)
        return channel.eventLoop.makeFutureWithTask { [gates] in await gates.enter(address) }.flatMap { isWelcome in
            guard isWelcome else {
                // Before a byte of TLS: closing must cost less than connecting.
                return channel.close().flatMapThrowing { throw ConnectionRefused() }
            }
            channel.closeFuture.whenComplete { [gates] _ in
                _ = channel.eventLoop.makeFutureWithTask { await gates.leave(address) }
            }
            return prepare(channel, logger)
        }
    }

    private func prepare(_ channel: any Channel, _ logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandlers([tls.context.makeHandler(.accepting), ConnectionGuard()])
        }.flatMap { http.setup(channel: channel, logger: logger) }
    }

    func handle(value: Value, logger: Logger) async { await http.handle(value: value, logger: logger) }

    private static var configuration: HTTP1Channel.Configuration {
        HTTP1Channel.Configuration(
            idleTimeout: .seconds(QueryLimits.idlePatience.components.seconds),
            httpDecoderConfiguration: HTTP1Channel.Configuration.DecoderConfiguration(
                maxHeaderFieldSize: QueryLimits.headerBytes, maxHeaderListSize: QueryLimits.headerBytes,
                maxHeaderFieldCount: QueryLimits.headerFields))
    }

    /// Tells the guard when a request begins and when it has been answered.
    private static func announcing(_ responder: @escaping HTTPChannelHandler.Responder) -> HTTPChannelHandler.Responder {
        { request, writer, channel in
            try await channel.triggerUserOutboundEvent(ConnectionGuard.Phase.requestBegan)
            try await responder(request, writer, channel)
            try await channel.triggerUserOutboundEvent(ConnectionGuard.Phase.requestEnded)
        }
    }
}
