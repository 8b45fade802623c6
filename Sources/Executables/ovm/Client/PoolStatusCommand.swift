import ArgumentParser
import PoolCommands
import QueryModel

/// `ovm pool status`
struct PoolStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Shows the pool: its master, servers, virtual machines and free memory.",
        discussion: """
            Any server of the pool answers, with what a majority has agreed on. Exit status 3 means that no master was found.

              ovm pool status
              ovm pool status -o json
            """)

    @OptionGroup var options: ClientOptions

    func run() async throws {
        try await ClientSession.run(options) { client, console in
            let pool = try await client.pool()
            try console.show(pool) { Self.text(of: pool) }
        }
    }

    private static func text(of answered: Answered<PoolDocument>) -> String {
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
        return list.text
    }
}

/// `ovm pool master`
struct PoolMasterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "master", abstract: "Shows which server is the Server Pool Master.",
        discussion: """
            Exit status 3 means that no master was found.

              ovm pool master
              ovm pool master -o json
            """)

    @OptionGroup var options: ClientOptions

    func run() async throws {
        try await ClientSession.run(options) { client, console in
            let answered = try await client.master()
            try console.show(answered) {
                guard let master = answered.document.master else { return "" }
                var table = TextTable([.init("MASTER"), .init("QUERY"), .init("TERM", .right), .init("ANSWERED BY")])
                table.add([master.name, master.queryAddress, String(answered.document.term), answered.document.answeredBy.name])
                return table.text
            }
            if answered.document.master == nil {
                throw ClientError.unreachable(cause: "\(answered.document.answeredBy.name) answers, and knows no master.")
            }
        }
    }
}
