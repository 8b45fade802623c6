package import QueryModel

/// The pool as text for people.
package enum PoolText {
    package static func properties(of answered: Answered<PoolDocument>) -> PropertyList {
        let pool = answered.document
        let byStatus = pool.machines.byStatus.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        var list = PropertyList()
        list.add("pool", "\(pool.name) (\(pool.id))")
        list.add("master", "\(answered.answer.master ?? "none known") (term \(answered.answer.term), index \(answered.answer.index))")
        list.add(
            "servers", "\(pool.servers.reachable) of \(pool.servers.total) reachable, \(pool.servers.inMaintenance) in maintenance")
        list.add("virtual machines", byStatus.isEmpty ? "\(pool.machines.total)" : "\(pool.machines.total): \(byStatus)")
        list.add(
            "memory",
            "\(QuantityText.memory(mebibytes: pool.free.memoryMiB)) of \(QuantityText.memory(mebibytes: pool.capacity.memoryMiB)) free")
        list.add("virtual CPUs", "\(pool.free.virtualCPUs) of \(pool.capacity.virtualCPUs) free")
        list.add("pool time", QuantityText.time(pool.time))
        return list
    }

    package static func properties(of settings: PoolSettingsDocument) -> PropertyList {
        let voters = settings.voterLimit == 1 ? "1 server" : "\(settings.voterLimit) servers"
        var list = PropertyList()
        list.add("CPU overcommit", "\(settings.overcommitRatio) virtual for each physical CPU")
        list.add("voter limit", "at most \(voters)")
        list.add("voter replacement", "after \(QuantityText.duration(seconds: settings.voterReplacementSeconds)) of silence")
        list.add("last change", settings.changedAt == 0 ? "never" : "index \(settings.changedAt)")
        return list
    }

    /// Who the master is: a row, or none where no master is known.
    package static func table(of answered: MasterDocument) -> TextTable {
        var table = TextTable([
            .init("MASTER"), .init("QUERY"), .init("TERM", .right), .init("ANSWERED BY"), .init("ID", .right, isWide: true),
        ])
        if let master = answered.master {
            table.add([master.name, master.queryAddress, String(answered.term), answered.answeredBy.name, String(master.id)])
        }
        return table
    }

    package static func table(of tokens: [TokenDocument]) -> TextTable {
        var table = TextTable([
            .init("ID", .right), .init("STATUS", isStatus: true), .init("ROLES"), .init("EXPIRES"), .init("USED BY"), .init("CREATED BY"),
        ])
        for token in tokens {
            table.add([
                String(token.id), token.status, token.roles.joined(separator: ","), QuantityText.time(token.expiresAt),
                token.usedBy ?? "", token.createdBy,
            ])
        }
        return table
    }

    package static func table(of tags: [TagDocument]) -> TextTable {
        var table = TextTable([.init("KEY"), .init("VALUE")])
        for tag in tags { table.add([tag.key, tag.value]) }
        return table
    }
}
