import HummingbirdCore
import Logging
import NIOCore
import OpenSSLTransport

/// HTTP/1.1 over TLS: puts the TLS handler and the guard below the HTTP library's own handlers.
struct SecureHTTPChannel: ServerChildChannel {
    typealias Value = HTTP1Channel.Value

    let http: HTTP1Channel
    let tls: CurrentTLSContext

    /// A server of such channels.
    static func builder(_ tls: CurrentTLSContext) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in
            SecureHTTPChannel(
                http: HTTP1Channel(responder: announcing(responder), configuration: configuration), tls: tls)
        }
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
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
