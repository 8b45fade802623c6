import ArgumentParser
import PoolCommands
import QueryModel

/// `ovm server`
struct ServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "server", abstract: "Shows and changes the servers of the pool.",
        subcommands: [List.self, Show.self, Maintenance.self, Remove.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls", abstract: "Lists the servers.",
            discussion: """
                  ovm server ls
                  ovm server ls -o json
                """)

        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await ClientSession.run(options) { client, console in
                let list = try await client.servers()
                try console.show(list) { ServerText.table(of: list.servers) }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "show", abstract: "Shows one server with its facts.")

        @OptionGroup var options: ClientOptions
        @Argument(help: "The server's name.") var name: String

        func run() async throws {
            try await ClientSession.run(options) { client, console in
                let server = try await client.server(name)
                try console.show(server) { ServerText.properties(of: server) }
            }
        }
    }

    struct Maintenance: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "maintenance", abstract: "Takes a server into maintenance, or out of it.",
            discussion: """
                No virtual machine is started on a server in maintenance; those that run there go on, and are named. To empty
                the server, stop them and start them again: they start on another one.

                  ovm server maintenance on alpha --reason "new memory"
                  ovm server maintenance off alpha
                """)

        /// The two states.
        enum Switch: String, ExpressibleByArgument, CaseIterable, Sendable {
            case on
            case off
        }

        @OptionGroup var options: ClientOptions
        @OptionGroup var reason: ReasonOption
        @Argument(help: "on or off.") var state: Switch
        @Argument(help: "The server's name.") var name: String

        func run() async throws {
            try await ClientSession.run(options, reason: reason.reason) { client, console in
                let server = try await client.setMaintenance(state == .on, of: name)
                try console.show(server) { ServerText.maintenance(of: server) }
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Removes a server from the pool.",
            discussion: "It is refused from then on, whatever its certificate says. To come back it must join anew.")

        @OptionGroup var options: ClientOptions
        @OptionGroup var reason: ReasonOption
        @Argument(help: "The server's name.") var name: String

        func run() async throws {
            try await ClientSession.run(options, reason: reason.reason) { client, console in
                try await client.removeServer(name)
                try console.confirm(DoneDocument(), "\(name) is no longer a server of the pool.")
            }
        }
    }
}

/// Servers as text for people.
enum ServerText {
    static func table(of servers: [ServerDocument]) -> String {
        var table = TextTable([
            .init("NAME"), .init("STATUS"), .init("ROLES"), .init("MASTER"), .init("VMS", .right), .init("MEMORY", .right),
            .init("FREE", .right), .init("QUERY"),
        ])
        for server in servers {
            table.add([
                server.name, server.status, server.roles.joined(separator: ","), server.isMaster ? "yes" : "", String(server.machineCount),
                QuantityText.memory(mebibytes: server.capacity.memoryMiB), QuantityText.memory(mebibytes: server.free.memoryMiB),
                server.queryAddress,
            ])
        }
        return table.text
    }

    static func properties(of server: ServerDocument) -> String {
        var list = PropertyList()
        list.add("name", "\(server.name) (\(server.id))")
        list.add("status", server.status + (server.isMaster ? ", Server Pool Master" : ""))
        list.add("roles", server.roles.joined(separator: ", "))
        list.add("addresses", "peers \(server.peerAddress), query \(server.queryAddress)")
        list.add("joined", QuantityText.time(server.joinedAt))
        if let session = server.session {
            list.add("agent", "\(session.agentVersion), session \(session.number), \(session.isOpen ? "running" : "stopped")")
            list.add("boot", session.boot)
        }
        list.add("virtual machines", String(server.machineCount))
        for machine in server.machines ?? [] {
            list.add("", "\(machine.name), \(machine.status)" + (machine.obstacle.map { ", fits nowhere else: \($0)" } ?? ""))
        }
        list.add("free", text(of: server.free))
        list.add("capacity", text(of: server.capacity))
        if let facts = server.facts { add(facts, to: &list) }
        return list.text
    }

    /// What came of a change of maintenance, with who is still there.
    static func maintenance(of server: ServerDocument) -> String {
        let name = TextTable.printable(server.name)
        guard server.inMaintenance else { return "\(name) is out of maintenance.\n" }
        let machines = server.machines ?? []
        guard !machines.isEmpty else { return "\(name) is in maintenance. No virtual machine is left there.\n" }
        let stuck = machines.count { $0.obstacle != nil }
        var table = TextTable([.init("STILL THERE"), .init("STATUS"), .init("ELSEWHERE")])
        for machine in machines { table.add([machine.name, machine.status, machine.obstacle ?? "fits"]) }
        let count = server.machineCount == 1 ? "1 virtual machine is" : "\(server.machineCount) virtual machines are"
        let others = stuck == 0 ? "each fits on another server" : "\(stuck) of them fit\(stuck == 1 ? "s" : "") on no other server now"
        return "\(name) is in maintenance. \(count) still there; \(others).\n\n\(table.text)"
    }

    private static func add(_ facts: ServerFactsDocument, to list: inout PropertyList) {
        let total = QuantityText.memory(mebibytes: facts.totalMemoryMiB)
        list.add("memory", "\(total), \(QuantityText.memory(mebibytes: facts.reservedMemoryMiB)) of it outside the pool")
        list.add("processors", String(facts.processors))
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
