import PoolCommands
import QueryModel

/// Virtual machines as text for people.
enum MachineText {
    static func table(of machines: [MachineDocument]) -> String {
        var table = TextTable([
            .init("NAME"), .init("STATUS"), .init("SERVER"), .init("TYPE"), .init("MEMORY", .right), .init("VCPUS", .right),
            .init("PREFERRED"), .init("TASK", .right),
        ])
        for machine in machines {
            table.add([
                machine.name, machine.status, machine.server ?? "", machine.requirements.domainType,
                QuantityText.memory(mebibytes: machine.requirements.memoryMiB), String(machine.requirements.virtualCPUs),
                preferred(machine), machine.task.map(String.init) ?? "",
            ])
        }
        return table.text
    }

    static func properties(of machine: MachineDocument) -> String {
        let needs = machine.requirements
        var list = PropertyList()
        list.add("name", "\(machine.name) (\(machine.id))")
        list.add("uuid", machine.uuid)
        list.add("status", machine.status)
        list.add("cause", machine.cause)
        list.add("wanted", machine.intent)
        list.add("server", machine.server)
        list.add("preferred servers", preferred(machine))
        list.add("type", needs.domainType)
        list.add("memory", QuantityText.memory(mebibytes: needs.memoryMiB))
        list.add("virtual CPUs", String(needs.virtualCPUs))
        list.add("interfaces", needs.interfaces.map { "\($0.bridge), \(QuantityText.rate(kilobits: $0.rateKbps))" })
        list.add("disks", needs.diskPaths)
        if needs.newImageMiB > 0 { list.add("images to create", QuantityText.memory(mebibytes: needs.newImageMiB)) }
        list.add("tags", String(machine.tagCount))
        list.add("task", machine.task.map(String.init))
        return list.text
    }

    static func preferred(_ machine: MachineDocument) -> String {
        machine.preferredServers.isEmpty ? "any" : machine.preferredServers.joined(separator: ",")
    }
}

/// Placement decisions as text for people.
enum ExplanationText {
    static func text(of explanation: ExplanationDocument) -> String {
        var table = TextTable([
            .init("SERVER"), .init("SCORE", .right), .init("MEMORY", .right), .init("VCPUS", .right), .init("NETWORK", .right),
            .init("DISK", .right), .init("REASON"),
        ])
        for server in explanation.servers {
            let shares = server.shares.map { [$0.memory, $0.virtualCPUs, $0.network, $0.disk] } ?? []
            let cells = shares.isEmpty ? ["", "", "", ""] : shares.map(QuantityText.percent(millionths:))
            let isChosen = server.server == explanation.chosen
            let score = server.score.map(QuantityText.percent(millionths:)) ?? "-"
            table.add([server.server, score] + cells + [server.refusal?.message ?? (isChosen ? "chosen" : "")])
        }
        let verdict = explanation.chosen.map { "would start on \($0)." } ?? "would start nowhere: every server refuses."
        return table.text + TextTable.printable("\(explanation.machine) \(verdict)") + "\n"
    }

    /// Why a machine is where it is: the shares that would remain free, and who was passed over. Nil where this explains another server.
    static func reasons(for server: String?, in explanation: ExplanationDocument?) -> String? {
        guard let explanation, let server, explanation.chosen == server,
            let chosen = explanation.servers.first(where: { $0.server == server }), let shares = chosen.shares
        else { return nil }
        let parts = [
            "memory \(QuantityText.percent(millionths: shares.memory))",
            "virtual CPUs \(QuantityText.percent(millionths: shares.virtualCPUs))",
            "network \(QuantityText.percent(millionths: shares.network))", "disk \(QuantityText.percent(millionths: shares.disk))",
        ]
        var text =
            "  \(server): remains free: \(parts.joined(separator: ", ")); score \(QuantityText.percent(millionths: chosen.score ?? 0))"
        for other in explanation.servers where other.server != server {
            let reason = other.refusal?.message ?? "score \(QuantityText.percent(millionths: other.score ?? 0))"
            text += "\n  \(other.server): \(reason)"
        }
        return text.split(separator: "\n").map { TextTable.printable(String($0)) }.joined(separator: "\n")
    }
}
