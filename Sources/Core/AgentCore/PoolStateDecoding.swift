package import PoolStateMachine

/// Rebuilds a pool's state from a snapshot's bytes. WireFormat implements it; Core only calls it.
package protocol PoolStateDecoding: Sendable {
    /// The state that these bytes were made from.
    func decode(_ data: [UInt8]) throws(PoolStateDecodingError) -> PoolState
}

/// A snapshot that this agent cannot read.
package struct PoolStateDecodingError: Error, Hashable, Sendable {
    /// One sentence of cause, one of cure.
    package let message: String

    package init(message: String) { self.message = message }
}
