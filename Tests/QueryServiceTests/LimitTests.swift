import AgentCore
import NIOCore
import NIOEmbedded
import OpenSSLTransport
import PoolModel
import QueryModel
import Testing

@testable import QueryService

@Suite("What a client may cost")
struct LimitTests {
    private let start = MonotonicInstant.zero + .seconds(1_000)

    @Test("a token bucket lets a burst through, then so many a second, each key by itself")
    func buckets() {
        var buckets = TokenBuckets<String>(rate: 10, burst: 3, capacity: 8)

        let burst = (0..<4).map { _ in buckets.take("a", at: start) }
        let other = buckets.take("b", at: start)
        let later = [100, 100, 250, 250, 250].map { buckets.take("a", at: start + .milliseconds($0)) }

        #expect(burst == [nil, nil, nil, .milliseconds(100)])
        #expect(other == nil)
        #expect(later == [nil, .milliseconds(100), nil, .milliseconds(50), .milliseconds(50)])
    }

    @Test("a crowd of keys takes no more places than there are, and full buckets give theirs back")
    func boundedBuckets() {
        var buckets = TokenBuckets<Int>(rate: 10, burst: 1, capacity: 2)

        let crowd = (0..<3).map { buckets.take($0, at: start) }
        let later = (10..<12).map { buckets.take($0, at: start + .milliseconds(100)) }

        #expect(crowd == [nil, nil, .milliseconds(100)])
        #expect(later == [nil, nil])
    }

    @Test("connections are bounded for each address and together, and a closed one makes room")
    func connections() async {
        let gates = ClientGates()
        var welcome = 0
        for _ in 0..<200 where await gates.enter(ClientAddress("10.0.0.1")) { welcome += 1 }
        let other = await gates.enter(ClientAddress("10.0.0.2"))
        await gates.leave(ClientAddress("10.0.0.1"))
        let again = await gates.enter(ClientAddress("10.0.0.1"))
        let oneMore = await gates.enter(ClientAddress("10.0.0.1"))
        for number in 0..<2_000 { _ = await gates.enter(ClientAddress("10.1.\(number / 250).\(number % 250)")) }

        #expect(welcome == QueryLimits.connectionsOfAddress)
        #expect(other && again && !oneMore)
        #expect(await gates.connections == QueryLimits.connections)
        #expect(await gates.enter(ClientAddress("10.0.0.3")) == false)
    }

    @Test("an IPv6 network of 64 bits is one client, a mapped IPv4 address is that address")
    func addresses() throws {
        let one = ClientAddress(try SocketAddress(ipAddress: "2001:db8::1", port: 1))
        let two = ClientAddress(try SocketAddress(ipAddress: "2001:db8::ffff:2", port: 2))
        let elsewhere = ClientAddress(try SocketAddress(ipAddress: "2001:db8:0:1::1", port: 1))

        #expect(one == two && one != elsewhere)
        #expect(ClientAddress(try SocketAddress(ipAddress: "::ffff:10.0.0.1", port: 1)) == ClientAddress("10.0.0.1"))
        #expect(ClientAddress(try SocketAddress(ipAddress: "10.0.0.1", port: 9)) == ClientAddress("10.0.0.1"))
    }

    @Test("a principal who asks too fast is told when to ask again; another is not")
    func tooFast() async throws {
        let scene = try await Scene()
        for _ in 0..<QueryLimits.requestBurst { _ = await scene.service.gates.request(of: .credential(CredentialID(1)), at: FakeClock.now) }

        let refused = try await scene.send("GET", "/v1/master")
        let other = try await scene.send("GET", "/v1/master", as: "vera")

        #expect(refused.status == 429 && refused.problem?.kind == .tooMany)
        #expect(refused.headers["Retry-After"] == "1")
        #expect(other.status == 200)
    }

    @Test("who tries credentials that nobody knows is held up; a known caller from the same address is not")
    func strangers() async throws {
        let scene = try await Scene()
        var statuses: [Int] = []

        for number in 0...QueryLimits.failureBurst {
            statuses.append(try await scene.send("GET", "/v1/master", credential: .bearer(Scene.digest("guess \(number)"))).status)
        }

        #expect(statuses.dropLast().allSatisfy { $0 == 401 })
        #expect(statuses.last == 429)
        #expect(try await scene.send("GET", "/v1/master").status == 200)
        #expect(try await scene.send("GET", "/v1/master", as: nil).status == 401)
    }
}

@Suite("Slow clients")
struct SlowClientTests {
    private func channel() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(handler: ConnectionGuard())
        try channel.connect(to: SocketAddress(ipAddress: "10.0.0.1", port: 1)).wait()
        return channel
    }

    private func send(_ text: String, to channel: EmbeddedChannel) throws {
        try channel.writeInbound(ByteBuffer(string: text))
    }

    @Test("the description, which is long and for everyone, is not given again and again to one address; whether the server is ready is")
    func describesSlowly() async throws {
        let scene = try await Scene()
        var statuses: [Int: Int] = [:]

        for _ in 0..<(QueryLimits.failureBurst + 20) {
            statuses[try await scene.send("GET", "/openapi.json", as: nil).status, default: 0] += 1
        }

        let most = QueryLimits.failureBurst / QueryLimits.descriptionCost
        #expect(statuses == [200: most, 429: QueryLimits.failureBurst + 20 - most])
        #expect(try await scene.send("GET", "/healthz", as: nil).status == 200)
        #expect(try await scene.send("GET", "/v1/pool").status == 200)
    }

    @Test("one byte a second does not keep a connection: the head has to be whole in time")
    func trickle() throws {
        let channel = try channel()

        for _ in 0..<9 {
            try send("G", to: channel)
            channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        }
        let before = channel.isActive
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))

        #expect(before && !channel.isActive)
    }

    @Test("between requests a connection may rest, but a head that has begun must end in time")
    func rests() throws {
        let channel = try channel()
        try send("GET", to: channel)
        try channel.triggerUserOutboundEvent(ConnectionGuard.Phase.requestBegan).wait()
        channel.embeddedEventLoop.advanceTime(by: .seconds(300))
        let whileAnswering = channel.isActive
        try channel.triggerUserOutboundEvent(ConnectionGuard.Phase.requestEnded).wait()
        channel.embeddedEventLoop.advanceTime(by: .seconds(50))
        let atRest = channel.isActive

        try send("G", to: channel)
        channel.embeddedEventLoop.advanceTime(by: .seconds(9))
        let withinHead = channel.isActive
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))

        #expect(whileAnswering && atRest && withinHead)
        #expect(!channel.isActive)
    }

    @Test("who is too slow with a head is told so before the connection closes; who has said nothing is not")
    func tellsSlowHeads() throws {
        let (slow, silent) = (try channel(), try channel())
        for channel in [slow, silent] {
            channel.pipeline.fireUserInboundEventTriggered(TLSHandshakeCompleted(peer: nil, version: "TLSv1.3"))
        }
        try send("GET /heal", to: slow)

        for channel in [slow, silent] { channel.embeddedEventLoop.advanceTime(by: .seconds(10)) }
        let told = try slow.readOutbound(as: ByteBuffer.self).map { String(buffer: $0) }
        let nothing = try silent.readOutbound(as: ByteBuffer.self)

        #expect(told?.hasPrefix("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Type: application/problem+json") == true)
        #expect(told?.contains("urn:ovm:problem:too-slow") == true)
        #expect(nothing == nil && !slow.isActive && !silent.isActive)
    }

    @Test("a bare refusal of the HTTP library becomes a problem during an answer too; a refusal of ours is left as it is")
    func replacesBareRefusals() throws {
        let channel = try channel()
        try channel.triggerUserOutboundEvent(ConnectionGuard.Phase.requestBegan).wait()
        let ours = "HTTP/1.1 400 Bad Request\r\nContent-Length: 10\r\n\r\n"

        try channel.writeOutbound(ByteBuffer(string: "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"))
        try channel.writeOutbound(ByteBuffer(string: ours))
        let replaced = try channel.readOutbound(as: ByteBuffer.self).map { String(buffer: $0) }
        let kept = try channel.readOutbound(as: ByteBuffer.self).map { String(buffer: $0) }

        #expect(replaced?.contains("application/problem+json") == true)
        #expect(kept == ours)
    }

    @Test("a connection that asks nothing is closed")
    func silence() throws {
        let channel = try channel()
        try send("GET", to: channel)
        try channel.triggerUserOutboundEvent(ConnectionGuard.Phase.requestBegan).wait()
        try channel.triggerUserOutboundEvent(ConnectionGuard.Phase.requestEnded).wait()

        channel.embeddedEventLoop.advanceTime(by: .seconds(60))

        #expect(!channel.isActive)
    }

    @Test("answers that are not read end the connection, answers that are read slowly do not")
    func neverReads() throws {
        let channel = try channel()
        try send("GET", to: channel)
        try channel.triggerUserOutboundEvent(ConnectionGuard.Phase.requestBegan).wait()
        func become(writable: Bool) {
            channel.isWritable = writable
            channel.pipeline.fireChannelWritabilityChanged()
        }

        for _ in 0..<5 {
            become(writable: false)
            channel.embeddedEventLoop.advanceTime(by: .seconds(19))
            become(writable: true)
        }
        let whileSlow = channel.isActive
        become(writable: false)
        channel.embeddedEventLoop.advanceTime(by: .seconds(20))

        #expect(whileSlow && !channel.isActive)
    }
}
