import AgentPorts
import PoolModel
import Synchronization

/// Consoles that send back what is typed, and what a test prints.
final class FakeConsoles: ConsoleGateway {
    /// One of them.
    final class Console: ConsoleStream {
        private let prints: AsyncStream<[UInt8]>
        private let printing: AsyncStream<[UInt8]>.Continuation
        private let state = Mutex((isClosed: false, isFlooding: false, taken: 0))

        var isClosed: Bool { state.withLock { $0.isClosed } }
        /// Bytes that whoever looks on was handed.
        var taken: Int { state.withLock { $0.taken } }

        init() { (prints, printing) = AsyncStream.makeStream(of: [UInt8].self) }

        func print(_ text: String) { printing.yield(Array(text.utf8)) }
        func end() { printing.finish() }

        /// Prints without end from here on.
        func flood() {
            state.withLock { $0.isFlooding = true }
            print("x")
        }

        func read() async throws(ConsoleFailure) -> [UInt8]? {
            for await bytes in prints {
                let isFlooding = state.withLock { state in
                    state.taken += bytes.count
                    return state.isFlooding
                }
                if isFlooding { printing.yield([UInt8](repeating: UInt8(ascii: "x"), count: ConsoleLimits.pieceBytes)) }
                return bytes
            }
            return nil
        }

        func write(_ bytes: [UInt8]) async throws(ConsoleFailure) { printing.yield(bytes) }

        func close(_ cause: ConsoleFailure?) {
            state.withLock { $0.isClosed = true }
            printing.finish()
        }
    }

    private let state = Mutex((opened: [(ConsoleRequest, ServerID, Console)](), failure: ConsoleFailure?.none))

    var requests: [ConsoleRequest] { state.withLock { $0.opened.map(\.0) } }
    var servers: [ServerID] { state.withLock { $0.opened.map(\.1) } }
    var opened: [Console] { state.withLock { $0.opened.map(\.2) } }

    func fail(_ failure: ConsoleFailure?) { state.withLock { $0.failure = failure } }

    func open(_ request: ConsoleRequest, on server: ServerID) async throws(ConsoleFailure) -> any ConsoleStream {
        if let failure = state.withLock({ $0.failure }) { throw failure }
        let console = Console()
        state.withLock { $0.opened.append((request, server, console)) }
        if request.kind == .log {
            console.print("caf\u{E9} \u{1B}[1m\n")
            console.end()
        }
        return console
    }
}
