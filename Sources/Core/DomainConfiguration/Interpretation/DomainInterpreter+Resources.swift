extension DomainInterpreter {
    /// What a domain starts with, and what it may have at most.
    struct Amount {
        let start: Int
        let maximum: Int
    }

    mutating func readMemory() throws(DomainConfigurationError) -> Amount {
        let memory = try number("memory", ConfigurationLimits.memoryMebibytes, unit: " of MiB, without unit,")
        let maximum = try number("maxmem", ConfigurationLimits.memoryMebibytes, unit: " of MiB, without unit,")
        if let memory, let maximum, maximum.value < memory.value {
            throw refusal(
                at: maximum.position, found: "maxmem = \(maximum.value), less than memory = \(memory.value)",
                expected: "maxmem of at least memory, or leave it out")
        }
        if memory == nil && maximum == nil {
            warnings.add("There is no memory, so the domain gets xl's default of \(DomainSettings.defaultMemoryMebibytes) MiB.", at: end)
        }
        // Without memory, xl starts the domain with maxmem.
        let start = memory?.value ?? maximum?.value ?? DomainSettings.defaultMemoryMebibytes
        return Amount(start: start, maximum: maximum?.value ?? start)
    }

    mutating func readVirtualCPUs(_ domainType: DomainType) throws(DomainConfigurationError) -> Amount {
        let online = try number("vcpus", ConfigurationLimits.virtualCPUs, unit: "")
        let maximum = try number("maxvcpus", ConfigurationLimits.virtualCPUs, unit: "")
        let start = online?.value ?? maximum?.value ?? 1
        if let maximum, maximum.value < start {
            throw refusal(
                at: maximum.position, found: "maxvcpus = \(maximum.value), less than vcpus = \(start)",
                expected: "maxvcpus of at least vcpus, or leave it out")
        }
        if let highest = maximum ?? online, highest.value > ConfigurationLimits.hardwareVirtualCPUs, domainType != .paravirtualized {
            warnings.add(
                "Xen gives a \(domainType.rawValue) domain at most \(ConfigurationLimits.hardwareVirtualCPUs) virtual CPUs, not \(highest.value).",
                at: highest.position)
        }
        return Amount(start: start, maximum: maximum?.value ?? start)
    }

    mutating func readActions() throws(DomainConfigurationError) -> DomainActions {
        var actions = DomainActions()
        for event in DomainEvent.allCases {
            guard let given = try text(event.key) else { continue }
            // Old files have underscores where xl has dashes.
            let spelling = String(given.value.map { $0 == "_" ? "-" : $0 })
            guard let action = DomainAction(rawValue: spelling) else {
                throw refusal(
                    at: given.position, found: "\(event.key) = \(DisplayText.quoted(given.value))",
                    expected: "one of " + DomainAction.allCases.map(\.rawValue).joined(separator: ", "))
            }
            actions[event: event] = action
            if let deed = Self.deed(insteadOf: action), [.poweroff, .reboot, .crash].contains(event) {
                warnings.add("The pool does not do \(event.key) = \(DisplayText.quoted(given.value)) yet: \(deed).", at: given.position)
            }
            warn(of: event, given.value, at: given.position, actions)
        }
        return actions
    }

    /// An agent knows three ends of a guest: two further events of xl's count as one of them, whatever their own keys say.
    private mutating func warn(of event: DomainEvent, _ value: String, at position: SourcePosition, _ actions: DomainActions) {
        let counted: DomainEvent
        switch event {
        case .poweroff, .reboot, .crash: return
        case .watchdog: counted = .crash
        case .softReset: counted = .reboot
        }
        guard actions[event: event] != actions.action(on: counted) else { return }
        warnings.add(
            "The pool does not do \(event.key) = \(DisplayText.quoted(value)): that event counts as what \(counted.key) is about.",
            at: position)
    }

    /// What an agent does where it cannot do what an action says; nil where it can.
    private static func deed(insteadOf action: DomainAction) -> String? {
        switch action {
        case .destroy, .restart, .preserve, .coredumpDestroy, .coredumpRestart: nil
        case .renameRestart: "it restarts, and keeps no old domain beside the new one"
        case .softReset: "it restarts"
        }
    }
}
