import DomainConfiguration
import OpenSSLTransport
import PoolModel
import QueryModel

/// What a request to create a virtual machine says, once its vm.cfg has been read.
struct MachineReading: Hashable, Sendable {
    let name: VirtualMachineName
    /// As it stands in the configuration.
    let configuredName: String
    let uuid: UniqueIdentifier
    let requirements: MachineRequirements
    let configuration: DomainConfiguration

    /// The bridge of an interface that names none (xl's default on Oracle VM Server).
    static let defaultBridge = "xenbr0"
    /// The fastest rate that an interface may be promised: 1 Tb/s. Sums of rates then stay far from what a number can hold.
    static let fastestRate = 1_000_000_000

    /// - Throws: the first mistake in the configuration, with its line and column.
    init(_ request: CreateMachineRequest) throws(QueryRefusal) {
        guard request.configuration.utf8.count <= QueryLimits.configurationBytes else {
            throw QueryRefusal(
                .tooLarge,
                cause: "The configuration has \(request.configuration.utf8.count) bytes, and may have \(QueryLimits.configurationBytes).",
                cure: "Send the vm.cfg of one virtual machine.")
        }
        configuration = try Self.parse(request.configuration)
        let settings = configuration.settings
        name = try Self.name(request.name, settings.name)
        configuredName = settings.name
        uuid = settings.uuid.flatMap { UniqueIdentifier($0) } ?? Self.randomIdentifier()
        requirements = try Self.requirements(settings)
    }

    private static func parse(_ text: String) throws(QueryRefusal) -> DomainConfiguration {
        do {
            return try DomainConfigurationText.parse(text, file: "vm.cfg")
        } catch {
            var refusal = QueryRefusal(
                .badConfiguration, cause: "Found \(error.found) in line \(error.line), column \(error.column) of the configuration.",
                cure: "Write \(error.expected).")
            refusal.problem.line = error.line
            refusal.problem.column = error.column
            throw refusal
        }
    }

    private static func name(_ wanted: String?, _ configured: String) throws(QueryRefusal) -> VirtualMachineName {
        let expected = "a name of 1 to 80 of A-Z a-z 0-9 . _ - that begins with a letter or a digit"
        if let wanted {
            guard let name = VirtualMachineName(wanted) else { throw .badValue("name", wanted, expected: expected) }
            return name
        }
        guard let name = VirtualMachineName(configured) else {
            throw QueryRefusal(
                .badConfiguration, cause: "The configuration's name \(QueryRefusal.shown(configured)) is no name for a virtual machine.",
                cure: "Write \(expected), or send it as name beside the configuration.")
        }
        return name
    }

    static func requirements(_ settings: DomainSettings) throws(QueryRefusal) -> MachineRequirements {
        var interfaces: [InterfaceRequirement] = []
        for interface in settings.interfaces {
            let rate = interface.rate?.kilobitsPerSecond ?? InterfaceRequirement.defaultRate.count
            guard (1...fastestRate).contains(rate) else {
                throw QueryRefusal(
                    .badConfiguration, cause: "An interface of the configuration has a rate of \(rate) kb/s.",
                    cure: "Write a rate of at most \(fastestRate / 1_000_000) Gb/s.")
            }
            interfaces.append(InterfaceRequirement(bridge: interface.bridge ?? defaultBridge, rate: KilobitsPerSecond(rate)))
        }
        return MachineRequirements(
            domainType: domainType(settings), memory: Mebibytes(settings.memoryMebibytes), virtualCPUs: settings.virtualCPUs,
            interfaces: interfaces, diskPaths: settings.disks.compactMap(\.hostPath),
            maximumMemory: Mebibytes(settings.maximumMemoryMebibytes), maximumVirtualCPUs: settings.maximumVirtualCPUs,
            endActions: MachineEndActions(
                onPowerOff: MachineEndAction(settings.actions.action(on: .poweroff)),
                onReboot: MachineEndAction(settings.actions.action(on: .reboot)),
                onCrash: MachineEndAction(settings.actions.action(on: .crash))))
    }

    private static func domainType(_ settings: DomainSettings) -> PoolModel.DomainType {
        switch settings.domainType {
        case .paravirtualized: .pv
        case .pvh: .pvh
        case .hardwareVirtualized: .hvm
        }
    }

    private static func randomIdentifier() -> UniqueIdentifier {
        let words = Cryptography.randomBytes(16).map(UInt64.init)
        return UniqueIdentifier(
            randomHigh: words[..<8].reduce(0) { $0 << 8 | $1 }, randomLow: words[8...].reduce(0) { $0 << 8 | $1 })
    }
}

extension MachineEndAction {
    /// The pool's action for a configuration's. The pool keeps one domain of a virtual machine at most, so an old one is never kept
    /// beside the new one; and it has no soft reset, which on these events xl does not have either. Reading the configuration warns of both.
    init(_ action: DomainAction) {
        switch action {
        case .destroy: self = .destroy
        case .restart, .renameRestart, .softReset: self = .restart
        case .preserve: self = .preserve
        case .coredumpDestroy: self = .coreDumpDestroy
        case .coredumpRestart: self = .coreDumpRestart
        }
    }
}
