import AgentPorts
import Placement
import PoolModel
import PoolStateMachine
import QueryModel

/// The pool's state as metrics. Every server of a pool shows the same once it has applied the same.
enum PoolMetrics {
    static func tables(of state: PoolState) -> [MetricTable] { pool(state) + servers(state) + machines(state) }

    private static func pool(_ state: PoolState) -> [MetricTable] {
        var tasks = MetricTable(tasksByState)
        for word in PoolTaskState.allCases { tasks.add(state.tasks.values.count { $0.state == word }, MetricLabel("state", word.rawValue)) }
        return [
            MetricTable(time, Double(state.poolTime.milliseconds) / 1_000), MetricTable(eventsKept, state.events.events.count),
            MetricTable(eventsDropped, state.events.droppedUpTo.number), MetricTable(rules, state.rules.count), tasks,
        ]
    }

    private static func servers(_ state: PoolState) -> [MetricTable] {
        var tables = serverFamilies.map { MetricTable($0.family) }
        for server in state.activeServers.sorted(by: { $0.name < $1.name }) {
            for (position, family) in serverFamilies.enumerated() {
                tables[position].add(family.value(server, state), MetricLabel("server", server.name.text))
            }
        }
        return tables
    }

    private static func machines(_ state: PoolState) -> [MetricTable] {
        let machines = state.machinesInOrder
        var counts = MetricTable(byStatus)
        for status in MachineStatus.allCases {
            counts.add(machines.count { $0.status == status }, MetricLabel("status", status.rawValue))
        }
        var (statuses, memory, processors) = (MetricTable(machineStatus), MetricTable(machineMemory), MetricTable(machineProcessors))
        for machine in machines.prefix(QueryLimits.machinesOfMetrics) {
            let name = MetricLabel("machine", machine.name.text)
            let server = MetricLabel("server", machine.placement.map { state.name(of: $0.server) } ?? "")
            statuses.add(1, name, server, MetricLabel("status", machine.status.rawValue))
            memory.add(bytes(machine.requirements.memory), name)
            processors.add(machine.requirements.virtualCPUs, name)
        }
        return [counts, MetricTable(unlisted, max(0, machines.count - QueryLimits.machinesOfMetrics)), statuses, memory, processors]
    }

    private static func bytes(_ memory: Mebibytes) -> Int { memory.count * 1_048_576 }

    // MARK: Names

    private static let time = MetricFamily(
        "ovm_pool_time_timestamp_seconds", .gauge, "The time of the pool's newest log entry, in seconds since 1970")
    private static let eventsKept = MetricFamily("ovm_pool_events", .gauge, "Events that are kept")
    private static let eventsDropped = MetricFamily(
        "ovm_pool_events_dropped_through_index", .gauge, "The log index up to which events are no longer kept")
    private static let rules = MetricFamily("ovm_pool_rules", .gauge, "Rules between virtual machines")
    private static let tasksByState = MetricFamily("ovm_pool_tasks", .gauge, "Tasks that are kept, by state")
    private static let byStatus = MetricFamily("ovm_machines", .gauge, "Virtual machines, by status")
    private static let unlisted = MetricFamily(
        "ovm_machines_unlisted", .gauge, "Virtual machines that no metric names, as only the first are named")
    private static let machineStatus = MetricFamily(
        "ovm_machine_status", .gauge, "1 for the status that a virtual machine is in, and the server that holds it")
    private static let machineMemory = MetricFamily("ovm_machine_memory_bytes", .gauge, "Memory that a virtual machine needs")
    private static let machineProcessors = MetricFamily("ovm_machine_virtual_cpus", .gauge, "Virtual CPUs that a virtual machine needs")

    private typealias ServerFamily = (family: MetricFamily, value: @Sendable (Server, PoolState) -> Int)

    private static let serverFamilies: [ServerFamily] = [
        (
            MetricFamily("ovm_server_reachable", .gauge, "1 where a server's agent is heard of, else 0"),
            { server, _ in server.isSessionOpen && server.isReachable ? 1 : 0 }
        ),
        (
            MetricFamily("ovm_server_session_open", .gauge, "1 from a server's introduction until its agent ends in good order, else 0"),
            { server, _ in server.isSessionOpen ? 1 : 0 }
        ),
        (
            MetricFamily("ovm_server_maintenance", .gauge, "1 where new starts are kept away from a server, else 0"),
            { server, _ in server.isInMaintenance ? 1 : 0 }
        ),
        (
            MetricFamily("ovm_server_machines", .gauge, "Virtual machines that a server holds"),
            { server, state in state.reservations(on: server.id).machines }
        ),
        (
            MetricFamily("ovm_server_memory_capacity_bytes", .gauge, "Memory that a server has for virtual machines"),
            { server, state in ResourcesDocument(capacityOf: server, state.settings).memoryMiB * 1_048_576 }
        ),
        (
            MetricFamily("ovm_server_memory_reserved_bytes", .gauge, "Memory of the virtual machines that a server holds"),
            { server, state in bytes(state.reservations(on: server.id).memory) }
        ),
        (
            MetricFamily("ovm_server_memory_free_bytes", .gauge, "Memory that a server has left for virtual machines"),
            { server, state in ResourcesDocument(freeOn: server, state).memoryMiB * 1_048_576 }
        ),
        (
            MetricFamily("ovm_server_cpus", .gauge, "Physical CPUs of a server"), { server, _ in server.facts?.processors ?? 0 }
        ),
        (
            MetricFamily("ovm_server_virtual_cpus_capacity", .gauge, "Virtual CPUs that a server may give to virtual machines"),
            { server, state in ResourcesDocument(capacityOf: server, state.settings).virtualCPUs }
        ),
        (
            MetricFamily("ovm_server_virtual_cpus_reserved", .gauge, "Virtual CPUs of the virtual machines that a server holds"),
            { server, state in state.reservations(on: server.id).virtualCPUs }
        ),
    ]
}
