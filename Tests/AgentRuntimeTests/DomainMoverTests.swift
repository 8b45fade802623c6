import AgentCore
import AgentPorts
import PoolModel
import PoolStateMachine
import Synchronization
import Testing

@testable import AgentRuntime

/// A stream whose other end is the test.
final class FakeTransfer: TransferStream {
    private struct State {
        var written = 0
        var isFinished = false
        var closings: [TransferFailure?] = []
        var finishFailure: TransferFailure?
    }

    private let state = Mutex(State())
    private let incoming: AsyncStream<[UInt8]>
    private let coming: AsyncStream<[UInt8]>.Continuation

    var written: Int { state.withLock { $0.written } }
    var isFinished: Bool { state.withLock { $0.isFinished } }
    /// What it was closed with, each time.
    var closings: [TransferFailure?] { state.withLock { $0.closings } }

    init(_ pieces: [[UInt8]] = []) {
        (incoming, coming) = AsyncStream.makeStream(of: [UInt8].self)
        for piece in pieces { coming.yield(piece) }
    }

    func failFinish(_ failure: TransferFailure) { state.withLock { $0.finishFailure = failure } }
    func endInput() { coming.finish() }

    func read() async throws(TransferFailure) -> [UInt8]? {
        for await bytes in incoming { return bytes }
        if case .some(.some(let failure)) = closings.first { throw failure }
        return nil
    }

    func write(_ bytes: [UInt8]) async throws(TransferFailure) {
        if case .some(.some(let failure)) = closings.first { throw failure }
        state.withLock { $0.written += bytes.count }
        await Task.yield()
    }

    func finish() async throws(TransferFailure) {
        if let failure = state.withLock({ $0.finishFailure }) { throw failure }
        state.withLock { $0.isFinished = true }
    }

    func close(_ failure: TransferFailure?) {
        state.withLock { $0.closings.append(failure) }
        coming.finish()
    }
}

/// Opens one stream, or none.
private final class FakeWays: TransferPort {
    let stream = FakeTransfer([[1, 2, 3], [4]])
    private let failure: TransferFailure?
    private let waits: Bool
    private let asked = Mutex<[String]>([])

    var calls: [String] { asked.withLock { $0 } }

    init(failure: TransferFailure? = nil, waits: Bool = false) {
        self.failure = failure
        self.waits = waits
    }

    func openTransfer(_ transfer: DomainTransfer) async throws(TransferFailure) -> any TransferStream { try await way("open", transfer) }
    func awaitTransfer(_ transfer: DomainTransfer) async throws(TransferFailure) -> any TransferStream { try await way("await", transfer) }

    private func way(_ word: String, _ transfer: DomainTransfer) async throws(TransferFailure) -> any TransferStream {
        asked.withLock { $0.append("\(word) \(transfer.machine) \(transfer.epoch)") }
        if let failure { throw failure }
        guard waits else { return stream }
        let (never, held) = AsyncStream.makeStream(of: Never.self)
        for await _ in never {}
        withExtendedLifetime(held) {}
        throw TransferFailure("It was given up.")
    }
}

/// A hypervisor that sends until it is told how that ends, and reads until there is nothing more.
private final class MovingHypervisor: HypervisorPort {
    private struct State {
        var asked: [String] = []
        var received: [UInt8] = []
        var result = DomainOperationResult.done
        /// Whether it sends on and on.
        var isEndless = false
        /// Whether it keeps its answer to itself once the stream has failed.
        var holds = false
    }
    private let state = Mutex(State())

    var asked: [String] { state.withLock { $0.asked } }
    var received: [UInt8] { state.withLock { $0.received } }
    var isEndless: Bool {
        get { state.withLock { $0.isEndless } }
        set { state.withLock { $0.isEndless = newValue } }
    }
    var holds: Bool {
        get { state.withLock { $0.holds } }
        set { state.withLock { $0.holds = newValue } }
    }

    init(_ result: DomainOperationResult = .done) { state.withLock { $0.result = result } }

    func send(_ domain: UInt32, _ transfer: DomainTransfer, to stream: any TransferStream) async -> DomainOperationResult {
        state.withLock { $0.asked.append("send \(domain)") }
        do {
            repeat { try await stream.write([1, 2, 3]) } while isEndless && !Task.isCancelled
        } catch {
            while holds { await Task.yield() }
            return .failed(cause: "A pipe broke.")
        }
        return state.withLock { $0.result }
    }

    func receive(
        _ specification: DomainSpecification, _ transfer: DomainTransfer, from stream: any TransferStream
    ) async -> DomainOperationResult {
        state.withLock { $0.asked.append("receive") }
        do {
            while let bytes = try await stream.read() { state.withLock { $0.received += bytes } }
        } catch {
            return .failed(cause: error.cause)
        }
        return state.withLock { $0.result }
    }

    func listDomains() async throws(HypervisorError) -> [DomainReport] { [] }
    func perform(_ operation: DomainOperation) async -> DomainOperationResult { .failed(cause: "It only moves.") }
    func facts() async throws(HypervisorError) -> ServerFacts { FakeHypervisor.serverFacts }
    func usage() async throws(HypervisorError) -> [DomainUsage] { [] }
    func bootIdentifier() async throws(HypervisorError) -> UniqueIdentifier { LoopScene.pool }
    func hardwareIdentifier() async throws(HypervisorError) -> UniqueIdentifier? { nil }
    func changes() -> AsyncStream<Void> { AsyncStream { $0.finish() } }
}

@Suite("Domains that move", .timeLimit(.minutes(1)))
struct DomainMoverTests {
    private static func transfer(bandwidth: Int? = nil) throws -> DomainTransfer {
        DomainTransfer(
            machine: VirtualMachineID(7), name: try #require(VirtualMachineName("web01")), epoch: PlacementEpoch(4), peer: ServerID(2),
            isLive: true, bandwidth: bandwidth, memory: Mebibytes(128))
    }

    private static func sending() throws -> DomainOperation { .sendDomain(domain: 3, try transfer()) }

    private static func receiving() throws -> DomainOperation {
        .receiveDomain(
            DomainSpecification(
                ownership: DomainOwnership(pool: LoopScene.pool, machine: VirtualMachineID(7), epoch: PlacementEpoch(4)),
                name: try #require(VirtualMachineName("web01")), uuid: LoopScene.pool, configuration: "",
                requirements: MachineRequirements(domainType: .pv, memory: Mebibytes(128), virtualCPUs: 1)), try transfer())
    }

    private func perform(
        _ operation: DomainOperation, _ hypervisor: MovingHypervisor, _ ways: FakeWays,
        cancellation: AsyncStream<Never> = AsyncStream { _ in }
    ) async -> DomainOperationResult {
        await DomainMover(hypervisor: hypervisor, transfers: ways).perform(operation, progress: { _ in }, cancellation: cancellation)
    }

    @Test("a send opens the way, and is done once the other end has said that it has all")
    func sends() async throws {
        let (hypervisor, ways) = (MovingHypervisor(), FakeWays())

        let result = await perform(try Self.sending(), hypervisor, ways)

        #expect(result == .done && ways.calls == ["open 7 4"] && hypervisor.asked == ["send 3"])
        #expect(ways.stream.written == 3 && ways.stream.isFinished && ways.stream.closings == [nil])
    }

    @Test("a send whose last bytes nobody takes has failed, although the hypervisor is done")
    func needsTheLastWord() async throws {
        let (hypervisor, ways) = (MovingHypervisor(), FakeWays())
        ways.stream.failFinish(TransferFailure("Server xen2 has taken nothing for 30 s."))

        let result = await perform(try Self.sending(), hypervisor, ways)

        #expect(result == .failed(cause: "Server xen2 has taken nothing for 30 s."))
        #expect(ways.stream.closings == [TransferFailure("Server xen2 has taken nothing for 30 s.")])
    }

    @Test("a receive awaits the way and takes all; a hypervisor that fails says so to the other end")
    func receives() async throws {
        let (hypervisor, ways) = (MovingHypervisor(), FakeWays())
        ways.stream.endInput()
        let result = await perform(try Self.receiving(), hypervisor, ways)

        let (failing, others) = (MovingHypervisor(.failed(cause: "There is no memory.")), FakeWays())
        others.stream.endInput()
        let failure = await perform(try Self.receiving(), failing, others)

        #expect(result == .done && hypervisor.received == [1, 2, 3, 4] && ways.calls == ["await 7 4"] && ways.stream.closings == [nil])
        #expect(failure == .failed(cause: "There is no memory."))
        #expect(others.stream.closings == [TransferFailure("There is no memory.")] && !others.stream.isFinished)
    }

    @Test("without a way the hypervisor is asked for nothing")
    func needsAWay() async throws {
        let (hypervisor, ways) = (MovingHypervisor(), FakeWays(failure: TransferFailure("Nobody answers.")))

        for operation in [try Self.sending(), try Self.receiving()] {
            #expect(await perform(operation, hypervisor, ways) == .failed(cause: "Nobody answers."))
        }

        #expect(hypervisor.asked.isEmpty)
    }

    @Test("a move that is cancelled before it has a way ends, and the hypervisor is asked for nothing")
    func cancelsBefore() async throws {
        let (hypervisor, ways) = (MovingHypervisor(), FakeWays(waits: true))
        let (cancellation, cancelling) = AsyncStream.makeStream(of: Never.self)
        let operation = try Self.sending()

        async let result = perform(operation, hypervisor, ways, cancellation: cancellation)
        try await LoopScene.eventually("the way to be asked for") { ways.calls == ["open 7 4"] }
        cancelling.finish()

        #expect(await result == .failed(cause: "It was given up."))
        #expect(hypervisor.asked.isEmpty)
    }

    @Test("a cancelled move closes the stream, waits for the hypervisor to let go of the domain, and names the cancelling as its cause")
    func cancelsWithin() async throws {
        let (hypervisor, ways) = (MovingHypervisor(), FakeWays())
        hypervisor.isEndless = true
        hypervisor.holds = true
        let (cancellation, cancelling) = AsyncStream.makeStream(of: Never.self)
        let operation = try Self.sending()
        let isOver = Mutex(false)

        async let result = {
            let result = await perform(operation, hypervisor, ways, cancellation: cancellation)
            isOver.withLock { $0 = true }
            return result
        }()
        try await LoopScene.eventually("bytes") { ways.stream.written > 0 }
        cancelling.finish()
        try await LoopScene.eventually("the stream to be closed") { !ways.stream.closings.isEmpty }
        for _ in 0..<1_000 { await Task.yield() }
        #expect(!isOver.withLock { $0 })
        hypervisor.holds = false

        #expect(await result == .failed(cause: "The move was cancelled."))
        #expect(ways.stream.closings.first == TransferFailure("The move was cancelled.") && !ways.stream.isFinished)
    }

    @Test("the loop cancels the operation that the core names and no other, and its end ends all")
    func loopCancels() async throws {
        let (hypervisor, ways) = (MovingHypervisor(), FakeWays())
        hypervisor.isEndless = true
        let scene = try LoopScene(hypervisor: hypervisor, transfers: ways)
        let running = Task { try await scene.loop.run() }
        try await LoopScene.eventually("the agent to serve") { await scene.read() == "" }

        await scene.loop.perform([.perform(DomainOperationID(900), try Self.sending())])
        try await LoopScene.eventually("bytes") { ways.stream.written > 0 }
        await scene.loop.perform([.cancel(DomainOperationID(901))])
        let before = ways.stream.written
        try await LoopScene.eventually("more bytes") { ways.stream.written > before }
        #expect(ways.stream.closings.isEmpty)
        await scene.loop.perform([.cancel(DomainOperationID(900))])
        try await LoopScene.eventually("the stream to be closed") { !ways.stream.closings.isEmpty }
        #expect(ways.stream.closings.first == TransferFailure("The move was cancelled."))
        #expect(await scene.read() == "")

        scene.loop.stop()
        try await running.value
    }

    @Test("the agent's end waits for no move")
    func endsWithTheAgent() async throws {
        let (hypervisor, ways) = (MovingHypervisor(), FakeWays(waits: true))
        let scene = try LoopScene(hypervisor: hypervisor, transfers: ways)
        let running = Task { try await scene.loop.run() }
        try await LoopScene.eventually("the agent to serve") { await scene.read() == "" }

        await scene.loop.perform([.perform(DomainOperationID(900), try Self.receiving())])
        try await LoopScene.eventually("the way to be asked for") { ways.calls == ["await 7 4"] }
        scene.loop.stop()

        try await running.value
        #expect(hypervisor.asked.isEmpty)
    }
}

@Suite("What moves is metered")
struct MeteredTransferTests {
    /// A clock that stands still but for what is slept.
    private final class StillTime: Sendable {
        private let time = Mutex(Duration.zero)
        var now: Duration { time.withLock { $0 } }
        func pass(_ duration: Duration) { time.withLock { $0 += duration } }

        var clock: TransferClock {
            var clock = TransferClock()
            clock.now = { self.now }
            clock.sleep = { self.pass($0) }
            return clock
        }
    }

    @Test("how far it is, is told about once a second and no oftener, each way")
    func tellsProgress() async throws {
        let time = StillTime()
        let told = Mutex<[Int]>([])
        let megabyte = [UInt8](repeating: 7, count: 1 << 20)
        let stream = MeteredTransfer(FakeTransfer([megabyte, megabyte]), at: nil, clock: time.clock) { count in
            told.withLock { $0.append(count) }
        }

        for _ in 0..<25 {
            try await stream.write(megabyte)
            time.pass(.milliseconds(100))
        }
        time.pass(.seconds(1))
        _ = try await stream.read()
        _ = try await stream.read()

        #expect(told.withLock { $0 } == [11, 21, 26])
    }

    @Test("a bound is kept, and a pause of the sender's is not caught up with but for a tenth of a second")
    func keepsBandwidth() async throws {
        let time = StillTime()
        let base = FakeTransfer()
        let stream = MeteredTransfer(base, at: 4, clock: time.clock) { _ in }

        try await stream.write([UInt8](repeating: 7, count: 40 << 20))
        let first = time.now
        time.pass(.seconds(60))
        try await stream.write([UInt8](repeating: 7, count: 4 << 20))
        let second = time.now - first - .seconds(60)

        #expect(base.written == 44 << 20)
        #expect((Duration.milliseconds(9_800)...Duration.seconds(10)).contains(first))
        #expect((Duration.milliseconds(800)...Duration.seconds(1)).contains(second))
    }
}
