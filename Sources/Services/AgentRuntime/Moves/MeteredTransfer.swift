import AgentPorts
import PoolModel

/// A stream whose bytes are counted, and slowed down where there is a bound.
actor MeteredTransfer: TransferStream {
    private let base: any TransferStream
    private let progress: @Sendable (Int) -> Void
    private let clock: TransferClock
    private let began: Duration
    private var throttle: TransferThrottle?
    private var bytes = 0
    private var toldAt: Duration

    /// - Parameters:
    ///   - bandwidth: at most so many MiB a second are written; nil for no bound.
    ///   - progress: told the MiB so far, about once a second while bytes move.
    init(
        _ base: any TransferStream, at bandwidth: Int?, clock: TransferClock = TransferClock(),
        _ progress: @escaping @Sendable (Int) -> Void
    ) {
        self.base = base
        self.clock = clock
        self.progress = progress
        began = clock.now()
        toldAt = began
        throttle = bandwidth.map { TransferThrottle(bytesPerSecond: max(1, $0) * 1_048_576) }
    }

    func read() async throws(TransferFailure) -> [UInt8]? {
        let bytes = try await base.read()
        if let bytes { count(bytes.count) }
        return bytes
    }

    func write(_ bytes: [UInt8]) async throws(TransferFailure) {
        guard throttle != nil else {
            try await base.write(bytes)
            return count(bytes.count)
        }
        // In pieces, so that a bound of a few MiB a second is kept evenly.
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(TransferLimits.pieceBytes))
            rest = rest.dropFirst(piece.count)
            try await waitForTurn(piece.count)
            try await base.write(piece)
            count(piece.count)
        }
    }

    func finish() async throws(TransferFailure) { try await base.finish() }
    nonisolated func close(_ failure: TransferFailure?) { base.close(failure) }

    private func waitForTurn(_ bytes: Int) async throws(TransferFailure) {
        let pause = throttle?.pause(before: bytes, at: clock.now() - began) ?? .zero
        guard pause > .zero else { return }
        do {
            try await clock.sleep(pause)
        } catch {
            // A cancelled caller closes the stream.
            base.close(TransferFailure("The agent at the other end is stopping."))
            throw TransferFailure("The agent stopped waiting.")
        }
    }

    private func count(_ more: Int) {
        bytes += more
        let now = clock.now()
        guard now - toldAt >= .seconds(1) else { return }
        toldAt = now
        progress(bytes >> 20)
    }
}

/// What a transfer is timed by.
struct TransferClock: Sendable {
    /// The time since some moment of this process.
    var now: @Sendable () -> Duration
    var sleep: @Sendable (Duration) async throws -> Void

    /// This machine's.
    init() {
        let start = ContinuousClock.now
        now = { ContinuousClock.now - start }
        sleep = { try await Task.sleep(for: $0) }
    }
}

/// A bucket of tokens: how long to wait so that no more than a bound is sent in any stretch of time, but for a tenth of a second's worth.
struct TransferThrottle: Sendable {
    private let bytesPerSecond: Int
    /// When what was admitted so far has been sent at the bound.
    private var paidUntil = Duration.zero

    /// What may be caught up after a pause of the sender's.
    private static let burst = Duration.milliseconds(100)

    /// - Precondition: `bytesPerSecond` is above zero.
    init(bytesPerSecond: Int) {
        precondition(bytesPerSecond > 0, "a transfer was bounded to \(bytesPerSecond) bytes a second")
        self.bytesPerSecond = bytesPerSecond
    }

    /// - Parameter now: since the beginning.
    mutating func pause(before bytes: Int, at now: Duration) -> Duration {
        paidUntil = max(paidUntil, now - Self.burst)
        let pause = max(.zero, paidUntil - now)
        paidUntil += .seconds(1) * bytes / bytesPerSecond
        return pause
    }
}
