package import PoolStateMachine

/// Turns a pool's state into a snapshot's bytes; the other way is Core's `PoolStateDecoding`. WireFormat implements both.
package protocol SnapshotEncoding: Sendable {
    /// The same state always gives the same bytes.
    func encode(_ state: PoolState) -> [UInt8]
}
