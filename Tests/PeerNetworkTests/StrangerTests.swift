import AgentCore
import PeerNetwork
import PoolModel
import Testing
import WireFormat

/// Whatever arrives costs a closed connection and at most one line, and the network goes on serving others.
@Suite("strangers") struct StrangerTests {
    @Test("garbage in place of TLS costs one connection and one line")
    func garbage() async throws {
        let scene = try await MemberScene.start()
        let stranger = try await FrameChannel.connect(to: scene.agent, nil)

        stranger.send(bytes: Array("GET / HTTP/1.1\r\nHost: pool\r\n\r\n".utf8))

        try await eventually("not refused") { stranger.isClosed && scene.agent.log.endings.count == 1 }
        try await scene.provesAgentServes()
        await scene.close()
    }

    @Test("who says nothing is given up in time")
    func silence() async throws {
        var limits = PeerLimits.patient
        limits.introduction = .milliseconds(300)
        let scene = try await MemberScene.start(limits: limits)
        let stranger = try await FrameChannel.connect(to: scene.agent, nil)

        try await eventually("not given up") { stranger.isClosed && scene.agent.log.endings.count == 1 }
        #expect(scene.agent.log.endings[0].contains("it did not introduce itself in time"))
        await scene.close()
    }

    @Test("a member that shakes hands and sends half a frame is given up in time")
    func halfAFrame() async throws {
        var limits = PeerLimits.patient
        limits.introduction = .seconds(3)
        let scene = try await MemberScene.start(limits: limits)
        let end = try await scene.approach()

        end.send(length: 40, [1, 2, 3])

        try await eventually("not given up") { end.isClosed && scene.agent.log.endings.count == 1 }
        #expect(scene.agent.log.endings[0].contains("it did not introduce itself in time"))
        await scene.close()
    }

    @Test("half a frame before a cut costs one line, and no message comes of it")
    func cutWithinAFrame() async throws {
        let scene = try await MemberScene.start()
        try await scene.connect(.urgent)
        let bytes = try PeerFrameCoding.encode(.message(urgent(1)))

        try scene.end(.urgent).send(length: UInt32(bytes.count), Array(bytes.dropLast()))
        try await scene.end(.urgent).cut()

        try await eventually("not noticed") { scene.agent.log.endings.count == 1 }
        #expect(scene.received == 0)
        try await scene.provesAgentServes()
        await scene.close()
    }

    @Test(
        "a length over 64 KiB before the introduction ends the connection before anything is buffered for it",
        arguments: [64 * 1024 + 1, 1 << 30, UInt32.max] as [UInt32])
    func longBeforeIntroduction(_ length: UInt32) async throws {
        let scene = try await MemberScene.start()
        let end = try await scene.approach()

        end.send(length: length, [])

        try await eventually("not refused") { end.isClosed && scene.agent.log.endings.count == 1 }
        #expect(scene.agent.log.endings[0].contains("a frame claims \(length) bytes, and 65536 is the most"))
        try await scene.provesAgentServes()
        await scene.close()
    }

    @Test("a frame over 1 MiB from a known peer ends its connection", arguments: [1024 * 1024 + 1, 1 << 30] as [UInt32])
    func longFromMember(_ length: UInt32) async throws {
        let scene = try await MemberScene.start()
        try await scene.connect(.bulk)

        try scene.end(.bulk).send(length: length, [])

        try await eventually("not refused") { scene.agent.log.endings.count == 1 }
        #expect(scene.agent.log.endings[0].contains("a frame claims \(length) bytes, and 1048576 is the most"))
        try await scene.provesAgentServes()
        await scene.close()
    }

    @Test("bytes that are no frame end a member's connection", arguments: [[], [0xFF], Array(repeating: 0x0A, count: 65_000)] as [[UInt8]])
    func unreadable(_ bytes: [UInt8]) async throws {
        let scene = try await MemberScene.start()
        try await scene.connect(.urgent)

        try scene.end(.urgent).send(length: UInt32(bytes.count), bytes)

        try await eventually("not refused") { scene.agent.log.endings.count == 1 }
        #expect(scene.received == 0)
        try await scene.provesAgentServes()
        await scene.close()
    }

    @Test("one stranger over the limit ends the oldest, so that members get in")
    func tooMany() async throws {
        var limits = PeerLimits.patient
        limits.strangers = 4
        let scene = try await MemberScene.start(limits: limits)
        var strangers: [FrameChannel] = []

        for _ in 0..<10 { strangers.append(try await FrameChannel.connect(to: scene.agent, nil)) }

        try await eventually("too many stand") { strangers.count { $0.isClosed } == 6 }
        #expect(strangers.prefix(6).allSatisfy { $0.isClosed })
        #expect(await scene.agent.acceptedConnections == 4)
        #expect(scene.agent.log.endings.count == 6)
        #expect(scene.agent.log.endings.allSatisfy { $0.contains("too many connections had not introduced themselves") })
        try await scene.provesAgentServes()
        for stranger in strangers { await stranger.close() }
        await scene.close()
    }

    @Test("a flood of strangers fills no log, and what was not logged is counted")
    func floodOfLines() async throws {
        var limits = PeerLimits.patient
        limits.logLinesPerMinute = 3
        let scene = try await MemberScene.start(limits: limits)

        for _ in 0..<8 {
            let stranger = try await FrameChannel.connect(to: scene.agent, nil)
            stranger.send(bytes: [0, 1, 2, 3, 4, 5, 6, 7])
            try await eventually("not refused") { stranger.isClosed }
        }

        try await scene.provesAgentServes()
        #expect(scene.agent.log.endings.count == 3)
        await scene.close()
    }
}
