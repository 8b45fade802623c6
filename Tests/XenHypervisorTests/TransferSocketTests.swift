import AgentCore
import AgentPorts
import Foundation
import Synchronization
import Testing

@testable import XenHypervisor

/// A stream that keeps what is written, or brings so many bytes.
private final class Stream: TransferStream {
    private struct State {
        var written = 0
        var sum = 0
        var rest: Int
        var failure: TransferFailure?
        var failsAfter: Int?
        var isHeld = false
    }

    private let state: Mutex<State>
    private let breaks = AsyncStream.makeStream(of: Never.self)

    var written: (count: Int, sum: Int) { state.withLock { ($0.written, $0.sum) } }

    /// - Parameters:
    ///   - brings: bytes that it brings.
    ///   - failsAfter: bytes after which it fails; nil: never.
    ///   - holds: whether it waits in place of ending or failing, until it is closed.
    init(brings: Int = 0, failsAfter: Int? = nil, holds: Bool = false) {
        state = Mutex(State(rest: brings, failsAfter: failsAfter, isHeld: holds))
    }

    func read() async throws(TransferFailure) -> [UInt8]? {
        let count = state.withLock { state in
            let count = min(state.rest, 100_000)
            state.rest -= count
            return count
        }
        if count > 0 { return [UInt8](repeating: 3, count: count) }
        try await hold()
        if let failure = state.withLock({ $0.failure }) { throw failure }
        return nil
    }

    func write(_ bytes: [UInt8]) async throws(TransferFailure) {
        let isOver = state.withLock { state in
            if let most = state.failsAfter, state.written + bytes.count > most { return true }
            state.written += bytes.count
            state.sum += bytes.reduce(0) { $0 + Int($1) }
            return false
        }
        guard isOver else { return }
        try await hold()
        throw state.withLock { $0.failure } ?? TransferFailure("It broke.")
    }

    private func hold() async throws(TransferFailure) {
        guard state.withLock({ $0.isHeld }) else { return }
        for await _ in breaks.stream {}
        if Task.isCancelled { throw TransferFailure("It was cancelled.") }
    }

    func finish() async throws(TransferFailure) {}

    func close(_ failure: TransferFailure?) {
        state.withLock { $0.failure = $0.failure ?? failure }
        breaks.continuation.finish()
    }
}

/// Runs something that blocks beside the test's own threads.
private func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in Thread { continuation.resume(returning: body()) }.start() }
}

/// What libxl does with its end, in the test's place.
private enum Libxl {
    /// - Returns: bytes written, until an error.
    static func write(_ count: Int, to descriptor: Int32) -> Int {
        let piece = [UInt8](repeating: 2, count: 70_000)
        var written = 0
        while written < count {
            let result = Glibc.send(descriptor, piece, min(piece.count, count - written), Int32(MSG_NOSIGNAL))
            guard result > 0 else { break }
            written += result
        }
        return written
    }

    /// - Returns: bytes read, to the end.
    static func read(from descriptor: Int32) -> Int {
        var buffer = [UInt8](repeating: 0, count: 70_000)
        var total = 0
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return total }
            total += count
        }
    }
}

/// Sockets that this process holds.
private func openSockets() throws -> Set<String> {
    let folder = "/proc/self/fd"
    let links = try FileManager.default.contentsOfDirectory(atPath: folder).compactMap {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")
    }
    return Set(links.filter { $0.hasPrefix("socket:") })
}

@Suite("The sockets of a move", .serialized, .timeLimit(.minutes(1))) struct TransferSocketTests {
    private static let megabytes = 64 << 20

    /// The sockets of the event loops are there before any is counted.
    private func sockets(_ body: () async throws -> Void) async throws {
        _ = await TransferSocket.warm()
        let before = try openSockets()
        try await body()
        let deadline = ContinuousClock.now + .seconds(20)
        while try !openSockets().isSubset(of: before), ContinuousClock.now < deadline { await Task.yield() }
        #expect(try openSockets().isSubset(of: before))
    }

    @Test("all that libxl writes reaches the stream, to the last byte after its call has ended; every socket is closed")
    func sends() async throws {
        try await sockets {
            let stream = Stream()
            let socket = try TransferSocket()
            let result = await TransferCall.run(stream) {
                await socket.pump(to: stream)
            } beside: {
                let count = await onThread {
                    defer { socket.finish() }
                    return Libxl.write(Self.megabytes, to: socket.libxls)
                }
                return count == Self.megabytes ? .done : .failed(cause: "It wrote \(count).")
            }
            #expect(result == .done && stream.written == (Self.megabytes, 2 * Self.megabytes))
        }
    }

    @Test("all that the stream brings reaches libxl, which then reads the end")
    func receives() async throws {
        try await sockets {
            let stream = Stream(brings: Self.megabytes)
            let socket = try TransferSocket()
            let result = await TransferCall.run(stream) {
                await socket.pump(from: stream)
            } beside: {
                let count = await onThread {
                    defer { socket.finish() }
                    return Libxl.read(from: socket.libxls)
                }
                return count == Self.megabytes ? .done : .failed(cause: "It read \(count).")
            }
            #expect(result == .done)
        }
    }

    @Test("a stream that breaks ends libxl's call, and is the cause")
    func streamBreaks() async throws {
        try await sockets {
            for isSending in [true, false] {
                let stream = Stream(brings: 1 << 20, failsAfter: 1 << 20)
                if !isSending { stream.close(TransferFailure("It broke.")) }
                let socket = try TransferSocket()
                let result = await TransferCall.run(stream) {
                    isSending ? await socket.pump(to: stream) : await socket.pump(from: stream)
                } beside: {
                    let count = await onThread {
                        defer { socket.finish() }
                        return isSending ? Libxl.write(Self.megabytes, to: socket.libxls) : Libxl.read(from: socket.libxls)
                    }
                    #expect(count < Self.megabytes)
                    return .failed(cause: "Xen could not go on.")
                }
                #expect(result == .failed(cause: "It broke."))
            }
        }
    }

    @Test("a call that fails ends the pump, also where that waits for the other server, and says so to that")
    func callFails() async throws {
        try await sockets {
            for isSending in [true, false] {
                let stream = Stream(failsAfter: 0, holds: true)
                let socket = try TransferSocket()
                let result = await TransferCall.run(stream) {
                    isSending ? await socket.pump(to: stream) : await socket.pump(from: stream)
                } beside: {
                    defer { socket.finish() }
                    if isSending { _ = await onThread { Libxl.write(1_000, to: socket.libxls) } }
                    return .failed(cause: "There is no memory.")
                }
                #expect(result == .failed(cause: "There is no memory."))
            }
        }
    }

    @Test("a call that says that all is well, though not all was passed on, is not believed")
    func needsBoth() async throws {
        try await sockets {
            let stream = Stream(brings: Self.megabytes)
            let socket = try TransferSocket()
            let result = await TransferCall.run(stream) {
                await socket.pump(from: stream)
            } beside: {
                socket.finish()
                return .done
            }
            #expect(result == .failed(cause: "The memory of a domain broke off on its way to or from Xen."))
        }
    }

    @Test("a task that is cancelled ends the pump, and libxl's end with it")
    func cancelled() async throws {
        try await sockets {
            let socket = try TransferSocket()
            let stream = Stream()
            let task = Task { await socket.pump(to: stream) }
            let writing = Task { await onThread { Libxl.write(1 << 40, to: socket.libxls) } }
            while stream.written.count == 0 { await Task.yield() }
            task.cancel()

            #expect(await task.value == .brokeOff)
            #expect(await writing.value < 1 << 40)
        }
    }

    @Test("no program that is started meanwhile inherits an end")
    func closesOnExec() throws {
        let socket = try TransferSocket()

        #expect(fcntl(socket.libxls, F_GETFD) & FD_CLOEXEC != 0)
        #expect(socket.isClosedOnExec)
    }
}

extension TransferSocket {
    /// Has the event loops make what they need for themselves.
    fileprivate static func warm() async -> PumpEnd? {
        guard let socket = try? TransferSocket() else { return nil }
        socket.finish()
        return await socket.pump(to: Stream())
    }
}
