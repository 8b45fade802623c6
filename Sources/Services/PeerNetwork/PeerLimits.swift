import AgentPorts

/// Bounds of the network of agents.
package struct PeerLimits: Hashable, Sendable {
    /// The longest frame before the other end is known, in bytes.
    package var strangerFrameBytes = 64 * 1024
    /// The longest frame of a known peer, in bytes.
    package var frameBytes = 1024 * 1024
    /// Accepted connections that have not introduced themselves yet. One more ends the oldest of them.
    package var strangers = 128
    /// How long a connection may take to introduce itself, connecting and the TLS handshake included.
    package var introduction: Duration = .seconds(5)
    /// How long connecting may take.
    package var connecting: Duration = .seconds(1)
    /// Bytes that may wait to be sent on the urgent connection; once they do, what comes is dropped. A frame begun below the bound may
    /// exceed it.
    package var urgentQueueBytes = 1024 * 1024
    /// The same on the bulk connection: a full window of Raft's messages, as they are cut by default.
    package var bulkQueueBytes = 64 * 1024 * 1024
    /// The first pause before connecting again; it doubles up to the longest.
    package var shortestPause: Duration = .milliseconds(20)
    /// The longest pause before connecting again.
    package var longestPause: Duration = .seconds(1)
    /// How long sent bytes may stay without acknowledgement before the connection counts as dead. Without this bound a connection to a
    /// server that lost its power stands for many minutes, and is still in the way when the server is back.
    package var unacknowledged: Duration = .seconds(3)
    /// How long a connection may be silent before the kernel asks whether the other end is still there.
    package var silence: Duration = .seconds(10)
    /// Consoles that this agent shows to other members at a time.
    package var consoles = ConsoleLimits.sessions
    /// How long the bytes of a console may stay without acknowledgement: whoever looks on may be slow.
    package var unreadConsole: Duration = .seconds(30)
    /// Domains that this agent receives at a time, and that it sends.
    package var transfers = TransferLimits.sessions
    /// How long the end of a transfer that is first waits for the other.
    package var transferMeeting = TransferLimits.meeting
    /// How long a transfer may stand still.
    package var transferStandstill = TransferLimits.standstill
    /// Lines a minute about accepted connections that ended; the rest is counted, so that a flood of strangers fills no disk.
    package var logLinesPerMinute = 60

    /// The bounds that suit a pool of up to 64 servers.
    package init() {}
}
