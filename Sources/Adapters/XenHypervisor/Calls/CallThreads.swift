import Foundation
import Synchronization

/// Threads for calls that block: at most so many at a time, the others wait, and where too many wait a call is refused.
///
/// A thread lasts for one call. A call that hangs holds one thread for ever, and nothing else: the others go on.
package final class CallThreads: Sendable {
    private struct State {
        var running = 0
        var waiting: [@Sendable () -> Void] = []
    }

    private let most: Int
    private let mostWaiting: Int
    private let state = Mutex(State())

    /// Bytes of a thread's stack, of which libxl uses a part.
    private static let stackBytes = 4 * 1_024 * 1_024

    package init(most: Int, mostWaiting: Int) {
        self.most = most
        self.mostWaiting = mostWaiting
    }

    /// Runs `job` on a thread of its own, now or when one is free.
    ///
    /// - Returns: false when too many wait already; `job` is then never run.
    func submit(_ job: @escaping @Sendable () -> Void) -> Bool {
        enum Way { case now, later, never }
        let way: Way = state.withLock { state in
            if state.running < most {
                state.running += 1
                return .now
            }
            guard state.waiting.count < mostWaiting else { return .never }
            state.waiting.append(job)
            return .later
        }
        if way == .now { start(job) }
        return way != .never
    }

    private func start(_ job: @escaping @Sendable () -> Void) {
        let thread = Thread {
            var next: (@Sendable () -> Void)? = job
            while let now = next {
                now()
                next = self.takeNext()
            }
        }
        thread.stackSize = Self.stackBytes
        thread.name = "ovm.xen"
        thread.start()
    }

    private func takeNext() -> (@Sendable () -> Void)? {
        state.withLock { state in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.running -= 1
            return nil
        }
    }
}
