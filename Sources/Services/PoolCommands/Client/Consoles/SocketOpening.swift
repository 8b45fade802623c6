import AgentPorts
import ConsoleStreams
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import NIOPosix
import NIOTLS
import OpenSSLTransport
import QueryModel

/// Asks one server's query port for a WebSocket, on a connection of its own.
struct SocketOpening: Sendable {
    /// What came of asking.
    enum Outcome: Sendable {
        case console(any ConsoleStream)
        /// The server answered in words instead.
        case response(ClientResponse)
    }

    let address: NetworkAddress
    let head: HTTPRequestHead
    let tls: TLSContext
    let limits: ClientLimits
    let group: any EventLoopGroup

    func run() async throws(AttemptFailure) -> Outcome {
        var tlsLimits = TLSLimits()
        tlsLimits.handshakeTimeout = limits.connect
        let (wanted, loop) = (tlsLimits, group.next())
        let outcome = loop.makePromise(of: Outcome.self)
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(TimeAmount(limits.connect))
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            // A server that has lost its power ends nothing by itself.
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    let encoder = HTTPRequestEncoder()
                    let decoder = ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .forwardBytes))
                    try pipeline.addHandlers([try tls.makeHandler(.connecting, limits: wanted), encoder, decoder])
                    try pipeline.addHandler(
                        SocketOpeningHandler(
                            head: head, address: address, most: limits.responseBytes, outcome: outcome, encoder: encoder, decoder: decoder))
                }
            }
        let channel: any Channel
        do {
            channel = try await bootstrap.connect(host: address.host, port: address.port).get()
        } catch {
            outcome.fail(error)
            throw .notSent(cause: ConnectionFailureText.text(of: error))
        }
        // Opening waits for the server that runs the machine, and for the pool to note it.
        let timer = loop.scheduleTask(in: TimeAmount(limits.attempt)) { channel.close(promise: nil) }
        defer { timer.cancel() }
        do {
            return try await withTaskCancellationHandler {
                try await outcome.futureResult.get()
            } onCancel: {
                channel.close(promise: nil)
            }
        } catch {
            channel.close(promise: nil)
            if Task.isCancelled { throw .cancelled }
            throw .lost(cause: ConnectionFailureText.text(of: error))
        }
    }
}

/// Sends the request, and makes a console of the connection where the answer is 101. Lives on its channel's event loop.
private final class SocketOpeningHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let head: HTTPRequestHead
    private let address: NetworkAddress
    private let most: Int
    private let outcome: EventLoopPromise<SocketOpening.Outcome>
    private let encoder: HTTPRequestEncoder
    private let decoder: ByteToMessageHandler<HTTPResponseDecoder>
    private var answer: HTTPResponseHead?
    private var body = Data()
    private var isSocket = false

    init(
        head: HTTPRequestHead, address: NetworkAddress, most: Int, outcome: EventLoopPromise<SocketOpening.Outcome>,
        encoder: HTTPRequestEncoder, decoder: ByteToMessageHandler<HTTPResponseDecoder>
    ) {
        self.head = head
        self.address = address
        self.most = most
        self.outcome = outcome
        self.encoder = encoder
        self.decoder = decoder
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is TLSHandshakeCompleted {
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
        if case ChannelEvent.inputClosed = event, !isSocket {
            fail(ChannelError.eof, context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isSocket { return context.fireChannelRead(data) }
        switch unwrapInboundIn(data) {
        case .head(let head): if head.status.code == 101 || head.status.code >= 200 { answer = head }
        case .body(var piece):
            guard body.count + piece.readableBytes <= most else { return fail(ChannelError.inputClosed, context) }
            body.append(piece.readData(length: piece.readableBytes) ?? Data())
        case .end: conclude(context)
        }
    }

    private func conclude(_ context: ChannelHandlerContext) {
        guard let answer else { return }
        guard answer.status == .switchingProtocols else {
            outcome.succeed(.response(ClientResponse(status: Int(answer.status.code), headers: answer.headers, body: body)))
            return context.close(promise: nil)
        }
        let key = head.headers.first(name: "Sec-WebSocket-Key") ?? ""
        guard answer.headers.first(name: "Sec-WebSocket-Accept") == WebSocketHandshake.answer(to: key) else {
            return fail(ChannelError.inputClosed, context)
        }
        do {
            isSocket = true
            let framing = try WebSocketFraming.install(on: context.channel, .client, after: self)
            let stream = try ChannelConsoleStream(
                on: context.channel, position: .after(framing), lostCause: "The agent at \(address) has gone without a word.")
            let pipeline = context.pipeline.syncOperations
            let removed = [pipeline.removeHandler(encoder), pipeline.removeHandler(decoder)]
            EventLoopFuture.andAllSucceed(removed, on: context.eventLoop).map { .console(stream) }.cascade(to: outcome)
        } catch {
            fail(error, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if isSocket { return context.fireErrorCaught(error) }
        fail(error, context)
    }

    func handlerRemoved(context: ChannelHandlerContext) { outcome.fail(ChannelError.eof) }

    private func fail(_ error: any Error, _ context: ChannelHandlerContext) {
        outcome.fail(error)
        context.close(promise: nil)
    }
}
