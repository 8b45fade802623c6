import AgentCore
import AgentPorts
import Logging
import NIOCore
import NIOPosix
import OpenSSLTransport
import PoolModel
import QueryModel
import Testing

@testable import QueryService

/// A query port on loopback, with a client that speaks raw HTTP through TLS.
struct Port {
    let scene: Scene
    let number: Int
    /// What the port uses for new connections.
    let tls: CurrentTLSContext

    /// Serves while `body` runs.
    static func with(consoles: (any ConsoleGateway)? = nil, _ body: (Port) async throws -> Void) async throws {
        let scene = try await Scene(consoles: consoles)
        let key = try PrivateKey.generate()
        let certificate = try scene.authority.issueServerCertificate(
            id: 1, for: try SigningRequest(key: key), names: ["127.0.0.1"])
        let tls = CurrentTLSContext(
            try TLSContext(
                .queryServer(
                    pool: Scene.pool, authority: scene.authority.certificate,
                    credential: try TLSCredential(certificate: certificate, key: key))))
        let configuration = QueryServerConfiguration(host: "127.0.0.1", port: 0, tls: tls, authority: scene.authority)
        let server = QueryServer(
            configuration: configuration, gateway: scene.gateway, archive: scene.archive, clock: scene.gateway.clock,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, consoles: consoles)

        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            let number = try #require(await server.boundPort())
            try await body(Port(scene: scene, number: number, tls: tls))
            group.cancelAll()
        }
    }

    /// A connection of bytes, its TLS handshake under way.
    func connect(_ credential: TLSCredential? = nil) async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
        let context = try TLSContext(
            .queryClient(pool: Scene.pool, authority: scene.authority.certificate, credential: credential))
        return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: number) { channel in
                channel.eventLoop.makeCompletedFuture {
                    var limits = TLSLimits()
                    limits.pendingBytes = 4 * 1_048_576
                    try channel.pipeline.syncOperations.addHandler(context.makeHandler(.connecting, limits: limits))
                    return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: false))
                }
            }
    }

    /// Sends parts one after the other, and reads until the server closes or `isEnough` holds.
    func exchange(
        _ parts: [[UInt8]], as operator: String? = nil, until isEnough: @escaping @Sendable (String) -> Bool = { _ in false }
    ) async throws -> String {
        var credential: TLSCredential?
        if let `operator` {
            let key = try PrivateKey.generate()
            let certificate = try scene.authority.issueOperatorCertificate(name: `operator`, for: try SigningRequest(key: key))
            credential = try TLSCredential(certificate: certificate, key: key)
        }
        let channel = try await connect(credential)
        var text = ""
        try await channel.executeThenClose { inbound, outbound in
            for part in parts { try await outbound.write(ByteBuffer(bytes: part)) }
            for try await buffer in inbound {
                text += String(buffer: buffer)
                if isEnough(text) { break }
            }
        }
        return text
    }

    func exchange(_ text: String, as operator: String? = nil) async throws -> String {
        try await exchange([Array(text.utf8)], as: `operator`)
    }
}

@Suite("The query port on a network", .timeLimit(.minutes(2)))
struct NetworkTests {
    private let bearer = "Authorization: Bearer admin-secret\r\n"

    @Test("answers over TLS: everyone on /healthz, known ones by bearer token or certificate, others with 401")
    func authentication() async throws {
        try await Port.with { port in
            let health = try await port.exchange("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let nobody = try await port.exchange("GET /v1/pool HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let bearer = try await port.exchange("GET /v1/pool HTTP/1.1\r\nHost: a\r\n\(bearer)Connection: close\r\n\r\n")
            let certificate = try await port.exchange("GET /v1/pool HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", as: "admin")
            let stranger = try await port.exchange("GET /v1/pool HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", as: "stranger")

            #expect(health.hasPrefix("HTTP/1.1 200") && health.hasSuffix("ok\n"))
            #expect(nobody.hasPrefix("HTTP/1.1 401"))
            #expect(bearer.hasPrefix("HTTP/1.1 200") && bearer.contains("\"name\":\"test\""))
            #expect(bearer.lowercased().contains("ovm-master: alpha\r\n"))
            #expect(certificate.hasPrefix("HTTP/1.1 200"))
            #expect(stranger.hasPrefix("HTTP/1.1 401"))
        }
    }

    @Test("keeps a connection for several requests")
    func keepsAlive() async throws {
        try await Port.with { port in
            let one = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
            let last = "GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

            let answer = try await port.exchange(one + one + last)

            #expect(answer.ranges(of: "HTTP/1.1 200").count == 3)
            #expect(answer.hasSuffix("ready\n"))
        }
    }

    @Test("a HEAD is answered as a GET without its body, and keeps the connection")
    func heads() async throws {
        try await Port.with { port in
            let heads = "HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\nHEAD /v1/nothing HTTP/1.1\r\nHost: a\r\n\r\n"
            let last = "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

            let answer = try await port.exchange(heads + last)
            let parts = answer.split(separator: "HTTP/1.1 ", omittingEmptySubsequences: true)

            #expect(parts.map { $0.prefix(3) } == ["200", "404", "200"])
            #expect(parts.first?.lowercased().contains("content-length: 3\r\n") == true)
            #expect(parts.dropLast().allSatisfy { $0.hasSuffix("\r\n\r\n") } && parts.last?.hasSuffix("ok\n") == true)
        }
    }

    @Test("a body larger than allowed is refused with a problem, and the server goes on")
    func hugeBody() async throws {
        try await Port.with { port in
            let head = "POST /v1/vms HTTP/1.1\r\nHost: a\r\n\(bearer)Content-Length: 3000000\r\n\r\n"
            let body = [UInt8](repeating: UInt8(ascii: "x"), count: 1_500_000)

            let answer = try await port.exchange([Array(head.utf8), body]) { $0.hasSuffix("}\n") }

            #expect(answer.hasPrefix("HTTP/1.1 413"))
            #expect(answer.contains("application/problem+json"))
            #expect(try await port.exchange("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test(
        "what is no HTTP, or has a huge head, is refused with a problem",
        arguments: ["no HTTP", "a bad field", "a huge field", "many fields"])
    func noHTTP(fault: String) async throws {
        let requests = [
            "no HTTP": "HELLO\r\n\r\n", "a bad field": "GET / HTTP/1.1\r\nHost: a\r\nBad Field: \u{1}\r\n\r\n",
            "many fields": "GET / HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X: x\r\n", count: 65))\r\n",
            "a huge field": "GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 40_000))\r\n\r\n",
        ]
        let text = try #require(requests[fault])
        try await Port.with { port in
            let answer = try await port.exchange(text)

            #expect(answer.hasPrefix("HTTP/1.1 400"))
            #expect(answer.contains("application/problem+json"))
            #expect(answer.hasSuffix("}\n"))
        }
    }

    @Test("a stream of events is heard over the network, and its seat is free again when the watcher goes")
    func streams() async throws {
        try await Port.with { port in
            let index = await port.scene.gateway.context().index.number
            let head = "GET /v1/events?since=\(index) HTTP/1.1\r\nHost: a\r\n\(bearer)Accept: text/event-stream\r\n\r\n"

            async let heard = port.exchange([Array(head.utf8)]) { $0.contains("event: maintenance-on") }
            let deadline = ContinuousClock.now + .seconds(30)
            while await port.scene.gateway.watcherCount == 0, ContinuousClock.now < deadline { await Task.yield() }
            _ = try await port.scene.send("PUT", "/v1/servers/beta/maintenance")

            #expect(try await heard.contains("id: \(index + 1)\nevent: maintenance-on\n"))
        }
    }
}
