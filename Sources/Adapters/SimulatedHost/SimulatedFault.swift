/// The kinds of operation that a fault can be asked for.
package enum SimulatedOperationKind: String, Hashable, Sendable, Codable, CaseIterable {
    case create
    case unpause
    case pause
    case shutdown
    case reboot
    case resize
    case changeDevice = "change-device"
    case destroy
    case dump
    case suspend
    case unsuspend
    case removeImage = "remove-image"
    case send
    case receive
}

/// What goes wrong with the next operation of a kind; then the fault is used up.
package enum SimulatedFault: Hashable, Sendable, Codable {
    /// Nothing is done, and the operation fails with `cause`.
    case fails(cause: String)
    /// Nothing is done and nothing is answered, until released; then it goes on as if it had just begun.
    case hangs
    /// It takes this long instead of its usual time.
    case takes(Duration)
    /// It is done, in its usual time, and the answer says that it failed.
    case doneButReportsFailure(cause: String)
    /// It is done in its usual time, and the answer comes so much later.
    case answersLate(by: Duration)
}

/// Something done to a simulated host from outside, as tests, the simulator and tooling do.
package enum SimulatedHostControl: Hashable, Sendable, Codable {
    /// The next operation of this kind meets with this fault. Several wait in order.
    case inject(SimulatedOperationKind, SimulatedFault)
    /// Faults that wait are forgotten, and hanging operations go on.
    case release
    /// The guest of this domain powers itself off, reboots or crashes by itself.
    case endGuest(domain: UInt32, SimulatedGuestEnd)
    /// A domain is paused, let go on, or destroyed behind the agent's back.
    case pause(domain: UInt32)
    case unpause(domain: UInt32)
    case destroy(domain: UInt32)
    /// Whether guests of domains with this name ignore a request to shut down; also for domains that are yet to come.
    case ignoreShutdown(name: String, Bool)
    /// A running domain is started behind the pool's back.
    case startForeign(ForeignDomain)
    case setDurations(SimulatedDurations)
}

/// How a guest ends by itself; `DomainEnd` as tooling names it.
package enum SimulatedGuestEnd: String, Hashable, Sendable, Codable, CaseIterable {
    case powerOff
    case reboot
    case crash
}
