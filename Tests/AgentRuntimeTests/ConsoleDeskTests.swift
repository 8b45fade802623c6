import AgentCore
import AgentPorts
import Logging
import PoolModel
import Synchronization
import Testing

@testable import AgentRuntime

/// A console whose far end is the test.
private final class FakeConsole: ConsoleStream {
    private let prints: AsyncStream<[UInt8]>
    private let printing: AsyncStream<[UInt8]>.Continuation
    private let state = Mutex((typed: [UInt8](), isClosed: false))

    var typed: String { state.withLock { String(decoding: $0.typed, as: UTF8.self) } }
    var isClosed: Bool { state.withLock { $0.isClosed } }

    init() { (prints, printing) = AsyncStream.makeStream(of: [UInt8].self) }

    func print(_ text: String) { printing.yield(Array(text.utf8)) }
    func print(_ bytes: [UInt8]) { printing.yield(bytes) }
    func end() { printing.finish() }

    func read() async throws(ConsoleFailure) -> [UInt8]? {
        for await bytes in prints { return bytes }
        return nil
    }

    func write(_ bytes: [UInt8]) async throws(ConsoleFailure) { state.withLock { $0.typed += bytes } }

    func close(_ cause: ConsoleFailure?) {
        state.withLock { $0.isClosed = true }
        printing.finish()
    }
}

/// A host with one domain, and the network of a pool.
private final class FakeHost: HypervisorPort, ConsolePort, ConsoleGateway {
    private let state = Mutex((opened: [FakeConsole](), asked: [ServerID](), failure: ConsoleFailure?.none))

    var opened: [FakeConsole] { state.withLock { $0.opened } }
    /// The servers that consoles were wanted of over the network.
    var asked: [ServerID] { state.withLock { $0.asked } }

    func fail(_ failure: ConsoleFailure) { state.withLock { $0.failure = failure } }

    func usage() async throws(HypervisorError) -> [DomainUsage] { [] }

    func listDomains() async throws(HypervisorError) -> [DomainReport] {
        [
            DomainReport(
                domain: 4, name: "web01", uuid: LoopScene.pool, state: .running, memory: Mebibytes(1), virtualCPUs: 1,
                ownership: DomainOwnership(pool: LoopScene.pool, machine: VirtualMachineID(7), epoch: PlacementEpoch(3)))
        ]
    }

    func console(of domain: UInt32, _ kind: ConsoleKind) async throws(ConsoleFailure) -> any ConsoleStream {
        if let failure = state.withLock({ $0.failure }) { throw failure }
        guard domain == 4 else { throw .notRunning(cause: "There is no domain \(domain).") }
        let console = FakeConsole()
        state.withLock { $0.opened.append(console) }
        return console
    }

    func consoleLog(ofDomainNamed name: String) async throws(ConsoleFailure) -> [UInt8] { Array("log of \(name)".utf8) }

    func open(_ request: ConsoleRequest, on server: ServerID) async throws(ConsoleFailure) -> any ConsoleStream {
        state.withLock { $0.asked.append(server) }
        return FakeConsole()
    }

    func send(_ domain: UInt32, _ transfer: DomainTransfer, to stream: any TransferStream) async -> DomainOperationResult {
        .failed(cause: "It moves nothing.")
    }
    func receive(
        _ specification: DomainSpecification, _ transfer: DomainTransfer, from stream: any TransferStream
    ) async -> DomainOperationResult {
        .failed(cause: "It moves nothing.")
    }
    func perform(_ operation: DomainOperation) async -> DomainOperationResult { .failed(cause: "It does nothing.") }
    func facts() async throws(HypervisorError) -> ServerFacts { FakeHypervisor.serverFacts }
    func bootIdentifier() async throws(HypervisorError) -> UniqueIdentifier { LoopScene.pool }
    func hardwareIdentifier() async throws(HypervisorError) -> UniqueIdentifier? { nil }
    func changes() -> AsyncStream<Void> { AsyncStream { $0.finish() } }
}

/// A call whose answer is kept.
private final class FakeCall: ConsoleCall {
    let request: ConsoleRequest
    let caller = ServerID(2)
    let stream = FakeConsole()
    private let state = Mutex((isAccepted: false, refusal: ConsoleFailure?.none))

    var isAccepted: Bool { state.withLock { $0.isAccepted } }
    var refusal: ConsoleFailure? { state.withLock { $0.refusal } }

    init(_ request: ConsoleRequest) { self.request = request }

    func accept() -> any ConsoleStream {
        state.withLock { $0.isAccepted = true }
        return stream
    }
    func refuse(_ failure: ConsoleFailure) { state.withLock { $0.refusal = failure } }
}

@Suite("Consoles of this server's domains", .timeLimit(.minutes(1)))
struct ConsoleDeskTests {
    private let host = FakeHost()

    private func request(_ kind: ConsoleKind = .text, epoch: UInt64 = 3) throws -> ConsoleRequest {
        ConsoleRequest(
            kind, of: VirtualMachineID(7), name: try #require(VirtualMachineName("web01")), epoch: PlacementEpoch(epoch),
            principal: "operator admin")
    }

    private func withDesk(_ body: (ConsoleDesk) async throws -> Void) async throws {
        let desk = ConsoleDesk(
            server: ServerID(1), hypervisor: host, consoles: host, network: host,
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await desk.run() }
            try await body(desk)
            group.cancelAll()
        }
    }

    private func open(_ desk: ConsoleDesk, _ kind: ConsoleKind = .text) async throws -> any ConsoleStream {
        try await desk.open(try request(kind), on: ServerID(1))
    }

    /// Reads as many bytes as `text` has.
    private func read(_ stream: any ConsoleStream, _ text: String) async throws -> String {
        var bytes: [UInt8] = []
        while bytes.count < text.utf8.count, let more = try await stream.read() { bytes += more }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func eventually(_ what: Comment, _ condition: () -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while !condition() {
            guard ContinuousClock.now < deadline else {
                Issue.record(what)
                return
            }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    @Test("all who look at one text console share it: each sees everything, and types into the same line")
    func shares() async throws {
        try await withDesk { desk in
            let first = try await open(desk)
            let second = try await open(desk)
            let console = try #require(host.opened.first)

            console.print("login: ")
            try await first.write(Array("ro".utf8))
            try await second.write(Array("ot".utf8))

            #expect(try await read(first, "login: ") == "login: ")
            #expect(try await read(second, "login: ") == "login: ")
            #expect(console.typed == "root" && host.opened.count == 1)
        }
    }

    @Test("the console closes when the last of them has left, and is opened anew for who comes then")
    func closesAfterTheLast() async throws {
        try await withDesk { desk in
            let first = try await open(desk)
            let second = try await open(desk)
            first.close(nil)
            host.opened[0].print("x")
            #expect(try await read(second, "x") == "x")
            #expect(!host.opened[0].isClosed)
            second.close(nil)
            try await eventually("the console stays open") { host.opened[0].isClosed }

            let third = try await open(desk)
            host.opened[1].print("y")

            #expect(try await read(third, "y") == "y")
        }
    }

    @Test("whoever does not read keeps nobody waiting, loses the oldest, and is told how much in its place")
    func dropsForTheSlow() async throws {
        try await withDesk { desk in
            let slow = try await open(desk)
            let quick = try await open(desk)
            let pieces = 64
            let piece = [UInt8](repeating: UInt8(ascii: "Z"), count: 16 * 1_024)
            for _ in 0..<pieces {
                host.opened[0].print(piece)
                _ = try await read(quick, String(decoding: piece, as: UTF8.self))
            }
            host.opened[0].end()
            var bytes: [UInt8] = []
            while let more = try await slow.read() { bytes += more }

            let text = String(decoding: bytes, as: UTF8.self)
            let lost = try #require(text.firstMatch(of: /\[ovm: ([0-9]+) bytes are missing here/)?.1)
            #expect(Int(lost).map { $0 + text.count(where: { $0 == "Z" }) } == pieces * piece.count, "\(text.prefix(100))")
            #expect(bytes.count <= ConsoleLimits.bufferBytes + 200)
        }
    }

    @Test("a console that ends ends for all, and one that does not open is refused to all")
    func endsForAll() async throws {
        try await withDesk { desk in
            let first = try await open(desk)
            let second = try await open(desk)
            host.opened[0].end()
            #expect(try await first.read() == nil)
            #expect(try await second.read() == nil)

            host.fail(.noConsole(cause: "It has none."))
            for _ in 0..<2 {
                await #expect(throws: ConsoleFailure.noConsole(cause: "It has none.")) { _ = try await open(desk) }
            }
        }
    }

    @Test("only the very placement that was meant has a console here; a log needs none, and ends by itself")
    func findsDomain() async throws {
        try await withDesk { desk in
            await #expect(throws: ConsoleFailure.self) { _ = try await desk.open(try request(epoch: 4), on: ServerID(1)) }
            let log = try await open(desk, .log)

            #expect(try await read(log, "log of web01") == "log of web01")
            #expect(try await log.read() == nil)
            #expect(host.opened.isEmpty && host.asked.isEmpty)
        }
    }

    @Test("a machine elsewhere is asked for over the network; two displays are two connections")
    func elsewhere() async throws {
        try await withDesk { desk in
            _ = try await desk.open(try request(), on: ServerID(3))
            _ = try await open(desk, .display)
            _ = try await open(desk, .display)

            #expect(host.asked == [ServerID(3)] && host.opened.count == 2)
        }
    }

    @Test("another member's call is accepted and joined to the console, or refused with the cause")
    func answersCalls() async throws {
        try await withDesk { desk in
            let call = FakeCall(try request())
            let wrong = FakeCall(try request(epoch: 1))
            desk.received(call)
            desk.received(wrong)
            try await eventually("nobody answers") { call.isAccepted && wrong.refusal != nil }

            call.stream.print("ls\r")
            try await eventually("nothing is typed") { host.opened.first?.typed == "ls\r" }
            host.opened[0].print("a\r\n")
            try await eventually("nothing is printed") { call.stream.typed == "a\r\n" }
            host.opened[0].end()
            try await eventually("the end is not told") { call.stream.isClosed }
        }
    }

    @Test("a desk that has ended keeps nobody waiting: not whoever waits for a console to open, nor who comes later")
    func ends() async throws {
        let desk = ConsoleDesk(
            server: ServerID(1), hypervisor: host, consoles: host, network: host,
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        // Nothing runs yet, so that this one waits.
        async let waiting = open(desk)
        let running = Task { await desk.run() }
        running.cancel()
        await running.value

        do {
            _ = try await waiting
        } catch {
            #expect(error is ConsoleFailure)
        }
        await #expect(throws: ConsoleFailure.lost(cause: "This agent is stopping.")) { _ = try await open(desk) }
    }
}
