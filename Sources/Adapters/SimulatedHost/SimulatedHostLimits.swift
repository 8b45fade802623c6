package import PoolModel

/// The bounds of a simulated host.
package enum SimulatedHostLimits {
    /// Domains at a time; so that a listing fits into one line of the protocol.
    package static let domains = 512
    /// 64 TiB, as much as the pool accepts for one machine.
    package static let memory = Mebibytes(64 * 1_024 * 1_024)
    package static let processors = 4_096
    /// Cards, bridges, storage roots, and cards behind one bridge.
    package static let listedItems = 256
    /// The longest name or path, in bytes.
    package static let nameBytes = 1_024
    /// The longest cause, in bytes.
    package static let causeBytes = 1_024
    /// 1 Pb/s.
    package static let speed = KilobitsPerSecond(1_000_000_000_000)
    /// One line of the protocol, without its end.
    package static let lineBytes = 256 * 1_024
    /// The longest path of a socket (`sun_path` holds 108 with its end, and room is left for other systems).
    package static let socketPathBytes = 100
    /// Connections at a time, consoles included.
    package static let connections = 160
    /// Requests of one connection that have not been answered.
    package static let outstandingRequests = 1_024
    /// `simulated.json`.
    package static let settingsBytes = 64 * 1_024
    /// The journal is put aside at start when it is longer.
    package static let journalBytes = 16 * 1_024 * 1_024
    /// Faults that wait for an operation, for all kinds together.
    package static let waitingFaults = 1_024
    /// Names whose guests ignore a shutdown.
    package static let ignoringNames = 1_024
}
