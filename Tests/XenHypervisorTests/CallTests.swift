import Dispatch
import Testing
import XenHypervisor

@Suite("Calls that block")
struct CallTests {
    private static func run(_ threads: CallThreads, patience: Duration?, _ work: @escaping @Sendable () -> Int) async throws -> Int {
        try await threads.run(patience: patience, slowness: .seconds(60), onSlow: { _ in }, work)
    }

    @Test("a call that hangs is given up, and the others go on")
    func outlivesHungCall() async throws {
        let threads = CallThreads(most: 2, mostWaiting: 4)
        let release = DispatchSemaphore(value: 0)
        defer { release.signal() }

        await #expect(throws: CallEnd.timedOut) {
            try await Self.run(threads, patience: .milliseconds(20)) {
                release.wait()
                return 1
            }
        }

        for number in 0..<8 { #expect(try await Self.run(threads, patience: .seconds(30), { number }) == number) }
    }

    @Test("where every thread hangs a call waits its turn, and one too many is refused")
    func boundsWaitingCalls() async throws {
        let threads = CallThreads(most: 1, mostWaiting: 1)
        let release = DispatchSemaphore(value: 0)

        for _ in 0..<2 {
            await #expect(throws: CallEnd.timedOut) {
                try await Self.run(threads, patience: .milliseconds(20)) {
                    release.wait()
                    return 1
                }
            }
        }
        await #expect(throws: CallEnd.refused) { try await Self.run(threads, patience: nil) { 3 } }

        release.signal()
        release.signal()
        // The two that were given up have ended, or end now: a place in the queue becomes free.
        var answer: Int?
        while answer == nil {
            do { answer = try await Self.run(threads, patience: nil) { 4 } } catch { await Task.yield() }
        }
        #expect(answer == 4)
    }

    @Test("a caller that is cancelled does not wait for the call")
    func stopsWaiting() async {
        let threads = CallThreads(most: 1, mostWaiting: 1)
        let release = DispatchSemaphore(value: 0)
        defer { release.signal() }
        let caller = Task {
            try await Self.run(threads, patience: nil) {
                release.wait()
                return 1
            }
        }

        caller.cancel()

        await #expect(throws: CallEnd.cancelled) { try await caller.value }
    }

    @Test("a call that is slow is named again and again")
    func namesSlowCall() async throws {
        let threads = CallThreads(most: 1, mostWaiting: 1)
        let release = DispatchSemaphore(value: 0)

        let answer = try await threads.run(patience: nil, slowness: .milliseconds(5), onSlow: { _ in release.signal() }) {
            release.wait()
            release.wait()
            return 5
        }

        #expect(answer == 5)
    }
}
