package import QueryModel

/// The past as text for people.
package enum HistoryText {
    package static func text(of state: PoolStateDocument) -> TextBlocks {
        var list = PropertyList()
        list.add("pool", "\(state.pool.name) (\(state.pool.id))")
        list.add("index", "\(state.index), \(QuantityText.time(state.time))")
        list.add("kept since", state.firstIndex.map { "index \($0)" })
        list.add("tags", String(state.tagCount))
        list.add("rules", String(state.ruleCount))
        var servers = TextTable([
            .init("NAME"), .init("STATUS", isStatus: true), .init("ROLES"), .init("VMS", .right), .init("MEMORY", .right),
            .init("FREE", .right),
        ])
        for server in state.servers {
            servers.add([
                server.name, server.status, server.roles.joined(separator: ","), String(server.machineCount),
                QuantityText.memory(mebibytes: server.capacity.memoryMiB), QuantityText.memory(mebibytes: server.free.memoryMiB),
            ])
        }
        var blocks: [any StyledText] = [list, servers]
        if !state.machines.isEmpty { blocks.append(table(of: state.machines)) }
        if !state.rules.isEmpty { blocks.append(RuleText.table(of: state.rules, heading: "RULE")) }
        if !state.tags.isEmpty { blocks.append(table(of: state.tags)) }
        return TextBlocks(blocks)
    }

    private static func table(of documents: [MachineDocument]) -> TextTable {
        var machines = TextTable([
            .init("NAME"), .init("STATUS", isStatus: true), .init("SERVER"), .init("MEMORY", .right), .init("VCPUS", .right),
        ])
        for machine in documents {
            machines.add([
                machine.name, machine.status, machine.server ?? "", QuantityText.memory(mebibytes: machine.requirements.memoryMiB),
                String(machine.requirements.virtualCPUs),
            ])
        }
        return machines
    }

    private static func table(of documents: [MachineTagDocument]) -> TextTable {
        var tags = TextTable([.init("TAG OF"), .init("KEY"), .init("VALUE")])
        for tag in documents { tags.add([tag.machine, tag.key, tag.value]) }
        return tags
    }

    package static func text(of diff: PoolDiffDocument) -> String {
        let span = "\(diff.from) (\(QuantityText.time(diff.fromTime))) to \(diff.to) (\(QuantityText.time(diff.toTime)))"
        guard diff.objectCount > 0 else { return "Nothing changed from index \(span).\n" }
        let rest = diff.objectCount - diff.objects.count
        let more = rest > 0 ? "\n\(rest) more changed. Ask for a shorter stretch.\n" : ""
        return "From index \(span):\n" + diff.objects.map { "\n" + text(of: $0) }.joined() + more
    }

    private static func text(of object: ObjectDiffDocument) -> String {
        var lines = ["\(object.change) \(object.kind) \(object.name)"]
        for field in object.fields {
            switch (field.before, field.after) {
            case (let before?, let after?): lines.append("  \(field.name): \(short(before)) -> \(short(after))")
            case (nil, let after?): lines.append("  \(field.name): \(short(after))" + (object.change == "changed" ? " (new)" : ""))
            case (let before?, nil): lines.append("  \(field.name): \(short(before))" + (object.change == "changed" ? " (gone)" : ""))
            case (nil, nil): break
            }
        }
        if object.entryCount > object.entries.count { lines.append("  by \(object.entryCount) entries; the newest:") }
        for entry in object.entries {
            let reason = entry.reason.map { " Reason: \($0)" } ?? ""
            lines.append(
                "  at \(entry.index), \(QuantityText.time(entry.time)), by \(entry.principal)"
                    + (entry.message.map { ": \($0)" } ?? ".") + reason)
        }
        return lines.map { TextTable.printable($0) + "\n" }.joined()
    }

    /// A value on one line: of a text of several, such as a vm.cfg, the first that says something.
    private static func short(_ value: String) -> String {
        guard !value.isEmpty else { return "none" }
        let lines = value.split(whereSeparator: \.isNewline)
        guard lines.count > 1 else { return value }
        return "\(lines[0]) .. (\(lines.count) lines; -o json has them)"
    }
}
