import NIOCore
import NIOHTTP1
import NIOPosix
import OpenSSLTransport
import PoolCommands
import Synchronization

/// A query port that takes whole requests and closes the connection instead of answering.
final class AnswerlessPort: Sendable {
    private let channel: any Channel
    private let authority: CertificateAuthority
    private let methods = Mutex<[HTTPMethod]>([])
    private static let pool = "0b2e4a52-6a0e-4f8e-9f43-4a7a1c3f7d10"

    /// The methods of the requests that it has taken, in order.
    var taken: [String] { methods.withLock { $0.map(\.rawValue) } }

    private init(_ channel: any Channel, _ authority: CertificateAuthority) {
        self.channel = channel
        self.authority = authority
    }

    /// - Parameters:
    ///   - request: the method and path of the one request that is answered after all, with 202.
    ///   - body: the JSON that it is answered by.
    static func open(butFor request: String? = nil, accepted body: String = "") async throws -> AnswerlessPort {
        let authority = try CertificateAuthority.create(pool: pool)
        let key = try PrivateKey.generate()
        let certificate = try authority.issueServerCertificate(id: 1, for: SigningRequest(key: key))
        let context = try TLSContext(
            .queryServer(pool: pool, authority: authority.certificate, credential: TLSCredential(certificate: certificate, key: key)))
        let notes = Mutex<AnswerlessPort?>(nil)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(context.makeHandler(.accepting))
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(
                        Closer(butFor: request, body) { method in notes.withLock { $0 }?.note(method) })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = AnswerlessPort(channel, authority)
        notes.withLock { $0 = port }
        return port
    }

    private func note(_ method: HTTPMethod) { methods.withLock { $0.append(method) } }

    /// The file by which a client finds it.
    func writePoolFile(to path: String) throws {
        let file = PoolFile(
            pool: Self.pool, authority: String(decoding: authority.certificate.pem, as: UTF8.self), token: "secret",
            servers: [PoolFile.Server(name: "alpha", query: "127.0.0.1:\(channel.localAddress?.port ?? 0)")])
        try file.write(to: path)
    }

    /// Closes it: nobody listens there from then on.
    func close() async throws { try await channel.close() }

    private final class Closer: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart

        typealias OutboundOut = HTTPServerResponsePart

        private let answered: String?
        private let body: String
        private let note: @Sendable (HTTPMethod) -> Void
        private var head: HTTPRequestHead?

        init(butFor answered: String?, _ body: String, note: @escaping @Sendable (HTTPMethod) -> Void) {
            self.answered = answered
            self.body = body
            self.note = note
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): self.head = head
            case .body: break
            case .end:
                guard let head else { return context.close(promise: nil) }
                note(head.method)
                if "\(head.method) \(head.uri)" == answered { answer(context) } else { context.close(promise: nil) }
            }
        }

        private func answer(_ context: ChannelHandlerContext) {
            let headers: HTTPHeaders = ["Content-Type": "application/json", "Content-Length": "\(body.utf8.count)"]
            context.write(wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .accepted, headers: headers))), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
