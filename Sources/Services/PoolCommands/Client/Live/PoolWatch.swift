/// Looks at the pool again whenever it may have changed.
package struct PoolWatch: Sendable {
    private let query: QueryClient
    /// How long from one look to the next; nil to look when the pool tells of an event.
    private let period: Duration?

    /// Not everything that a person sees is an event: free memory, for one, is not.
    private static let longestPause = Duration.seconds(10)
    /// Where the pool's events cannot be read.
    private static let pauseWithoutEvents = Duration.seconds(2)
    /// A burst of events is one change to a person.
    private static let shortestPause = Duration.milliseconds(200)

    package init(_ client: PoolClient, every period: Duration?) {
        query = client.query
        self.period = period
    }

    /// Looks at once, and then again until the task is cancelled.
    ///
    /// - Parameters:
    ///   - look: what it throws first ends the watch; once it has succeeded, a pool without a master does not.
    ///   - trouble: is told what happened instead of a look.
    package func run(
        _ look: @escaping @Sendable () async throws -> Void, trouble: @escaping @Sendable (ClientError) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            // A change that comes while one is looked at is one more look, however many there are.
            let (changes, signal) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
            if let period {
                group.addTask { try await Self.tick(period, signal) }
            } else {
                group.addTask { try await Self.tick(Self.longestPause, signal) }
                group.addTask { try await signalEvents(signal) }
            }
            group.addTask {
                try await look()
                for await _ in changes {
                    do {
                        try await look()
                    } catch let error as ClientError where error.exitCode == 3 {
                        try await trouble(error)
                    }
                    try await Task.sleep(for: Self.shortestPause)
                }
            }
            // None of them ends but with an error, or because the watch is given up.
            try await group.next()
            group.cancelAll()
        }
    }

    private static func tick(_ period: Duration, _ signal: AsyncStream<Void>.Continuation) async throws {
        while true {
            try await Task.sleep(for: period)
            signal.yield()
        }
    }

    private func signalEvents(_ signal: AsyncStream<Void>.Continuation) async throws {
        while true {
            do {
                for try await _ in query.events() { signal.yield() }
            } catch {
                // The stream comes back with the pool; until then the clock replaces it.
                try await Task.sleep(for: Self.pauseWithoutEvents)
                signal.yield()
            }
        }
    }
}
