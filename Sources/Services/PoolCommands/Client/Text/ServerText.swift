package import QueryModel

/// Servers as text for people.
package enum ServerText {
    package static func table(of servers: [ServerDocument]) -> TextTable {
        var table = TextTable([
            .init("NAME"), .init("STATUS", isStatus: true), .init("ROLES"), .init("MASTER"), .init("VMS", .right), .init("MEMORY", .right),
            .init("FREE", .right), .init("QUERY"), .init("VCPUS", .right, isWide: true), .init("FREE VCPUS", .right, isWide: true),
            .init("AGENT", isWide: true), .init("HYPERVISOR", isWide: true), .init("CPU", isWide: true), .init("PEERS", isWide: true),
            .init("ID", .right, isWide: true),
        ])
        for server in servers {
            table.add([
                server.name, server.status, server.roles.joined(separator: ","), server.isMaster ? "yes" : "", String(server.machineCount),
                QuantityText.memory(mebibytes: server.capacity.memoryMiB), free(on: server),
                server.queryAddress, String(server.capacity.virtualCPUs), String(server.free.virtualCPUs),
                server.session?.agentVersion ?? "-", server.facts?.hypervisor ?? "-", server.facts?.processor?.model ?? "-",
                server.peerAddress, String(server.id),
            ])
        }
        return table
    }

    package static func properties(of server: ServerDocument) -> PropertyList {
        var list = PropertyList()
        list.add("name", "\(server.name) (\(server.id))")
        list.add("status", status: server.status + (server.isMaster ? ", Server Pool Master" : ""))
        list.add("roles", server.roles.joined(separator: ", "))
        list.add("addresses", "peers \(server.peerAddress), query \(server.queryAddress)")
        list.add("joined", QuantityText.time(server.joinedAt))
        if let session = server.session {
            list.add("agent", "\(session.agentVersion), session \(session.number), \(session.isOpen ? "running" : "stopped")")
            list.add("boot", session.boot)
        }
        if let hardware = server.hardware { list.add("hardware", hardware) }
        list.add("virtual machines", String(server.machineCount))
        for machine in server.machines ?? [] {
            list.add("", "\(machine.name), \(machine.status)" + (machine.obstacle.map { ", fits nowhere else: \($0)" } ?? ""))
        }
        list.add("outside the pool", (server.strays ?? []).map { "\($0.machine), domain \($0.domain): the pool did not ask for it here" })
        list.add("free", text(of: server.free))
        if let missing = server.overcommittedMiB {
            list.add("overcommitted", "\(QuantityText.memory(mebibytes: missing)) more are reserved than it has; nothing starts there")
        }
        list.add("capacity", text(of: server.capacity))
        if let facts = server.facts { add(facts, to: &list) }
        list.add("no live moves", (server.processorGaps ?? []).map(ProcessorText.line))
        return list
    }

    /// Below nothing where more is reserved than there is.
    package static func free(on server: ServerDocument) -> String {
        guard let missing = server.overcommittedMiB else { return QuantityText.memory(mebibytes: server.free.memoryMiB) }
        return "-" + QuantityText.memory(mebibytes: missing)
    }

    /// What came of a change of maintenance, with who is still there.
    package static func maintenance(of server: ServerDocument) -> TextBlocks {
        let name = TextTable.printable(server.name)
        guard server.inMaintenance else { return TextBlocks(["\(name) is out of maintenance.\n"]) }
        let machines = server.machines ?? []
        guard !machines.isEmpty else { return TextBlocks(["\(name) is in maintenance. No virtual machine is left there.\n"]) }
        let stuck = machines.count { $0.obstacle != nil }
        var table = TextTable([.init("STILL THERE"), .init("STATUS", isStatus: true), .init("ELSEWHERE")])
        for machine in machines { table.add([machine.name, machine.status, machine.obstacle ?? "fits"]) }
        let count = server.machineCount == 1 ? "1 virtual machine is" : "\(server.machineCount) virtual machines are"
        let others = stuck == 0 ? "each fits on another server" : "\(stuck) of them fit\(stuck == 1 ? "s" : "") on no other server now"
        return TextBlocks(["\(name) is in maintenance. \(count) still there; \(others).\n", table])
    }

    private static func add(_ facts: ServerFactsDocument, to list: inout PropertyList) {
        let total = QuantityText.memory(mebibytes: facts.totalMemoryMiB)
        list.add("memory", "\(total), \(QuantityText.memory(mebibytes: facts.reservedMemoryMiB)) of it outside the pool")
        list.add("processors", String(facts.processors) + (facts.processor.map { ", \(ProcessorText.layout(of: $0))" } ?? ""))
        if let processor = facts.processor { ProcessorText.add(processor, to: &list) }
        list.add("hypervisor", "\(facts.hypervisor) (\(facts.domainTypes.joined(separator: ", ")))")
        list.add("cards", facts.cards.map { "\($0.name), \(QuantityText.rate(kilobits: $0.speedKbps))" })
        list.add("bridges", facts.bridges.map { $0.cards.isEmpty ? $0.name : "\($0.name) on \($0.cards.joined(separator: ", "))" })
        list.add(
            "storage",
            facts.storageRoots.map {
                "\($0.path), \(QuantityText.memory(mebibytes: $0.capacityMiB)), \($0.isShared ? "shared" : "local")"
            })
    }

    private static func text(of resources: ResourcesDocument) -> String {
        let memory = QuantityText.memory(mebibytes: resources.memoryMiB)
        return "\(memory), \(resources.virtualCPUs) virtual CPUs, \(QuantityText.rate(kilobits: resources.networkKbps))"
    }
}
