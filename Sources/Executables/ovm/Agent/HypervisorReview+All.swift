import DomainConfiguration
import QueryService
import ServerEnvironment
import XenHypervisor

extension HypervisorReview {
    /// Of the hypervisors that this program can drive. The simulated one only pretends, and leaves nothing out.
    static let ofAllHypervisors = HypervisorReview { configuration, hypervisor in
        hypervisor == HypervisorKind.simulated.rawValue ? [] : configuration.xenWarnings
    }
}

extension DomainConfiguration {
    /// What of it Xen's adapter does not carry out.
    var xenWarnings: [ConfigurationWarning] {
        XenDomainPlan.warnings(for: self).map { ConfigurationWarning(line: $0.line, column: $0.column, message: $0.sentence) }
    }
}
