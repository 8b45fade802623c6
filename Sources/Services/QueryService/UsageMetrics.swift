import AgentCore
import AgentPorts
import PoolModel
import PoolStateMachine

/// What virtual machines use of this server, as metrics; the names are those of the pool's state, never what a domain calls itself.
enum UsageMetrics {
    /// - Parameter usage: of all domains of pools here; nil where the hypervisor has not told in time.
    static func tables(of usage: [DomainUsage]?, _ state: PoolState) -> [MetricTable] {
        var tables = machineFamilies.map { MetricTable($0.family) }
        var (disks, interfaces) = (diskFamilies.map { MetricTable($0.family) }, interfaceFamilies.map { MetricTable($0.family) })
        var devices = 0
        for (name, usage) in machines(usage ?? [], state).prefix(QueryLimits.machinesOfMetrics) {
            let machine = MetricLabel("machine", name.text)
            for (position, family) in machineFamilies.enumerated() { tables[position].add(family.value(usage), [machine]) }
            // A name that came twice would be one series twice, for which a reader throws away all of the answer.
            var names: Set<String> = []
            for disk in usage.disks where devices < QueryLimits.devicesOfMetrics && names.insert(disk.name).inserted {
                devices += 1
                let labels = [machine, MetricLabel("disk", disk.name)]
                for (position, family) in diskFamilies.enumerated() { disks[position].add(family.value(disk), labels) }
            }
            names = []
            for interface in usage.interfaces where devices < QueryLimits.devicesOfMetrics && names.insert(interface.name).inserted {
                devices += 1
                let labels = [machine, MetricLabel("interface", interface.name)]
                for (position, family) in interfaceFamilies.enumerated() { interfaces[position].add(family.value(interface), labels) }
            }
        }
        return [MetricTable(isKnown, usage == nil ? 0 : 1)] + tables + disks + interfaces
    }

    /// The domains of this pool's machines by the machines' names. Of several of one machine, the newest: a series has one value.
    private static func machines(_ usage: [DomainUsage], _ state: PoolState) -> [(VirtualMachineName, DomainUsage)] {
        var newest: [VirtualMachineID: DomainUsage] = [:]
        for domain in usage where domain.ownership.pool == state.pool?.pool {
            let former = newest[domain.ownership.machine]
            let isOlder = former.map { ($0.ownership.epoch.number, $0.domain) > (domain.ownership.epoch.number, domain.domain) } ?? false
            if !isOlder { newest[domain.ownership.machine] = domain }
        }
        return newest.compactMap { machine, usage in state.machines[machine].map { ($0.name, usage) } }.sorted { $0.0 < $1.0 }
    }

    // MARK: Names

    private static let isKnown = MetricFamily(
        "ovm_hypervisor_usage_known", .gauge, "1 where the hypervisor of this server told what virtual machines use of it, else 0")

    private typealias Family<Usage> = (family: MetricFamily, value: @Sendable (Usage) -> Double?)

    private static let machineFamilies: [Family<DomainUsage>] = [
        (
            MetricFamily(
                "ovm_machine_cpu_seconds_total", .counter,
                "CPU time that a virtual machine on this server has had since its domain was built, all its virtual CPUs together"),
            { $0.processorTime.metricSeconds }
        ),
        (
            MetricFamily("ovm_machine_memory_held_bytes", .gauge, "Memory that a virtual machine on this server holds now"),
            { Double($0.memory) }
        ),
    ]

    private static let diskFamilies: [Family<DiskUsage>] = [
        (
            MetricFamily("ovm_machine_disk_read_bytes_total", .counter, "Bytes that a virtual machine's guest here read from a disk"),
            { $0.readBytes.map { Double($0) } }
        ),
        (
            MetricFamily("ovm_machine_disk_written_bytes_total", .counter, "Bytes that a virtual machine's guest here wrote to a disk"),
            { $0.writtenBytes.map { Double($0) } }
        ),
        (
            MetricFamily("ovm_machine_disk_read_requests_total", .counter, "Requests of a virtual machine's guest here to read a disk"),
            { $0.reads.map { Double($0) } }
        ),
        (
            MetricFamily("ovm_machine_disk_write_requests_total", .counter, "Requests of a virtual machine's guest here to write a disk"),
            { $0.writes.map { Double($0) } }
        ),
    ]

    private static let interfaceFamilies: [Family<InterfaceUsage>] = [
        (
            MetricFamily(
                "ovm_machine_network_received_bytes_total", .counter,
                "Bytes that a virtual machine's guest here received; its interfaces are numbered as in its vm.cfg, from 0"),
            { $0.receivedBytes.map { Double($0) } }
        ),
        (
            MetricFamily("ovm_machine_network_sent_bytes_total", .counter, "Bytes that a virtual machine's guest here sent"),
            { $0.sentBytes.map { Double($0) } }
        ),
        (
            MetricFamily("ovm_machine_network_received_packets_total", .counter, "Packets that a virtual machine's guest here received"),
            { $0.receivedPackets.map { Double($0) } }
        ),
        (
            MetricFamily("ovm_machine_network_sent_packets_total", .counter, "Packets that a virtual machine's guest here sent"),
            { $0.sentPackets.map { Double($0) } }
        ),
    ]
}

extension MetricTable {
    /// Adds nothing where the value is not known.
    fileprivate mutating func add(_ value: Double?, _ labels: [MetricLabel]) {
        if let value { rows.append(Row(labels, .number(value))) }
    }
}
