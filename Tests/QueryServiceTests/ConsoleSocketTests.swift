import AgentCore
import AgentPorts
import NIOCore
import PoolModel
import PoolStateMachine
import Testing

@testable import QueryService

/// A WebSocket of the query port, spoken by hand.
private struct Socket {
    var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    /// What has come and was not looked at.
    var bytes: [UInt8] = []

    /// Reads until `isEnough` holds, or the server closes.
    mutating func read(until isEnough: ([UInt8]) -> Bool) async throws {
        while !isEnough(bytes), let more = try await inbound.next() { bytes += more.readableBytesView }
    }

    /// The head of the answer.
    mutating func head() async throws -> String {
        let end = Array("\r\n\r\n".utf8)
        try await read { !$0.ranges(of: end).isEmpty }
        guard let found = bytes.ranges(of: end).first else { return String(decoding: bytes, as: UTF8.self) }
        let head = String(decoding: bytes[..<found.lowerBound], as: UTF8.self)
        bytes.removeFirst(found.upperBound)
        return head
    }

    /// The next frame of the server but its pings: opcode and data; nil at the end.
    mutating func frame() async throws -> (opcode: UInt8, data: [UInt8])? {
        while true {
            try await read { Self.length(of: $0) != nil }
            guard let (header, count) = Self.length(of: bytes) else { return nil }
            let (opcode, data) = (bytes[0] & 0x0F, Array(bytes[header..<header + count]))
            bytes.removeFirst(header + count)
            if opcode != 9 { return (opcode, data) }
        }
    }

    /// Of a whole frame without a mask.
    private static func length(of bytes: [UInt8]) -> (header: Int, count: Int)? {
        guard bytes.count >= 2 else { return nil }
        var (header, count) = (2, Int(bytes[1]))
        if count == 126 {
            guard bytes.count >= 4 else { return nil }
            (header, count) = (4, Int(bytes[2]) << 8 | Int(bytes[3]))
        }
        return bytes.count >= header + count ? (header, count) : nil
    }

    /// Sends a frame whose mask is of zeros.
    func send(_ opcode: UInt8, _ data: [UInt8]) async throws {
        try await send(bytes: [0x80 | opcode, 0x80 | UInt8(data.count), 0, 0, 0, 0] + data)
    }

    func send(bytes: [UInt8]) async throws { try await outbound.write(ByteBuffer(bytes: bytes)) }
}

extension Port {
    /// Asks for a console, and talks over it.
    fileprivate func converse(as who: String = "ulla", _ body: (inout Socket) async throws -> Void) async throws {
        let headers = ConsoleRouteTests.upgrade.map { "\($0.key): \($0.value)\r\n" }.sorted().joined()
        let request = "GET /v1/vms/web01/console HTTP/1.1\r\n\(headers)Authorization: Bearer \(who)-secret\r\n\r\n"
        try await connect().executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: request))
            var socket = Socket(inbound: inbound.makeAsyncIterator(), outbound: outbound)
            try await body(&socket)
        }
    }

    fileprivate func start() async throws {
        _ = try await scene.createMachine()
        _ = try await scene.send("POST", "/v1/vms/web01/start")
    }
}

@Suite("The consoles of the query port on a network", .timeLimit(.minutes(2)))
struct ConsoleSocketTests {
    private let consoles = FakeConsoles()

    private func eventually(_ what: Comment, _ condition: () async -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while await !condition() {
            guard ContinuousClock.now < deadline else {
                Issue.record(what)
                return
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    @Test("an upgraded connection carries bytes both ways until the console ends, which a close frame says")
    func carries() async throws {
        try await Port.with(consoles: consoles) { port in
            try await port.start()
            try await port.converse { socket in
                let head = try await socket.head()
                #expect(head.hasPrefix("HTTP/1.1 101") && head.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))

                try await socket.send(2, Array("ls\r".utf8))
                let echo = try await socket.frame()
                consoles.opened[0].print("bye")
                let last = try await socket.frame()
                consoles.opened[0].end()
                let end = try await socket.frame()

                #expect(echo?.opcode == 2 && echo?.data == Array("ls\r".utf8) && last?.data == Array("bye".utf8))
                #expect(end?.opcode == 8 && end?.data == [0x03, 0xE8])
                #expect(try await socket.frame() == nil)
            }
            try await eventually("the console stays open") { consoles.opened[0].isClosed }
        }
    }

    @Test("a client that goes lets go of the console; its place is free for the next")
    func clientGoes() async throws {
        try await Port.with(consoles: consoles) { port in
            try await port.start()
            for round in 0..<(QueryLimits.consolesOfPrincipal + 2) {
                try await port.converse { socket in
                    #expect(try await socket.head().hasPrefix("HTTP/1.1 101"), "round \(round)")
                    if round.isMultiple(of: 2) { try await socket.send(8, [0x03, 0xE8]) }
                }
                try await eventually("the console stays open") { consoles.opened.last?.isClosed == true }
            }
        }
    }

    @Test("a refused upgrade is an answer like any other, after which the connection closes")
    func refused() async throws {
        try await Port.with(consoles: consoles) { port in
            try await port.start()
            try await port.converse(as: "vera") { socket in
                let head = try await socket.head()
                #expect(head.hasPrefix("HTTP/1.1 403") && head.lowercased().contains("connection: close"))
            }
        }
    }

    @Test("hostile frames end the session with 1002 or 1009, and cost nobody else anything")
    func hostile() async throws {
        let frames: [(bytes: [UInt8], code: [UInt8])] = [
            ([0x82, 0x01, 1], [0x03, 0xEA]), ([0xF2, 0x81, 0, 0, 0, 0, 1], [0x03, 0xEA]), ([0x80, 0x80, 0, 0, 0, 0], [0x03, 0xEA]),
            ([0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0], [0x03, 0xF1]),
        ]
        try await Port.with(consoles: consoles) { port in
            try await port.start()
            try await port.converse { witness in
                _ = try await witness.head()
                for (bytes, code) in frames {
                    try await port.converse { socket in
                        _ = try await socket.head()
                        try await socket.send(bytes: bytes)
                        let end = try await socket.frame()
                        #expect(end?.opcode == 8 && end?.data.prefix(2) == code[...], "\(bytes)")
                        #expect(try await socket.frame() == nil)
                    }
                    try await eventually("the console stays open") { consoles.opened.last?.isClosed == true }
                }
                try await witness.send(2, [7])
                #expect(try await witness.frame()?.data == [7])
            }
        }
    }

    @Test("a credential that is withdrawn ends its consoles, and says so")
    func revoked() async throws {
        try await Port.with(consoles: consoles) { port in
            try await port.start()
            let ulla = try #require(await port.scene.gateway.state.credentials.values.first { $0.credential.name == "ulla" }?.id)
            try await port.converse { socket in
                _ = try await socket.head()
                await port.scene.gateway.apply(.revokeCredential(ulla), Scene.admin)
                let end = try await socket.frame()

                #expect(end?.opcode == 8 && end?.data.prefix(2) == [0x03, 0xF0])
                let reason = String(decoding: (end?.data ?? []).dropFirst(2), as: UTF8.self)
                #expect(reason.contains("no longer valid"))
            }
            try await eventually("the console stays open") { consoles.opened[0].isClosed }
        }
    }

    @Test("a client that never reads is handed a bounded part of what the guest prints, and delays no other client")
    func neverReads() async throws {
        try await Port.with(consoles: consoles) { port in
            try await port.start()
            try await port.converse { socket in
                _ = try await socket.head()
                consoles.opened[0].flood()
                // It stands still once the sockets' own buffers are full.
                var before = -1
                try await eventually("it never stands still") {
                    let now = consoles.opened[0].taken
                    defer { before = now }
                    for _ in 0..<5 { _ = try? await port.exchange("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n") }
                    return now == before && now > ConsoleLimits.pieceBytes
                }
                #expect(before < 32 * 1_024 * 1_024)
                try await port.converse(as: "admin") { other in
                    _ = try await other.head()
                    try await other.send(2, [7])
                    #expect(try await other.frame()?.data == [7])
                }
            }
        }
    }

    @Test("an agent that is told to stop ends the consoles that it carries, and says so")
    func agentStops() async throws {
        try await Port.with(consoles: consoles) { port in
            try await port.start()
            try await port.converse { socket in
                _ = try await socket.head()
                await port.scene.gateway.beginStop()
                await port.scene.gateway.apply(.maintenance(server: ServerID(2), isOn: true), Scene.admin)
                let end = try await socket.frame()

                #expect(end?.data.prefix(2) == [0x03, 0xF3])
                let reason = String(decoding: (end?.data ?? []).dropFirst(2), as: UTF8.self)
                #expect(reason.hasSuffix("is stopping."))
            }
        }
    }

    @Test("a query port that ends lets go of every console")
    func serverEnds() async throws {
        let (heads, seen) = AsyncStream.makeStream(of: String.self)
        let (clients, made) = AsyncStream.makeStream(of: Task<Void, Never>.self)
        try await Port.with(consoles: consoles) { port in
            try await port.start()
            made.yield(
                Task {
                    // How the connection ends is the network's; that it ends is ours.
                    try? await port.converse { socket in
                        seen.yield(try await socket.head())
                        _ = try await socket.frame()
                    }
                })
            for await head in heads {
                #expect(head.hasPrefix("HTTP/1.1 101"))
                break
            }
        }
        for await client in clients {
            await client.value
            break
        }
        try await eventually("the console stays open") { consoles.opened[0].isClosed }
    }
}
