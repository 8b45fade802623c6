package import DomainConfiguration
import PoolModel
import PoolStateMachine
import QueryModel

/// What the hypervisors that agents can drive do not carry out of a vm.cfg; filled by whoever knows them.
package struct HypervisorReview: Sendable {
    /// Of hypervisors that carry out everything.
    package static let none = HypervisorReview { _, _ in [] }

    private let look: @Sendable (DomainConfiguration, String) -> [ConfigurationWarning]

    /// - Parameter look: what a hypervisor, as its server's facts name it (`ServerFacts.hypervisor`), does not carry out; in the order of
    ///   the text.
    package init(_ look: @escaping @Sendable (DomainConfiguration, _ hypervisor: String) -> [ConfigurationWarning]) { self.look = look }

    /// What is not carried out of `configuration` where the machine is placed, or could be; each warning once.
    func warnings(for configuration: DomainConfiguration, of machine: VirtualMachine, _ state: PoolState) -> [ConfigurationWarning] {
        let places = machine.placement.map { [$0.server] } ?? machine.preferredServers
        let servers = places.isEmpty ? state.activeServers : places.compactMap { state.servers[$0] }
        let hypervisors = Set(servers.compactMap { $0.facts?.hypervisor }).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        var seen: Set<ConfigurationWarning> = []
        return hypervisors.flatMap { look(configuration, $0) }.filter { seen.insert($0).inserted }
    }

    /// The same of the vm.cfg that the pool keeps.
    fileprivate func warnings(of machine: VirtualMachine, _ state: PoolState) -> [ConfigurationWarning] {
        do throws(DomainConfigurationError) {
            let configuration = try DomainConfigurationText.parse(machine.configuration, file: "vm.cfg")
            return warnings(for: configuration, of: machine, state)
        } catch {
            // An agent that read more than this one has taken it.
            return [ConfigurationWarning(line: error.line, column: error.column, message: error.message)]
        }
    }
}

extension QueryService {
    /// A machine with its vm.cfg, and what is not carried out of that.
    func completeDocument(of machine: VirtualMachine, _ state: PoolState) -> MachineDocument {
        var document = MachineDocument(machine, state, isComplete: true)
        let warnings = review.warnings(of: machine, state)
        document.warnings = warnings.isEmpty ? nil : warnings.map { ConfigurationWarningDocument($0) }
        return document
    }
}

extension ConfigurationWarningDocument {
    init(_ warning: ConfigurationWarning) { self.init(line: warning.line, column: warning.column, message: warning.message) }
}
