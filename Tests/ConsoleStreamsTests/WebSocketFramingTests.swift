import AgentPorts
import NIOCore
import NIOEmbedded
import Testing

@testable import ConsoleStreams

/// One end of a WebSocket in memory.
private struct Scene {
    let channel = EmbeddedChannel()
    let ends = Ends()

    final class Ends: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        var told: [ConsoleEnded] = []

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if let end = event as? ConsoleEnded { told.append(end) }
        }
    }

    private final class Below: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
    }

    init(_ end: WebSocketFraming.End = .server) throws {
        let below = Below()
        try channel.pipeline.syncOperations.addHandler(below)
        let framing = try WebSocketFraming.install(on: channel, end, after: below)
        try channel.pipeline.syncOperations.addHandler(ends, position: .after(framing))
        try channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    func receive(_ bytes: [UInt8]) throws { try channel.writeInbound(ByteBuffer(bytes: bytes)) }

    func read() throws -> [UInt8]? { try channel.readInbound(as: ByteBuffer.self).map { Array($0.readableBytesView) } }

    /// Everything that has been sent and not looked at.
    func sent() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = try channel.readOutbound(as: ByteBuffer.self) { bytes += piece.readableBytesView }
        return bytes
    }
}

/// A client's frame; with a mask of nothing but zeros, so that its data can be read.
private func frame(_ first: UInt8, _ data: [UInt8], isMasked: Bool = true) -> [UInt8] {
    [first, UInt8(data.count) | (isMasked ? 0x80 : 0)] + (isMasked ? [0, 0, 0, 0] : []) + data
}

@Suite("The framing of a console in a WebSocket")
struct WebSocketFramingTests {
    @Test("messages are bytes: binary and text, whole, in parts and with a ping in between")
    func data() throws {
        let scene = try Scene()

        try scene.receive(frame(0x82, [1, 2]) + frame(0x81, [65]))
        try scene.receive(frame(0x02, [3]) + frame(0x89, [9]) + frame(0x00, [4]) + frame(0x80, [5]))

        #expect(try scene.channel.readInbound(as: ByteBuffer.self) == ByteBuffer(bytes: [1, 2]))
        var rest: [UInt8] = []
        while let piece = try scene.read() { rest += piece }
        #expect(rest == [65, 3, 4, 5])
        #expect(try scene.sent() == [0x8A, 1, 9])
        #expect(scene.ends.told.isEmpty)
    }

    @Test("what is written goes out as binary messages: a server's without a mask, a client's with one")
    func writing() throws {
        let server = try Scene()
        let client = try Scene(.client)

        try server.channel.writeOutbound(ByteBuffer(bytes: [7]))
        try client.channel.writeOutbound(ByteBuffer(bytes: [7]))

        #expect(try server.sent() == [0x82, 1, 7])
        let sent = try client.sent()
        #expect(sent.count == 7 && sent[0] == 0x82 && sent[1] == 0x81 && sent[6] ^ sent[2] == 7)
    }

    @Test(
        "what may not be sent ends the session with a close frame that says so, and nothing of it gets through",
        arguments: [
            ("no mask", frame(0x82, [1], isMasked: false), 1_002), ("a reserved bit", frame(0xC2, [1]), 1_002),
            ("an unknown kind", frame(0x83, [1]), 1_002), ("a part of nothing", frame(0x80, [1]), 1_002),
            ("a message within a message", frame(0x02, []) + frame(0x82, [1]), 1_002), ("a ping in parts", frame(0x09, [1]), 1_002),
            ("a long ping", [0x89, 0xFE, 0, 200, 0, 0, 0, 0], 1_002),
            ("a long frame", [0x82, 0xFF, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0], 1_009),
            ("an endless frame", [0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0], 1_009),
        ] as [(String, [UInt8], Int)])
    func hostile(name: String, bytes: [UInt8], code: Int) throws {
        let scene = try Scene()

        try scene.receive(bytes)

        let sent = try scene.sent()
        #expect(sent.prefix(1) == [0x88] && sent.count > 4 && Int(sent[2]) << 8 | Int(sent[3]) == code, "\(name): \(sent)")
        #expect(try scene.read() == nil, "\(name)")
        #expect(scene.ends.told.count == 1 && scene.ends.told[0].cause != nil, "\(name)")
        #expect(!scene.channel.isActive, "\(name)")
    }

    @Test("a close frame of the usual kind is an end like any other; another one's reason is told")
    func farewell() throws {
        let usual = try Scene()
        let refused = try Scene(.client)

        try usual.receive(frame(0x88, [0x03, 0xE8]))
        try refused.receive(frame(0x88, [0x03, 0xF3] + Array("The agent has gone.".utf8), isMasked: false))

        #expect(usual.ends.told.count == 1 && usual.ends.told[0].cause == nil)
        #expect(try usual.sent() == [0x88, 2, 0x03, 0xE8])
        #expect(refused.ends.told.first?.cause == .lost(cause: "The agent has gone."))
    }

    @Test("the cause of an end is sent as far as a close frame holds it, no character cut in two")
    func longReason() throws {
        let scene = try Scene()

        scene.channel.pipeline.triggerUserOutboundEvent(
            ConsoleClosing(cause: .notAllowed(cause: String(repeating: "ä", count: 100))), promise: nil)

        let sent = try scene.sent()
        #expect(sent.prefix(4) == [0x88, 124, 0x03, 0xF0])
        #expect(String(decoding: sent.dropFirst(4), as: UTF8.self) == String(repeating: "ä", count: 61))
    }

    @Test("a server asks whether the client is there, and lets go of one who is silent for a minute")
    func silence() throws {
        let scene = try Scene()
        func pass(_ seconds: Int64) { scene.channel.embeddedEventLoop.advanceTime(by: .seconds(seconds)) }

        for _ in 0..<10 {
            scene.channel.read()
            pass(20)
            #expect(try scene.sent() == [0x89, 0])
            try scene.receive(frame(0x8A, []))
        }
        #expect(scene.channel.isActive)
        scene.channel.read()
        pass(59)
        #expect(scene.channel.isActive)
        pass(1)

        #expect(!scene.channel.isActive)
        #expect(scene.ends.told.count == 1)
    }
}

@Suite("The handshake of a WebSocket")
struct WebSocketHandshakeTests {
    @Test("a key is answered as RFC 6455 §1.3 shows")
    func answer() {
        #expect(WebSocketHandshake.answer(to: "dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    }

    @Test("keys are 16 bytes in Base64, and no two alike")
    func keys() {
        #expect(WebSocketHandshake.isKey(WebSocketHandshake.makeKey()))
        #expect(WebSocketHandshake.makeKey() != WebSocketHandshake.makeKey())
        for key in ["", "AAAA", "dGhlIHNhbXBsZSBub25jZQ", "====", String(repeating: "A", count: 1_000)] {
            #expect(!WebSocketHandshake.isKey(key), "\(key.prefix(30))")
        }
    }
}
