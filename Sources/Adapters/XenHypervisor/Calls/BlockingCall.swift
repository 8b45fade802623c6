import Synchronization

/// Why a blocking call brought no outcome.
package enum CallEnd: Error, Hashable, Sendable {
    /// Every thread hangs, and too many calls wait; it was not made.
    case refused
    /// It was still running when the patience ended; it may end yet.
    case timedOut
    /// The caller stopped waiting; it may end yet.
    case cancelled
}

/// The one outcome of a call that may be over before, or long after, somebody waits for it.
final class CallOutcome<Value: Sendable>: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<Result<Value, CallEnd>, Never>)
        case over(Result<Value, CallEnd>)
    }

    private let state = Mutex(State.open)

    /// Keeps the first outcome; later ones are dropped.
    func finish(_ result: Result<Value, CallEnd>) {
        let waiter: CheckedContinuation<Result<Value, CallEnd>, Never>? = state.withLock { state in
            switch state {
            case .open:
                state = .over(result)
                return nil
            case .awaited(let continuation):
                state = .over(result)
                return continuation
            case .over: return nil
            }
        }
        waiter?.resume(returning: result)
    }

    /// Waits for the outcome; may be called once.
    func wait() async -> Result<Value, CallEnd> {
        await withCheckedContinuation { continuation in
            let early: Result<Value, CallEnd>? = state.withLock { state in
                if case .over(let result) = state { return result }
                state = .awaited(continuation)
                return nil
            }
            if let early { continuation.resume(returning: early) }
        }
    }
}

extension CallThreads {
    /// Runs `work` on a thread, and waits for it no longer than `patience`, nor than the task lives.
    ///
    /// - Parameters:
    ///   - patience: nil waits for ever.
    ///   - onSlow: told every `slowness` while the call runs, with the time since it began.
    package func run<Value: Sendable>(
        patience: Duration?, slowness: Duration, onSlow: @escaping @Sendable (Duration) -> Void, _ work: @escaping @Sendable () -> Value
    ) async throws(CallEnd) -> Value {
        let outcome = CallOutcome<Value>()
        guard submit({ outcome.finish(.success(work())) }) else { throw .refused }
        let result = await withTaskCancellationHandler {
            await withTaskGroup(of: Void.self) { group in
                // The group outlasts neither: a finished outcome ends the wait, and the watch is cancelled with it.
                group.addTask { await Self.watch(outcome, patience: patience, slowness: slowness, onSlow: onSlow) }
                let result = await outcome.wait()
                group.cancelAll()
                return result
            }
        } onCancel: {
            outcome.finish(.failure(.cancelled))
        }
        return try result.get()
    }

    private static func watch<Value>(
        _ outcome: CallOutcome<Value>, patience: Duration?, slowness: Duration, onSlow: @escaping @Sendable (Duration) -> Void
    ) async {
        let begin = ContinuousClock.now
        while !Task.isCancelled {
            let passed = ContinuousClock.now - begin
            let rest = patience.map { min($0 - passed, slowness) } ?? slowness
            do { try await Task.sleep(for: max(rest, .milliseconds(1))) } catch { return }
            let now = ContinuousClock.now - begin
            if let patience, now >= patience {
                outcome.finish(.failure(.timedOut))
                return
            }
            onSlow(now)
        }
    }
}
