import AgentPorts
import ArgumentParser
import Foundation

/// Standard input and output as one end of a console.
final class TerminalConsole: ConsoleStream {
    /// Ctrl-].
    private static let escape: UInt8 = 0x1D
    private static let pieceBytes = 4_096

    /// Whether a person types: standard input is a terminal.
    let isInteractive = isatty(STDIN_FILENO) == 1

    private let saved: termios?
    private let pieces: AsyncStream<[UInt8]>
    private let typed: AsyncStream<[UInt8]>.Continuation
    /// Pieces that may be read ahead.
    private let demand = DispatchSemaphore(value: 0)
    /// Blocking writes have a thread of their own: a terminal may stand still.
    private let output = DispatchQueue(label: "ovm.console.output")

    /// - Throws: `ExitCode(1)`, with the cause on standard error.
    init() throws {
        var settings = termios()
        if isInteractive {
            guard tcgetattr(STDIN_FILENO, &settings) == 0 else {
                Console.complain("The terminal does not tell its settings: \(String(cString: strerror(errno))). Use another one.")
                throw ExitCode(1)
            }
        }
        saved = isInteractive ? settings : nil
        (pieces, typed) = AsyncStream.makeStream(of: [UInt8].self)
    }

    /// Hands every key to the guest from here on, and begins to read.
    func enterRawMode() throws {
        if var raw = saved {
            cfmakeraw(&raw)
            guard tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0 else {
                Console.complain("The terminal takes no raw mode: \(String(cString: strerror(errno))). Use another one.")
                throw ExitCode(1)
            }
        }
        // Ends with the process at the latest: a blocking read cannot be called back, and a descriptor of the shell must not be
        // made non-blocking.
        let (typed, demand, isInteractive) = (typed, demand, isInteractive)
        // Not by its first value: a semaphore that is let go below that ends the process.
        demand.signal()
        Thread.detachNewThread {
            while true {
                demand.wait()
                var bytes = [UInt8](repeating: 0, count: Self.pieceBytes)
                let count = Foundation.read(STDIN_FILENO, &bytes, bytes.count)
                if count < 0, errno == EINTR { continue }
                // The end of a file that is piped in is not the console's end; that of a terminal is.
                guard count > 0 else { return isInteractive ? typed.finish() : () }
                typed.yield(Array(bytes[..<count]))
            }
        }
    }

    /// Gives the terminal back as it was found.
    func leaveRawMode() {
        guard var saved else { return }
        tcsetattr(STDIN_FILENO, TCSADRAIN, &saved)
    }

    func read() async throws(ConsoleFailure) -> [UInt8]? {
        for await piece in pieces {
            demand.signal()
            guard isInteractive, let end = piece.firstIndex(of: Self.escape) else { return piece }
            // What was typed before it still goes out; then the stream is at its end.
            typed.finish()
            if end > 0 { return Array(piece[..<end]) }
            return nil
        }
        return nil
    }

    func write(_ bytes: [UInt8]) async throws(ConsoleFailure) {
        let isWritten = await withCheckedContinuation { continuation in
            output.async { continuation.resume(returning: Self.writeAll(bytes)) }
        }
        guard isWritten else { throw .lost(cause: "Nobody takes what the console prints.") }
    }

    func close(_ cause: ConsoleFailure?) { typed.finish() }

    private static func writeAll(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
