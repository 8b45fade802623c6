package import AgentCore

/// The clocks of this server.
package protocol ClockPort: Sendable {
    /// CLOCK_MONOTONIC and the wall clock, read together.
    func now() -> AgentTime
}
