import NIOCore
import NIOPosix
import OpenSSLTransport
import Testing

@testable import QueryService

@Suite("A renewed certificate on the query port", .timeLimit(.minutes(2)))
struct CertificateRenewalTests {
    @Test("is shown to new connections without a restart, and a connection that stands is answered on")
    func renewed() async throws {
        try await Port.with { port in
            let before = try #require(port.tls.context.configuration.credential)
            let old = try await Connection(to: port)

            try await old.channel.executeThenClose { inbound, outbound in
                var answers = inbound.makeAsyncIterator()
                let first = try await Self.ask(outbound, &answers)
                let next = try port.scene.authority.issueServerCertificate(
                    id: 1, for: SigningRequest(key: before.key), names: before.certificate.names,
                    at: CertificateTime.now.advanced(by: .seconds(60)))
                port.tls.replace(
                    with: try TLSContext(
                        .queryServer(
                            pool: Scene.pool, authority: port.scene.authority.certificate,
                            credential: TLSCredential(certificate: next, key: before.key))))
                let new = try await Connection(to: port)
                let shown = try await new.channel.executeThenClose { inbound, outbound in
                    var answers = inbound.makeAsyncIterator()
                    _ = try await Self.ask(outbound, &answers)
                    return try await new.certificate.get()
                }
                let second = try await Self.ask(outbound, &answers)

                #expect(try await old.certificate.get() == before.certificate.fingerprint)
                #expect(shown == next.fingerprint && shown != before.certificate.fingerprint)
                #expect(first.hasPrefix("HTTP/1.1 200") && second.hasPrefix("HTTP/1.1 200"))
            }
        }
    }

    /// Asks for the health on a connection that stays, and reads the whole answer.
    private static func ask(
        _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>,
        _ answers: inout NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    ) async throws -> String {
        try await outbound.write(ByteBuffer(string: "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"))
        var text = ""
        while !text.hasSuffix("ok\n"), let part = try await answers.next() { text += String(buffer: part) }
        return text
    }
}

/// A client's connection, and the certificate that it was shown.
private struct Connection {
    let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>
    let certificate: EventLoopFuture<SHA256Digest?>

    init(to port: Port) async throws {
        let context = try TLSContext(.queryClient(pool: Scene.pool, authority: port.scene.authority.certificate))
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let shown = loop.makePromise(of: SHA256Digest?.self)
        certificate = shown.futureResult
        channel = try await ClientBootstrap(group: loop)
            .connect(host: "127.0.0.1", port: port.number) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandlers([try context.makeHandler(.connecting), HandshakeReader(shown)])
                    return try NIOAsyncChannel(wrappingChannelSynchronously: channel)
                }
            }
    }
}

/// Fulfils a promise with the certificate of the other end.
private final class HandshakeReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let shown: EventLoopPromise<SHA256Digest?>

    init(_ shown: EventLoopPromise<SHA256Digest?>) { self.shown = shown }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let handshake = event as? TLSHandshakeCompleted { shown.succeed(handshake.peer?.certificateFingerprint) }
        context.fireUserInboundEventTriggered(event)
    }

    // One that succeeded already stays as it is.
    func channelInactive(context: ChannelHandlerContext) {
        shown.fail(ChannelError.eof)
        context.fireChannelInactive()
    }
}
