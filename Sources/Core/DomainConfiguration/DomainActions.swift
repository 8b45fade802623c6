/// Something that ends a domain.
package enum DomainEvent: String, Hashable, Sendable, CaseIterable {
    case poweroff, reboot, crash, watchdog
    /// The domain asked for a soft reset, as kexec does.
    case softReset = "soft_reset"

    /// The key of the event, such as `on_crash`.
    package var key: String { "on_\(rawValue)" }

    /// What xl does where the configuration does not say (xl.cfg(5)).
    package var defaultAction: DomainAction {
        switch self {
        case .poweroff, .crash, .watchdog: .destroy
        case .reboot: .restart
        case .softReset: .softReset
        }
    }
}

/// What becomes of a domain that ended (xl.cfg(5), "Event Actions").
package enum DomainAction: String, Hashable, Sendable, CaseIterable {
    case destroy, restart, preserve
    /// Keep the old domain under another name and start anew.
    case renameRestart = "rename-restart"
    case coredumpDestroy = "coredump-destroy"
    case coredumpRestart = "coredump-restart"
    case softReset = "soft-reset"
}

/// The actions that a configuration gives for events.
package struct DomainActions: Hashable, Sendable {
    private var given: [DomainEvent: DomainAction] = [:]

    /// No action given: the defaults count.
    package init() {}

    /// The action given for `event`, nil when the configuration does not say.
    package subscript(event event: DomainEvent) -> DomainAction? {
        get { given[event] }
        set { given[event] = newValue }
    }

    /// The action that counts for `event`.
    package func action(on event: DomainEvent) -> DomainAction {
        given[event] ?? event.defaultAction
    }
}
