package import QueryModel

/// Placement decisions as text for people.
package enum ExplanationText {
    package static func text(of explanation: ExplanationDocument) -> TextTable {
        var table = table(of: explanation.servers, chosen: explanation.chosen)
        let verdict = explanation.chosen.map { "would start on \($0)." } ?? "would start nowhere: every server refuses."
        table.note = "\(explanation.machine) \(verdict)"
        return table
    }

    /// Whether a machine could move, and what hinders it.
    package static func text(of check: MigrationCheckDocument) -> TextTable {
        var table = table(of: check.servers, chosen: check.chosen)
        var verdict =
            check.chosen.map { "\(check.machine) would move from \(check.from) to \($0)" }
            ?? "\(check.machine) cannot move from \(check.from)"
        if check.chosen != nil { verdict += check.isLive ? ", and run on meanwhile" : ", standing still meanwhile" }
        table.note = "\(verdict).\(check.obstacle.map { " But not now: \($0)" } ?? "")"
        return table
    }

    /// What whoever migrates a machine should know before; nil where its guest runs on.
    package static func warning(of check: MigrationCheckDocument) -> String? {
        guard !check.isLive else { return nil }
        return
            "\(check.machine) does not move live: server \(check.from) cannot send a guest of its type that runs. It stands still until it is there."
    }

    private static func table(of servers: [ServerExplanationDocument], chosen: String?) -> TextTable {
        var table = TextTable([
            .init("SERVER"), .init("SCORE", .right), .init("MEMORY", .right), .init("VCPUS", .right), .init("NETWORK", .right),
            .init("DISK", .right), .init("REASON"),
        ])
        for server in servers {
            let shares = server.shares.map { [$0.memory, $0.virtualCPUs, $0.network, $0.disk] } ?? []
            let cells = shares.isEmpty ? ["", "", "", ""] : shares.map(QuantityText.percent(millionths:))
            let isChosen = server.server == chosen
            let score = server.score.map(QuantityText.percent(millionths:)) ?? "-"
            let reasons = (isChosen ? ["chosen"] : []) + (server.brokenRules ?? []).map(\.message)
            table.add([server.server, score] + cells + [server.refusal?.message ?? reasons.joined(separator: "; ")])
        }
        return table
    }

    /// Why a machine is where it is: the shares that would remain free, and who was passed over. Nil where this explains another server.
    package static func reasons(for server: String?, in explanation: ExplanationDocument?) -> String? {
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
        for rule in chosen.brokenRules ?? [] { text += "\n  \(rule.message)" }
        for other in explanation.servers where other.server != server {
            let reason = other.refusal?.message ?? "score \(QuantityText.percent(millionths: other.score ?? 0))"
            text += "\n  \(other.server): \(reason)"
        }
        return text.split(separator: "\n").map { TextTable.printable(String($0)) }.joined(separator: "\n")
    }
}
