import AgentPorts
import OpenSSLTransport
import PoolModel
import Synchronization
import Testing
import WireFormat

@testable import PeerNetwork

/// Takes calls, and accepts or refuses each.
private final class Desk: ConsoleCallReceiver {
    private let state = Mutex<[(call: any ConsoleCall, stream: any ConsoleStream)]>([])
    private let refusal: ConsoleFailure?

    var requests: [ConsoleRequest] { state.withLock { $0.map(\.call.request) } }
    var callers: [ServerID] { state.withLock { $0.map(\.call.caller) } }
    /// This server's end of the console that was opened last.
    var last: (any ConsoleStream)? { state.withLock { $0.last?.stream } }

    init(_ refusal: ConsoleFailure?) { self.refusal = refusal }

    func received(_ call: any ConsoleCall) {
        if let refusal { return call.refuse(refusal) }
        state.withLock { $0.append((call, call.accept())) }
    }
}

/// Counts bytes.
private final class Count: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }

    func add(_ more: Int) { count.withLock { $0 += more } }
}

/// Two agents, the second of which shows consoles.
private struct Scene {
    let pool: LaboratoryPool
    let asking: TestAgent
    let showing: TestAgent
    let desk: Desk

    static func with(
        limits: PeerLimits = .patient, refusal: ConsoleFailure? = nil, _ body: (Scene) async throws -> Void
    ) async throws {
        let pool = try LaboratoryPool()
        let desk = Desk(refusal)
        let asking = try await TestAgent.start(1, of: pool)
        let showing = try await TestAgent.start(2, of: pool, limits: limits, consoles: desk)
        for agent in [asking, showing] { try agent.knows([asking, showing]) }
        try await asking.connects(to: showing)
        try await body(Scene(pool: pool, asking: asking, showing: showing, desk: desk))
        for agent in [asking, showing] { await agent.network.close() }
    }

    static func request(_ kind: ConsoleKind = .text) throws -> ConsoleRequest {
        ConsoleRequest(
            kind, of: VirtualMachineID(7), name: try #require(VirtualMachineName("web01")), epoch: PlacementEpoch(3),
            principal: "operator admin")
    }

    /// The far end of a connection that a test drives itself.
    func intruder(_ number: UInt64 = 1) async throws -> FrameChannel {
        try await FrameChannel.connect(to: showing, try pool.context(pool.server(number)))
    }

    func call(as number: UInt64, pool other: PoolID? = nil) throws -> PeerFrame {
        .consoleCall(PeerConsoleCall(pool: other ?? pool.id, server: ServerID(number), request: try Self.request()))
    }
}

@Suite("consoles between agents", .timeLimit(.minutes(2))) struct ConsoleTests {
    @Test("bytes go both ways as they are, and the end of one side is the end of the other, with its cause")
    func carries() async throws {
        try await Scene.with { scene in
            let near = try await scene.asking.network.open(try Scene.request(), on: ServerID(2))
            let far = try #require(scene.desk.last)
            #expect(try scene.desk.requests == [Scene.request()])
            #expect(scene.desk.callers == [ServerID(1)])

            try await near.write(Array("ls\r".utf8))
            try await far.write([0, 255, 27])
            #expect(try await far.read() == Array("ls\r".utf8))
            #expect(try await near.read() == [0, 255, 27])
            far.close(.notRunning(cause: "It was stopped."))

            await #expect(throws: ConsoleFailure.notRunning(cause: "It was stopped.")) { _ = try await near.read() }
        }
    }

    @Test("a refusal comes back as it was said")
    func refuses() async throws {
        try await Scene.with(refusal: .noConsole(cause: "It has none.")) { scene in
            await #expect(throws: ConsoleFailure.noConsole(cause: "It has none.")) {
                _ = try await scene.asking.network.open(try Scene.request(), on: ServerID(2))
            }
        }
    }

    @Test("an agent that dies, cannot be reached or is not known is said so")
    func lost() async throws {
        try await Scene.with { scene in
            let near = try await scene.asking.network.open(try Scene.request(), on: ServerID(2))
            await scene.showing.network.close()

            await #expect(throws: ConsoleFailure.lost(cause: "The agent of server server2, which runs the virtual machine, went away.")) {
                _ = try await near.read()
            }
            for server in [2, 9] as [UInt64] {
                await #expect(throws: ConsoleFailure.self) {
                    _ = try await scene.asking.network.open(try Scene.request(), on: ServerID(server))
                }
            }
        }
    }

    @Test("who does not read stops the sender after a bound, delays no message of the pool, and gets everything later")
    func holdsTheSender() async throws {
        try await Scene.with { scene in
            let near = try await scene.asking.network.open(try Scene.request(), on: ServerID(2))
            let far = try #require(scene.desk.last)
            let total = 64 * 1_024 * 1_024
            let sent = Count()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    let piece = [UInt8](repeating: 7, count: 64 * 1_024)
                    while sent.value < total {
                        try await far.write(piece)
                        sent.add(piece.count)
                    }
                }
                // Heartbeats go on while the console is stuck; what has left by then is what sockets and streams hold.
                for _ in 0..<20 { try await scene.showing.reaches(scene.asking) }
                let stuck = sent.value
                for _ in 0..<20 { try await scene.showing.reaches(scene.asking) }
                #expect(sent.value < total, "\(stuck) bytes left")

                var read = 0
                while read < total, let bytes = try await near.read() { read += bytes.count }
                #expect(read == total)
                try await group.waitForAll()
            }
            near.close(nil)
        }
    }

    @Test("one console too many is refused in words, and there is room again once another has ended")
    func bounded() async throws {
        var limits = PeerLimits.patient
        limits.consoles = 2
        try await Scene.with(limits: limits) { scene in
            let first = try await scene.asking.network.open(try Scene.request(), on: ServerID(2))
            let second = try await scene.asking.network.open(try Scene.request(.display), on: ServerID(2))
            await #expect(
                throws: ConsoleFailure.tooMany(cause: "The server that runs the virtual machine shows 2 consoles already.")
            ) {
                _ = try await scene.asking.network.open(try Scene.request(), on: ServerID(2))
            }
            first.close(nil)
            var third: (any ConsoleStream)?
            try await eventually("there is no room") {
                do {
                    third = try await scene.asking.network.open(try Scene.request(), on: ServerID(2))
                } catch { return false }
                return true
            }
            second.close(nil)
            third?.close(nil)
        }
    }

    @Test("a call comes first or not at all, from a member, in its own name, in its own pool")
    func admits() async throws {
        try await Scene.with { scene in
            let frames: [(number: UInt64, frames: [PeerFrame])] = [
                (1, [try scene.call(as: 2)]), (1, [try scene.call(as: 1, pool: LaboratoryPool.second)]), (3, [try scene.call(as: 3)]),
                (1, [.hello(PeerHello(pool: scene.pool.id, server: ServerID(1), channel: .bulk)), try scene.call(as: 1)]),
                (1, [.consoleBytes([1])]), (1, [.consoleAccepted]), (1, [.consoleEnd(nil)]),
            ]
            for (number, frames) in frames {
                let end = try await scene.intruder(number)
                for frame in frames { try end.send(frame) }
                try await eventually("\(frames) did not end the connection: \(scene.showing.log.text)") { end.isClosed }
            }
            #expect(scene.desk.requests.isEmpty)
        }
    }

    @Test("garbage on a console's connection costs that connection, and the console is told; the pool's connections stand")
    func garbage() async throws {
        let hostile: [@Sendable (FrameChannel) throws -> Void] = [
            { $0.send(length: 3, [255, 255, 255]) }, { $0.send(length: 1 << 30, [1]) }, { try $0.send(.goodbye) },
            { try $0.send(.consoleAccepted) }, { try $0.send(.message(urgent(1))) },
        ]
        try await Scene.with { scene in
            for (number, send) in hostile.enumerated() {
                let end = try await scene.intruder()
                try end.send(try scene.call(as: 1))
                try await eventually("the console was not opened") { end.frames == [.consoleAccepted] }
                let far = try #require(scene.desk.last)
                try send(end)

                await #expect(throws: ConsoleFailure.self, "\(number)") { _ = try await far.read() }
                try await eventually("\(number) did not end the connection") { end.isClosed }
            }
            try await scene.asking.reaches(scene.showing)
        }
    }
}
