import Synchronization
import NIOCore
import NIOHTTP1
import NIOPosix
import OpenSSLTransport
import QueryModel
import Testing

@testable import PoolCommands

/// What a stand-in does with one request.
enum StandInReply: Sendable {
    case answer(status: Int, headers: [String: String] = [:], body: String)
    /// Takes the request and never answers.
    case silence
    /// Takes the request and closes the connection.
    case hangUp
    /// Sends pieces of a stream; then closes, or stays open.
    case stream([String], closes: Bool, headers: [String: String] = [:])
}

/// A request as a stand-in heard it.
struct HeardRequest: Sendable {
    let method: HTTPMethod
    let path: String
    let headers: HTTPHeaders
    let body: String
}

/// A pool's certificates, made for one test.
struct StandInPool: Sendable {
    let authority: CertificateAuthority
    let identifier = "0b2e4a52-6a0e-4f8e-9f43-4a7a1c3f7d10"

    init() throws { authority = try CertificateAuthority.create(pool: identifier) }

    func serverContext() throws -> TLSContext {
        let key = try PrivateKey.generate()
        let certificate = try authority.issueServerCertificate(id: 1, for: SigningRequest(key: key))
        let credential = try TLSCredential(certificate: certificate, key: key)
        return try TLSContext(.queryServer(pool: identifier, authority: authority.certificate, credential: credential))
    }

    func clientContext() throws -> TLSContext { try TLSContext(.queryClient(pool: identifier, authority: authority.certificate)) }
}

/// A small HTTPS server on loopback that answers as a test tells it.
final class QueryPortStandIn: Sendable {
    typealias Script = @Sendable (HeardRequest, Int) -> StandInReply

    let address: NetworkAddress
    private let channel: any Channel
    private let heardRequests: Locked<[HeardRequest]>
    private let connectionCount: Locked<Int>

    /// What was asked so far, in order.
    var heard: [HeardRequest] { heardRequests.withLockedValue { $0 } }
    /// How many connections were accepted so far.
    var connections: Int { connectionCount.withLockedValue { $0 } }

    /// - Parameter script: is given each request, and how many came before it.
    init(_ pool: StandInPool, script: @escaping Script) async throws {
        let context = try pool.serverContext()
        let heard = Locked<[HeardRequest]>([])
        let count = Locked(0)
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                count.withLockedValue { $0 += 1 }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(context.makeHandler(.accepting))
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(StandInHandler(heard: heard, script: script))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        heardRequests = heard
        connectionCount = count
        address = try #require(NetworkAddress("127.0.0.1:\(channel.localAddress?.port ?? 0)"))
    }

    func stop() async throws { try await channel.close() }
}

private final class StandInHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let heard: Locked<[HeardRequest]>
    private let script: QueryPortStandIn.Script
    private var head: HTTPRequestHead?
    private var body = ""

    init(heard: Locked<[HeardRequest]>, script: @escaping QueryPortStandIn.Script) {
        self.heard = heard
        self.script = script
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body(let piece): body += String(buffer: piece)
        case .end:
            guard let head else { return }
            let request = HeardRequest(method: head.method, path: head.uri, headers: head.headers, body: body)
            body = ""
            let count = heard.withLockedValue { requests in
                requests.append(request)
                return requests.count - 1
            }
            perform(script(request, count), context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func perform(_ reply: StandInReply, _ context: ChannelHandlerContext) {
        switch reply {
        case .silence: break
        case .hangUp: context.close(promise: nil)
        case .answer(let status, let headers, let body):
            let fields = headers.map { ($0.key, $0.value) } + [("Content-Length", String(body.utf8.count))]
            write(.head(HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: HTTPHeaders(fields))), context)
            write(.body(.byteBuffer(ByteBuffer(string: body))), context)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        case .stream(let pieces, let closes, let headers):
            let fields = HTTPHeaders(headers.map { ($0.key, $0.value) } + [("Content-Type", "text/event-stream")])
            write(.head(HTTPResponseHead(version: .http1_1, status: .ok, headers: fields)), context)
            for piece in pieces { write(.body(.byteBuffer(ByteBuffer(string: piece))), context) }
            context.flush()
            if closes { context.close(promise: nil) }
        }
    }

    private func write(_ part: HTTPServerResponsePart, _ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(part), promise: nil)
    }
}

/// A value that several event loops and the test look at.
final class Locked<Value: Sendable>: Sendable {
    private let mutex: Mutex<Value>

    init(_ value: Value) { mutex = Mutex(value) }

    func withLockedValue<Result: Sendable>(_ body: @Sendable (inout Value) -> Result) -> Result {
        mutex.withLock { value in body(&value) }
    }
}
