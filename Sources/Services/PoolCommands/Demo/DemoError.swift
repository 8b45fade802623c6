import QueryModel

/// Why a step of the demonstration did not hold.
package struct DemoError: Error, Hashable, Sendable {
    /// One sentence of cause, one of cure.
    package let message: String

    package init(_ message: String) { self.message = message }
}
