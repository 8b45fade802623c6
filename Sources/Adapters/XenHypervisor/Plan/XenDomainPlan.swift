package import AgentCore
package import DomainConfiguration
package import PoolModel

/// A domain as libxl is to build it: a value, made of a configuration without asking Xen anything.
///
/// What is nil is left to libxl's defaults. What the configuration says and the plan does not is among `warnings`.
package struct XenDomainPlan: Hashable, Sendable {
    package var name: String
    package var uuid: UniqueIdentifier
    package var domainType: PoolModel.DomainType
    package var memory: MemoryPlan
    package var processors: ProcessorPlan
    package var boot: BootPlan
    package var platform: PlatformPlan
    /// What only hardware virtualized domains have.
    package var hardware: HardwarePlan?
    package var disks: [DiskPlan]
    package var interfaces: [InterfacePlan]
    /// Paravirtualized screens.
    package var displays: [DisplayPlan]
    /// In the order of the text.
    package let warnings: [XenWarning]

    /// Plans the domain of a specification.
    package init(_ specification: DomainSpecification) throws(XenRefusal) {
        let configuration: DomainConfiguration
        do throws(DomainConfigurationError) {
            configuration = try DomainConfigurationText.parse(specification.configuration, file: "vm.cfg")
        } catch {
            throw XenRefusal(
                cause: "The configuration cannot be read: found \(error.found) in line \(error.line), column \(error.column).",
                cure: "Write \(error.expected).")
        }
        try self.init(
            configuration, name: specification.name.text, uuid: specification.uuid, requirements: specification.requirements)
    }

    /// Plans a domain.
    ///
    /// - Parameters:
    ///   - name: counts before the configuration's own, as `uuid` does.
    ///   - requirements: count before the configuration's memory and virtual CPUs.
    package init(
        _ configuration: DomainConfiguration, name: String, uuid: UniqueIdentifier, requirements: MachineRequirements
    ) throws(XenRefusal) {
        try Self.refuseZeroBytes(in: configuration)
        let settings = configuration.settings
        let type = requirements.domainType
        var keys = ConfigurationKeys(configuration, type: type)
        self.name = name
        self.uuid = uuid
        domainType = type
        memory = MemoryPlan(requirements, keys: &keys)
        processors = ProcessorPlan(requirements, keys: &keys)
        boot = try BootPlan(settings, type: type, keys: &keys)
        platform = PlatformPlan(type: type, keys: &keys)
        disks = DiskPlan.all(settings.disks, keys: &keys)
        interfaces = InterfacePlan.all(settings.interfaces, uuid: uuid, keys: &keys)
        let screens = DisplayPlan.all(keys: &keys)
        displays = type == .hvm ? [] : screens.all
        hardware = type == .hvm ? HardwarePlan(settings, screens: screens, keys: &keys) : nil
        warnings = keys.finish()
    }

    /// What this adapter would not carry out of a configuration, in the order of the text; where it would refuse it altogether, why.
    package static func warnings(for configuration: DomainConfiguration) -> [XenWarning] {
        let settings = configuration.settings
        let type: PoolModel.DomainType =
            switch settings.domainType {
            case .paravirtualized: .pv
            case .pvh: .pvh
            case .hardwareVirtualized: .hvm
            }
        let requirements = MachineRequirements(
            domainType: type, memory: Mebibytes(settings.memoryMebibytes), virtualCPUs: settings.virtualCPUs,
            maximumMemory: Mebibytes(settings.maximumMemoryMebibytes), maximumVirtualCPUs: settings.maximumVirtualCPUs)
        do throws(XenRefusal) {
            return try XenDomainPlan(
                configuration, name: settings.name, uuid: UniqueIdentifier(high: 0, low: 0), requirements: requirements
            ).warnings
        } catch {
            return [XenWarning(key: "name", line: 1, column: 1, sentence: "Xen cannot run this machine. \(error.message)")]
        }
    }

    /// A C string ends at its first zero: what follows would be lost silently.
    private static func refuseZeroBytes(in configuration: DomainConfiguration) throws(XenRefusal) {
        for assignment in configuration.assignments where hasZeroByte(assignment.value) {
            throw XenRefusal(
                cause: "The value of \(assignment.key) in line \(assignment.position.line) holds a zero byte.",
                cure: "Remove it: no string of Xen can hold one.")
        }
    }

    private static func hasZeroByte(_ value: ConfigurationValue) -> Bool {
        switch value.content {
        case .text(let text): text.utf8.contains(0)
        case .list(let elements): elements.contains(where: hasZeroByte)
        case .dictionary(let entries): entries.contains { $0.key.utf8.contains(0) || hasZeroByte($0.value) }
        case .number, .numeral, .boolean, .nothing: false
        }
    }
}
