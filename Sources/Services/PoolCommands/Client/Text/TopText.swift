package import QueryModel

/// By what the tables of `top` are sorted.
package enum TopOrder: String, CaseIterable, Sendable {
    /// The largest share of memory first.
    case memory
    /// The largest share of virtual CPUs first.
    case cpu
    case name
}

/// What `ovm server top` and `ovm vm top` show: what machines reserve of their servers, the largest first.
package enum TopText {
    /// One line about the pool, above the tables.
    package static func title(of answered: Answered<PoolDocument>) -> String {
        let pool = answered.document
        let running = pool.machines.byStatus["Running"] ?? 0
        return
            "\(pool.name), master \(answered.answer.master ?? "-"): \(pool.servers.reachable) of \(pool.servers.total) servers reachable, "
            + "\(running) of \(pool.machines.total) virtual machines running, \(QuantityText.time(pool.time))"
    }

    package static func sorted(_ servers: [ServerDocument], by order: TopOrder) -> [ServerDocument] {
        sorted(servers, by: order, name: \.name) { ServerUse($0).share(order) }
    }

    package static func sorted(_ machines: [MachineDocument], by order: TopOrder, servers: [ServerDocument]) -> [MachineDocument] {
        let capacities = capacities(of: servers)
        return sorted(machines, by: order, name: \.name) { MachineUse($0, capacities).share(order) }
    }

    package static func table(of servers: [ServerDocument], title: String) -> TextTable {
        var table = TextTable([
            .init("NAME"), .init("STATUS", isStatus: true), .init("VMS", .right), .init("MEMORY", .right), .init("MEM%", .right),
            .init("VCPUS", .right), .init("VCPU%", .right), .init("NETWORK", .right), .init("NET%", .right),
            .init("FREE MEMORY", .right, isWide: true), .init("FREE VCPUS", .right, isWide: true),
        ])
        table.title = title
        for server in servers {
            let use = ServerUse(server)
            table.add([
                server.name, server.status, String(server.machineCount), QuantityText.memory(mebibytes: use.used.memoryMiB),
                percent(use.share(.memory)), String(use.used.virtualCPUs), percent(use.share(.cpu)),
                QuantityText.rate(kilobits: use.used.networkKbps), percent(share(use.used.networkKbps, of: server.capacity.networkKbps)),
                ServerText.free(on: server), String(server.free.virtualCPUs),
            ])
        }
        return table
    }

    /// - Parameter servers: those that the machines may be placed on.
    package static func table(of machines: [MachineDocument], servers: [ServerDocument], title: String) -> TextTable {
        let capacities = capacities(of: servers)
        var table = TextTable([
            .init("NAME"), .init("STATUS", isStatus: true), .init("SERVER"), .init("MEMORY", .right), .init("MEM%", .right),
            .init("VCPUS", .right), .init("VCPU%", .right), .init("TASK", .right), .init("TYPE", isWide: true),
            .init("WANTED", isWide: true),
        ])
        table.title = title
        for machine in machines {
            let use = MachineUse(machine, capacities)
            table.add([
                machine.name, MachineText.status(of: machine), machine.server ?? "-",
                QuantityText.memory(mebibytes: machine.requirements.memoryMiB), percent(use.share(.memory)),
                String(machine.requirements.virtualCPUs), percent(use.share(.cpu)), machine.task.map(String.init) ?? "-",
                machine.requirements.domainType, machine.intent,
            ])
        }
        return table
    }

    /// `part` in millionths of `whole`; nil where there is no whole.
    fileprivate static func share(_ part: Int, of whole: Int) -> Int? {
        let (scaled, isOverflown) = part.multipliedReportingOverflow(by: 1_000_000)
        return whole > 0 && !isOverflown ? scaled / whole : nil
    }

    private static func percent(_ share: Int?) -> String { share.map(QuantityText.percent(millionths:)) ?? "-" }

    private static func capacities(of servers: [ServerDocument]) -> [String: ResourcesDocument] {
        Dictionary(servers.map { ($0.name, $0.capacity) }) { first, _ in first }
    }

    /// The largest share first, what has none last, and equals by name.
    private static func sorted<Item>(
        _ items: [Item], by order: TopOrder, name: (Item) -> String, share: (Item) -> Int?
    ) -> [Item] {
        if order == .name { return items.sorted { name($0) < name($1) } }
        return items.sorted { (-(share($0) ?? -1), name($0)) < (-(share($1) ?? -1), name($1)) }
    }
}

/// What machines take of a server.
private struct ServerUse {
    let used: ResourcesDocument
    private let capacity: ResourcesDocument

    init(_ server: ServerDocument) {
        capacity = server.capacity
        used = ResourcesDocument(
            memoryMiB: Self.taken(capacity.memoryMiB, free: server.free.memoryMiB) + max(0, server.overcommittedMiB ?? 0),
            virtualCPUs: Self.taken(capacity.virtualCPUs, free: server.free.virtualCPUs),
            networkKbps: Self.taken(capacity.networkKbps, free: server.free.networkKbps))
    }

    /// From 0 to all of it, whatever the pool says is free; what is reserved beyond that comes on top.
    private static func taken(_ whole: Int, free: Int) -> Int { whole - min(max(free, 0), max(whole, 0)) }

    func share(_ order: TopOrder) -> Int? {
        order == .cpu
            ? TopText.share(used.virtualCPUs, of: capacity.virtualCPUs) : TopText.share(used.memoryMiB, of: capacity.memoryMiB)
    }
}

/// What one machine takes of the server that it is placed on.
private struct MachineUse {
    private let needs: RequirementsDocument
    private let capacity: ResourcesDocument?

    init(_ machine: MachineDocument, _ capacities: [String: ResourcesDocument]) {
        needs = machine.requirements
        capacity = machine.server.flatMap { capacities[$0] }
    }

    func share(_ order: TopOrder) -> Int? {
        guard let capacity else { return nil }
        return order == .cpu
            ? TopText.share(needs.virtualCPUs, of: capacity.virtualCPUs) : TopText.share(needs.memoryMiB, of: capacity.memoryMiB)
    }
}
