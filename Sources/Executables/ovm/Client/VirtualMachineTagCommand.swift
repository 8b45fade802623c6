import ArgumentParser
import PoolCommands
import QueryModel

/// `ovm vm tag`
struct VirtualMachineTagCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tag", abstract: "Reads and writes the tags of virtual machines.",
        discussion: """
            A tag is a key, 1 to 128 of A-Z a-z 0-9 . _ / -, with a value of at most 1,024 bytes.

              ovm vm tag set web01 owner/team storage
              ovm vm tag set 'web*' owner/team storage --tag rack=3
              ovm vm tag ls web01 --prefix owner/
            """,
        subcommands: [Set.self, Get.self, Remove.self, List.self])

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set", abstract: "Sets a tag.",
            discussion: """
                  ovm vm tag set web01 owner/team storage
                  ovm vm tag set 'web*' owner/team storage --tag rack=3
                """)

        @OptionGroup var options: ClientOptions
        @OptionGroup var reason: ReasonOption
        @OptionGroup var target: TaggedMachines
        @Argument(help: "The tag's key.", completion: .tagKeys) var key: String
        @Argument(help: "The tag's value.") var value: String

        func run() async throws {
            let (key, value) = (key, value)
            try await ClientSession.run(options, reason: reason.reason) { client, console in
                guard let name = target.selector.only else {
                    return try await MachineBulk.show(try await target.selector.some(client), console) { name throws(ClientError) in
                        _ = try await client.putTag(key, value, on: name)
                        return try await client.machine(name)
                    }
                }
                let tag = try await client.putTag(key, value, on: name)
                try console.confirm(tag, "\(name) has \(tag.key)=\(tag.value)")
            }
        }
    }

    struct Get: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "get", abstract: "Prints a tag's value.",
            discussion: """
                  ovm vm tag get web01 owner/team
                """)

        @OptionGroup var options: ClientOptions
        @Argument(help: "The virtual machine's name.", completion: .machineNames) var name: String
        @Argument(help: "The tag's key.", completion: .tagKeys) var key: String

        func run() async throws {
            try await ClientSession.run(options) { client, console in
                let tag = try await client.tag(key, of: name)
                try console.show(tag) { tag.value + "\n" }
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rm", abstract: "Removes a tag.",
            discussion: """
                  ovm vm tag rm web01 owner/team
                  ovm vm tag rm '*' owner/team --tag owner/team=storage
                """)

        @OptionGroup var options: ClientOptions
        @OptionGroup var reason: ReasonOption
        @OptionGroup var target: TaggedMachines
        @Argument(help: "The tag's key.", completion: .tagKeys) var key: String

        func run() async throws {
            let key = key
            try await ClientSession.run(options, reason: reason.reason) { client, console in
                guard let name = target.selector.only else {
                    return try await MachineBulk.show(try await target.selector.some(client), console) { name throws(ClientError) in
                        try await client.deleteTag(key, of: name)
                        return try await client.machine(name)
                    }
                }
                try await client.deleteTag(key, of: name)
                try console.confirm(DoneDocument(), "\(name) has no tag \(key).")
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls", abstract: "Lists a virtual machine's tags.",
            discussion: """
                  ovm vm tag ls web01
                  ovm vm tag ls web01 --prefix owner/
                """)

        @OptionGroup var options: ClientOptions
        @OptionGroup var watch: WatchOption
        @Argument(help: "The virtual machine's name.", completion: .machineNames) var name: String
        @Option(help: "Only keys that begin with this.", completion: .tagKeys) var prefix: String?

        func run() async throws {
            try await ClientSession.look(options, watch) { client, console in
                let list = try await client.tags(of: name, prefix: prefix)
                try console.show(list) { PoolText.table(of: list.tags) }
            }
        }
    }
}

/// Whose tags a command writes: the key follows, so that there is one word for it.
struct TaggedMachines: ParsableArguments {
    @Argument(help: "A virtual machine's name, or a pattern in quotes such as 'web*'; '*' for all.", completion: .machineNames)
    var name: String
    @Option(name: .customLong("tag"), help: ArgumentHelp("Only those with this tag; again for another.", valueName: "key[=value]"))
    var tags: [String] = []

    var selector: MachineSelector { MachineSelector(names: [name], tags: tags) }
}
