/// The bounds of the storage's queue and of its write-ahead log.
package struct StorageLimits: Hashable, Sendable {
    /// The most writes that may wait. The core's bound on uncommitted bytes keeps far below; a write beyond it fails as
    /// `SQLITE_NOMEM` and ends the storage, as every failure does.
    package var queuedWrites = 100_000
    /// The most writes in one transaction.
    package var writesInTransaction = 4_096
    /// With nothing to write, the write-ahead log is checkpointed from this size in bytes on.
    package var idleCheckpointBytes = 4 * 1_024 * 1_024
    /// From this size in bytes on it is checkpointed even while writes wait.
    package var forcedCheckpointBytes = 64 * 1_024 * 1_024

    package init() {}
}
