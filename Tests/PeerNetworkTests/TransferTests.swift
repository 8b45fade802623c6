import AgentCore
import AgentPorts
import NIOCore
import OpenSSLTransport
import PoolModel
import Synchronization
import Testing
import WireFormat

@testable import PeerNetwork

/// Two agents, the first of which sends and the second receives, and a third member.
private struct Scene {
    let pool: LaboratoryPool
    let sending: TestAgent
    let receiving: TestAgent
    let third: TestAgent

    static func with(limits: PeerLimits = .patient, _ body: (Scene) async throws -> Void) async throws {
        let pool = try LaboratoryPool()
        var agents: [TestAgent] = []
        for number in 1...3 as ClosedRange<UInt64> { agents.append(try await TestAgent.start(number, of: pool, limits: limits)) }
        for agent in agents { try agent.knows(agents) }
        for agent in agents[1...] { try await agents[0].connects(to: agent) }
        try await body(Scene(pool: pool, sending: agents[0], receiving: agents[1], third: agents[2]))
        for agent in agents { await agent.network.close() }
    }

    static func transfer(with peer: UInt64, machine: UInt64 = 7, epoch: UInt64 = 4) throws -> DomainTransfer {
        DomainTransfer(
            machine: VirtualMachineID(machine), name: try #require(VirtualMachineName("web01")), epoch: PlacementEpoch(epoch),
            peer: ServerID(peer), isLive: true, bandwidth: nil, memory: Mebibytes(128))
    }

    /// Both ends of a way.
    func way(machine: UInt64 = 7) async throws -> (near: any TransferStream, far: any TransferStream) {
        let (there, here) = (try Self.transfer(with: 2, machine: machine), try Self.transfer(with: 1, machine: machine))
        async let far = receiving.network.awaitTransfer(here)
        return (try await sending.network.openTransfer(there), try await far)
    }

    /// The far end of a connection that a test drives itself.
    func intruder(_ number: UInt64 = 1) async throws -> FrameChannel {
        try await FrameChannel.connect(to: receiving, try pool.context(pool.server(number)))
    }

    func call(as number: UInt64, pool other: PoolID? = nil, machine: UInt64 = 7, version: UInt32 = WireVersion.frames) -> PeerFrame {
        .transferCall(
            PeerTransferCall(
                pool: other ?? pool.id, server: ServerID(number), machine: VirtualMachineID(machine), epoch: PlacementEpoch(4),
                wireVersion: version))
    }

    /// What a call is answered with.
    func answer(to number: UInt64, machine: UInt64 = 7) async throws -> (end: FrameChannel, frame: PeerFrame?) {
        let end = try await intruder(number)
        try end.send(call(as: number, machine: machine))
        try await eventually("no answer: \(receiving.log.text)") { !end.frames.isEmpty || end.isClosed }
        return (end, end.frames.first)
    }
}

/// Counts.
private final class Count: Sendable {
    private let count = Mutex(0)
    var value: Int { count.withLock { $0 } }
    func add(_ more: Int) { count.withLock { $0 += more } }
}

extension PeerLimits {
    /// Times of transfers that a test waits for.
    fileprivate static func brief(meeting: Duration = .seconds(60), standstill: Duration = .seconds(60)) -> PeerLimits {
        var limits = PeerLimits.patient
        limits.transferMeeting = meeting
        limits.transferStandstill = standstill
        return limits
    }
}

/// Why something failed; nil where it did not.
private func failure<Value>(_ body: () async throws -> Value) async -> String? {
    do {
        _ = try await body()
        return nil
    } catch {
        return (error as? TransferFailure)?.cause ?? "\(error)"
    }
}

@Suite("domains' memory between agents", .timeLimit(.minutes(2))) struct TransferTests {
    @Test("all bytes arrive as they are, whatever the sizes of their pieces; the sender is done once the receiver has taken them")
    func carries() async throws {
        try await Scene.with { scene in
            let (near, far) = try await scene.way()
            let sizes = [1, 65_536, 65_537, 300_000, 7, 1_000_000]
            let finished = Count()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for (number, size) in sizes.enumerated() { try await near.write([UInt8](repeating: UInt8(number), count: size)) }
                    try await near.finish()
                    finished.add(1)
                }
                var counts = [Int](repeating: 0, count: sizes.count)
                var last: UInt8 = 0
                while counts.reduce(0, +) < sizes.reduce(0, +) {
                    let bytes = try #require(try await far.read())
                    #expect(bytes.count <= TransferLimits.pieceBytes)
                    for byte in bytes {
                        #expect(byte >= last)
                        last = byte
                        counts[Int(byte)] += 1
                    }
                }
                #expect(counts == sizes)
                // The last word is the reader's.
                #expect(finished.value == 0)
                #expect(try await far.read() == nil)
                try await group.waitForAll()
            }
            #expect(finished.value == 1)
            #expect(await failure { try await near.write([1]) } == "The transfer is over.")
            near.close(nil)
            far.close(nil)
            try await eventually("the connection stays") { await scene.receiving.transfers == 0 }
            try await eventually("the other end stays") { await scene.sending.sentTransfers == 0 }
        }
    }

    @Test("much is carried while the pool's own messages go on, and a receiver that is behind stops the sender")
    func carriesMuch() async throws {
        try await Scene.with { scene in
            let (near, far) = try await scene.way()
            let total = 256 << 20
            let sent = Count()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    let piece = [UInt8](repeating: 7, count: 256 * 1_024)
                    for _ in 0..<(total / piece.count) {
                        try await near.write(piece)
                        sent.add(piece.count)
                    }
                    try await near.finish()
                }
                // Nobody reads: what has left by then is what sockets and streams hold.
                for _ in 0..<20 { try await scene.sending.reaches(scene.receiving) }
                #expect(sent.value < total)
                let start = ContinuousClock.now
                var read = 0
                while let bytes = try await far.read() { read += bytes.count }
                let seconds = (ContinuousClock.now - start) / .seconds(1)
                #expect(read == total)
                try await group.waitForAll()
                print("transfer over loopback: \(Int(Double(total >> 20) / seconds)) MiB/s")
            }
            near.close(nil)
        }
    }

    @Test("whoever is first waits for the other: the caller, or who awaits the call")
    func waits() async throws {
        try await Scene.with { scene in
            let (there, here) = (try Scene.transfer(with: 2), try Scene.transfer(with: 1))
            async let near = scene.sending.network.openTransfer(there)
            try await eventually("no call") { await scene.receiving.waitingCalls == 1 }
            let far = try await scene.receiving.network.awaitTransfer(here)
            let stream = try await near
            try await stream.write([1])
            #expect(try await far.read() == [1])

            let (second, back) = (try Scene.transfer(with: 1, machine: 8), try Scene.transfer(with: 2, machine: 8))
            async let other = scene.receiving.network.awaitTransfer(second)
            try await eventually("it is not awaited") { await scene.receiving.awaitedTransfers == 1 }
            let begun = try await scene.sending.network.openTransfer(back)
            try await begun.write([2])
            #expect(try await other.read() == [2])
        }
    }

    @Test("nobody waits for ever: both ends say after the bound who did not come")
    func meets() async throws {
        try await Scene.with(limits: .brief(meeting: .milliseconds(300))) { scene in
            let (there, here) = (try Scene.transfer(with: 2), try Scene.transfer(with: 1))

            let sender = await failure { try await scene.sending.network.openTransfer(there) }
            let receiver = await failure { try await scene.receiving.network.awaitTransfer(here) }

            #expect(sender == "Server server2 ended the transfer: It was not told to receive this domain within 0 s.")
            #expect(receiver == "Server server1, which is to send the domain, did not begin to within 0 s.")
            #expect(await scene.receiving.waitingCalls == 0)
            #expect(await scene.receiving.awaitedTransfers == 0)
            try await scene.sending.reaches(scene.receiving)
        }
    }

    @Test("a server that is not known or does not answer is said so, and a wait that is cancelled ends")
    func unreachable() async throws {
        try await Scene.with { scene in
            let there = try Scene.transfer(with: 2)
            let unknown = try Scene.transfer(with: 9)
            #expect(
                await failure { try await scene.sending.network.openTransfer(unknown) }
                    == "This agent knows no address of server 9, which is to receive the domain.")

            let network = scene.sending.network
            let calling = Task { await failure { try await network.openTransfer(there) } }
            try await eventually("no call") { await scene.receiving.waitingCalls == 1 }
            calling.cancel()
            #expect(await calling.value == "The transfer was given up before it began.")
            try await eventually("the call stays") { await scene.receiving.waitingCalls == 0 }

            let other = scene.receiving.network
            let here = try Scene.transfer(with: 1)
            let waiting = Task { await failure { try await other.awaitTransfer(here) } }
            try await eventually("it is not awaited") { await scene.receiving.awaitedTransfers == 1 }
            waiting.cancel()
            #expect(await waiting.value == "The transfer was given up before it began.")

            let again = Task { await failure { try await other.awaitTransfer(here) } }
            try await eventually("it is not awaited") { await scene.receiving.awaitedTransfers == 1 }
            await other.close()
            #expect(await again.value == "This agent is stopping.")
            let lost = try #require(await failure { try await scene.sending.network.openTransfer(there) })
            #expect(lost.hasPrefix("Server server2, which is to receive the domain, cannot be reached: "))
            #expect(await scene.sending.sentTransfers == 0)
        }
    }

    @Test("an end that fails, dies or is cut off is told to the other with its cause, in the middle of everything")
    func breaks() async throws {
        try await Scene.with { scene in
            let (near, far) = try await scene.way()
            try await near.write([1])
            #expect(try await far.read() == [1])
            far.close(TransferFailure("There is no memory."))
            var told: String?
            while told == nil { told = await failure { try await near.write([2]) } }
            #expect(told == "Server server2 ended the transfer: There is no memory.")

            let second = try await scene.way(machine: 8)
            second.near.close(TransferFailure("The move was cancelled."))
            #expect(await failure { try await second.far.read() } == "Server server1 ended the transfer: The move was cancelled.")

            async let third = scene.receiving.network.awaitTransfer(try Scene.transfer(with: 1, machine: 9))
            let intruder = try await scene.answer(to: 1, machine: 9).end
            try intruder.send(.transferBytes([1, 2]))
            let stream = try await third
            #expect(try await stream.read() == [1, 2])
            try await intruder.cut()
            let cut = try #require(await failure { try await stream.read() })
            #expect(cut.hasPrefix("The connection with server server1 broke"), "\(cut)")
        }
    }

    @Test("what has come whole can be read although the connection has gone; a part of it is never taken for the whole")
    func keepsWhatIsWhole() async throws {
        try await Scene.with { scene in
            for (machine, isWhole) in [(8, true), (9, false)] as [(UInt64, Bool)] {
                async let awaited = scene.receiving.network.awaitTransfer(try Scene.transfer(with: 1, machine: machine))
                let end = try await scene.answer(to: 1, machine: machine).end
                let far = try await awaited
                for number in 1...3 as ClosedRange<UInt8> { try end.send(.transferBytes([number])) }
                if isWhole { try end.send(.transferEnd(nil)) }
                #expect(try await far.read() == [1])
                try await end.cut()
                try await eventually("it stays") { await scene.receiving.transfers == 0 }

                if isWhole {
                    #expect(try await far.read() == [2])
                    #expect(try await far.read() == [3])
                    #expect(try await far.read() == nil)
                } else {
                    #expect(await failure { while try await far.read() != nil {} } != nil)
                }
            }
        }
    }

    @Test("a reader whose task is cancelled closes the stream")
    func cancelled() async throws {
        try await Scene.with { scene in
            let (near, far) = try await scene.way()
            let reading = Task { await failure { try await far.read() } }
            reading.cancel()
            #expect(await reading.value != nil)
            var told: String?
            while told == nil { told = await failure { try await near.write([2]) } }
            #expect(told == "Server server2 ended the transfer: The agent at the other end is stopping.")
        }
    }

    @Test("two calls for one attempt: the second is refused, and the first goes on")
    func refusesTheSecond() async throws {
        try await Scene.with { scene in
            let (near, far) = try await scene.way()
            let (end, frame) = try await scene.answer(to: 1)

            #expect(frame == .transferEnd(TransferFailure("It has a connection for this domain already.")))
            try await eventually("it stays") { end.isClosed }
            try await near.write([5])
            #expect(try await far.read() == [5])

            // The same of two that both wait.
            let waiting = try await scene.intruder()
            try waiting.send(scene.call(as: 1, machine: 8))
            try await eventually("no call") { await scene.receiving.waitingCalls == 1 }
            #expect(
                try await scene.answer(to: 1, machine: 8).frame
                    == .transferEnd(TransferFailure("It has a connection for this domain already.")))
            #expect(await scene.receiving.waitingCalls == 1)
        }
    }

    @Test("a member that is not the one that sends is refused, whoever came first, and keeps the right one from nothing")
    func refusesTheWrongOne() async throws {
        try await Scene.with { scene in
            let refusal = PeerFrame.transferEnd(TransferFailure("It is to receive this domain from another server."))
            let (there, here) = (try Scene.transfer(with: 2), try Scene.transfer(with: 1))
            let early = try await scene.intruder(3)
            try early.send(scene.call(as: 3))
            try await eventually("no call") { await scene.receiving.waitingCalls == 1 }

            async let far = scene.receiving.network.awaitTransfer(here)
            try await eventually("the wrong one was not refused") { early.frames == [refusal] && early.isClosed }
            #expect(try await scene.answer(to: 3).frame == refusal)
            let near = try await scene.sending.network.openTransfer(there)
            try await near.write([5])
            #expect(try await far.read() == [5])
        }
    }

    @Test("one too many is refused in words at either end, and there is room again once another has ended")
    func bounded() async throws {
        var limits = PeerLimits.patient
        limits.transfers = 1
        try await Scene.with(limits: limits) { scene in
            let (near, far) = try await scene.way()
            let more = try Scene.transfer(with: 2, machine: 8)
            #expect(await failure { try await scene.sending.network.openTransfer(more) } == "This server sends 1 domains already.")
            #expect(
                try await scene.answer(to: 3, machine: 9).frame == .transferEnd(TransferFailure("It receives 1 domains already.")))

            near.close(nil)
            far.close(nil)
            try await eventually("there is no room") {
                let counts = await (scene.receiving.transfers, scene.sending.sentTransfers)
                return counts == (0, 0)
            }
            let second = try await scene.way(machine: 8)
            second.near.close(nil)
        }
    }

    @Test("a call comes first or not at all, from a member, in its own name, in its own pool")
    func admits() async throws {
        try await Scene.with { scene in
            let hello = PeerFrame.hello(PeerHello(pool: scene.pool.id, server: ServerID(1), channel: .bulk))
            let frames: [(number: UInt64, frames: [PeerFrame])] = [
                (1, [scene.call(as: 2)]), (1, [scene.call(as: 1, pool: LaboratoryPool.second)]), (4, [scene.call(as: 4)]),
                (1, [hello, scene.call(as: 1)]), (1, [.transferBytes([1])]), (1, [.transferAccepted]), (1, [.transferEnd(nil)]),
                (1, [scene.call(as: 1, version: 0)]),
            ]
            for (number, frames) in frames {
                let end = try await scene.intruder(number)
                for frame in frames { try end.send(frame) }
                try await eventually("\(frames) did not end the connection: \(scene.receiving.log.text)") { end.isClosed }
            }
            #expect(await scene.receiving.waitingCalls == 0)
        }
    }

    @Test("garbage after a call costs that connection, and whoever receives is told; the pool's connections stand")
    func garbage() async throws {
        let hostile: [@Sendable (FrameChannel) throws -> Void] = [
            { $0.send(length: 3, [255, 255, 255]) }, { $0.send(length: 1 << 30, [1]) }, { $0.send(length: 128 * 1_024, [1]) },
            { try $0.send(.goodbye) }, { try $0.send(.transferAccepted) }, { try $0.send(.message(urgent(1))) },
            { try $0.send(.consoleBytes([1])) },
            {
                try $0.send(.transferEnd(nil))
                try $0.send(.transferBytes([1]))
            },
            {
                try $0.send(.transferEnd(nil))
                try $0.send(.transferEnd(nil))
            },
        ]
        try await Scene.with { scene in
            for (number, send) in hostile.enumerated() {
                let machine = UInt64(10 + number)
                async let awaited = scene.receiving.network.awaitTransfer(try Scene.transfer(with: 1, machine: machine))
                let (end, frame) = try await scene.answer(to: 1, machine: machine)
                #expect(frame == .transferAccepted)
                let far = try await awaited
                try send(end)

                try await eventually("\(number) did not end the connection") { end.isClosed }
                #expect(await failure { try await far.read() } != nil, "\(number)")
            }
            try await scene.sending.reaches(scene.receiving)
        }
    }

    @Test("a call that waits costs a bounded amount of memory, however much is sent after it")
    func boundsWhatWaits() async throws {
        try await Scene.with(limits: .brief(meeting: .seconds(5))) { scene in
            let end = try await scene.intruder()
            try end.send(scene.call(as: 1))
            try await eventually("no call") { await scene.receiving.waitingCalls == 1 }
            let piece = [UInt8](repeating: 7, count: TransferLimits.pieceBytes)
            for _ in 0..<1_024 { try end.send(.transferBytes(piece)) }
            for _ in 0..<20 { try await scene.sending.reaches(scene.receiving) }

            // The socket takes no more than the two ends hold: the rest is here.
            #expect(!end.channel.isWritable)
            try await eventually("it was not refused") { end.isClosed }
        }
    }

    @Test("a receiver that takes nothing, and a sender that sends nothing, is given up after the bound")
    func standsStill() async throws {
        try await Scene.with(limits: .brief(standstill: .milliseconds(600))) { scene in
            let (near, far) = try await scene.way()
            let piece = [UInt8](repeating: 7, count: 256 * 1_024)
            var told: String?
            while told == nil { told = await failure { try await near.write(piece) } }
            #expect(told == "Server server2 has taken nothing for 0 s.")
            withExtendedLifetime(far) {}

            async let awaited = scene.receiving.network.awaitTransfer(try Scene.transfer(with: 1, machine: 8))
            let end = try await scene.answer(to: 1, machine: 8).end
            let silent = try await awaited
            let silence = await failure { try await silent.read() }
            #expect(silence == "Server server1 has sent nothing for 0 s, nor said that it will.")
            try await eventually("it stays") { end.isClosed }
        }
    }

    @Test("a sender with nothing to send says that it is there, for as long as it takes")
    func saysThatItIsThere() async throws {
        let limits = PeerLimits.brief(standstill: .milliseconds(600))
        try await Scene.with(limits: limits) { scene in
            let stand = try await StandIn.start(scene.pool.context(scene.pool.server(5))) { end, frame in
                if case .transferCall = frame { try? end.send(.transferAccepted) }
            }
            scene.sending.network.setPeers([try stand.description(as: 5)], admittingFrom: ServerID(.max))
            let near = try await scene.sending.network.openTransfer(try Scene.transfer(with: 5))

            // More of them than there is room for before the bound.
            try await eventually("it says nothing") {
                stand.ends.contains { end in end.frames.count { $0 == .transferBytes([]) } > 8 }
            }

            try await near.write([1])
            try await eventually("it does not go on") { stand.ends.contains { $0.frames.contains(.transferBytes([1])) } }
            near.close(nil)
            await stand.close()
        }
    }
}

extension TestAgent {
    fileprivate var waitingCalls: Int { get async { await network.board.calls.count } }
    fileprivate var awaitedTransfers: Int { get async { await network.board.awaited.count } }
    fileprivate var transfers: Int { get async { await network.connections.values.count { $0.transfer != nil } } }
    fileprivate var sentTransfers: Int { get async { await network.board.sending } }
}
