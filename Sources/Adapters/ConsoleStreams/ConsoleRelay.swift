package import AgentPorts

/// Joins two ends of a console.
package enum ConsoleRelay {
    /// Copies both ways until one of them ends or the task is cancelled; then closes both.
    ///
    /// - Returns: why it ended; nil where the console ended as consoles do.
    @discardableResult
    package static func run(_ one: any ConsoleStream, _ other: any ConsoleStream) async -> ConsoleFailure? {
        await withTaskGroup(of: ConsoleFailure?.self) { group in
            group.addTask { await copy(from: one, to: other) }
            group.addTask { await copy(from: other, to: one) }
            let cause = await group.next() ?? nil
            one.close(cause)
            other.close(cause)
            await group.waitForAll()
            return cause
        }
    }

    private static func copy(from source: any ConsoleStream, to target: any ConsoleStream) async -> ConsoleFailure? {
        do throws(ConsoleFailure) {
            while let bytes = try await source.read() { try await target.write(bytes) }
            return nil
        } catch {
            return error
        }
    }
}
