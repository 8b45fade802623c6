import AgentCore
package import AgentPorts
import CXenLight
import PoolModel
import ServerEnvironment

extension XenHypervisor {
    /// How long whoever watches waits for what domains use: Prometheus gives a server ten seconds for everything.
    private static let usagePatience = Duration.seconds(2)

    package func usage() async throws(HypervisorError) -> [DomainUsage] {
        try await look("tell what domains use", on: usageLookers, patience: Self.usagePatience) { context throws(XenFailure) in
            try self.usage(context)
        }
    }

    private func usage(_ context: XenContext) throws(XenFailure) -> [DomainUsage] {
        let store = try XenStore(library)
        var found: [(domain: UInt32, ownership: DomainOwnership, nanoseconds: UInt64, kibibytes: UInt64)] = []
        try forEachDomain(context) { info in
            guard info.domid != 0, let ownership = ownership(of: info.domid, Self.uuid(of: info), store) else { return }
            found.append((info.domid, ownership, info.cpu_time, info.current_memkb))
        }
        let devices = BackendStatistics(of: Set(found.map(\.domain)))
        return found.map { domain, ownership, nanoseconds, kibibytes in
            DomainUsage(
                domain: domain, ownership: ownership, processorTime: .nanoseconds(Int64(clamping: nanoseconds)),
                memory: Self.bytes(kibibytes: kibibytes), disks: devices.disks[domain] ?? [], interfaces: devices.interfaces[domain] ?? [])
        }
    }

    private static func bytes(kibibytes: UInt64) -> UInt64 {
        let (bytes, isTooLarge) = kibibytes.multipliedReportingOverflow(by: 1_024)
        return isTooLarge ? .max : bytes
    }
}
