import ArgumentParser
import PoolCommands
import QueryModel

/// `ovm rule`
struct RuleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rule", abstract: "Keeps virtual machines together (affinity) or apart (anti-affinity).",
        discussion: """
            A rule is about the virtual machines that it names and those that have one of its tags. A hard rule refuses each server where \
            it would be broken. Soft rules come before scores: a start takes a server where the fewest of them are broken, then the \
            one with the fewest machines that they are about, then the best score. What runs when a rule is made is not moved; ls and \
            show say where a rule is broken.

              ovm rule add spread-web --anti-affinity --tag role=web
              ovm rule add shop --affinity --soft --vm shop01,shop-db
              ovm rule set shop --add shop02
              ovm rule ls
            """,
        subcommands: [Add.self, List.self, Show.self, Change.self, Remove.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Makes a rule.",
            discussion: """
                It holds from the next start on. A hard rule that cannot hold together with another one is refused.

                  ovm rule add spread-db --anti-affinity --vm db01,db02,db03
                  ovm rule add spread-web --anti-affinity --soft --tag role=web
                """)

        /// What the rule does.
        enum Kind: String, EnumerableFlag {
            case affinity
            case antiAffinity

            static func help(for value: Kind) -> ArgumentHelp? {
                switch value {
                case .affinity: "Its machines run on one server."
                case .antiAffinity: "No two of its machines run on one server."
                }
            }

            /// The word of the query port.
            var word: String {
                switch self {
                case .affinity: "affinity"
                case .antiAffinity: "anti-affinity"
                }
            }
        }

        @OptionGroup var options: ClientOptions
        @OptionGroup var reason: ReasonOption
        @Argument(help: "The rule's name: 1 to 63 of A-Z a-z 0-9 . _ -.") var name: String
        @Flag var kind: Kind
        @Flag(help: "The rule may be broken where every server breaks as many.")
        var soft = false
        @Option(help: ArgumentHelp("Machines that it is about.", valueName: "name,name"), completion: .machineLists)
        var vm: NameListArgument?
        @Option(help: ArgumentHelp("It is about all machines with this tag; can be given several times.", valueName: "key[=value]"))
        var tag: [String] = []

        func validate() throws {
            guard vm != nil || !tag.isEmpty else { throw ValidationError("Name what the rule is about: --vm or --tag.") }
        }

        func run() async throws {
            try await ClientSession.run(options, reason: reason.reason) { client, console in
                let made = try await client.createRule(
                    CreateRuleRequest(
                        name: name, kind: kind.word, strength: soft ? "soft" : "hard", machines: vm?.names, tags: tag.isEmpty ? nil : tag))
                try console.confirm(made, RuleText.sentence(of: made))
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls", abstract: "Lists the rules, with where each of them is broken.",
            discussion: """
                  ovm rule ls
                  ovm rule ls -o json
                """)

        @OptionGroup var options: ClientOptions
        @OptionGroup var watch: WatchOption

        func run() async throws {
            try await ClientSession.look(options, watch) { client, console in
                let list = try await client.rules()
                try console.show(list) { RuleText.table(of: list.rules) }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Shows a rule with its members, and where they are.",
            discussion: """
                  ovm rule show spread-web
                  ovm rule show spread-web --watch
                """)

        @OptionGroup var options: ClientOptions
        @OptionGroup var watch: WatchOption
        @Argument(help: "The rule's name.", completion: .ruleNames) var name: String

        func run() async throws {
            try await ClientSession.look(options, watch) { client, console in
                let rule = try await client.rule(name)
                try console.show(rule) { RuleText.properties(of: rule) }
            }
        }
    }

    struct Change: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set", abstract: "Changes a rule's strength and members.",
            discussion: """
                What is not named stays as it is. The rule holds as it is then from the next start on; what runs is not moved. A hard rule \
                that cannot hold together with another one is refused.

                  ovm rule set spread-web --soft
                  ovm rule set shop --add shop02,shop03 --remove shop01
                  ovm rule set spread-web --hard --add-tag role=proxy --remove-tag role=old --reason "the old ones are gone"
                """)

        /// Whether the rule may be broken.
        enum Strength: String, EnumerableFlag {
            case hard
            case soft

            static func help(for value: Strength) -> ArgumentHelp? {
                switch value {
                case .hard: "Each server where it would be broken is refused."
                case .soft: "It may be broken where every server breaks as many."
                }
            }
        }

        @OptionGroup var options: ClientOptions
        @OptionGroup var reason: ReasonOption
        @Argument(help: "The rule's name.", completion: .ruleNames) var name: String
        @Flag var strength: Strength?
        @Option(help: ArgumentHelp("Machines that it is to name as well.", valueName: "name,name"), completion: .machineLists)
        var add: NameListArgument?
        @Option(help: ArgumentHelp("Machines that it is to name no longer.", valueName: "name,name"), completion: .machineLists)
        var remove: NameListArgument?
        @Option(help: ArgumentHelp("It is about all machines with this tag as well; again for another.", valueName: "key[=value]"))
        var addTag: [String] = []
        @Option(help: ArgumentHelp("It is no longer about the machines with this tag; again for another.", valueName: "key[=value]"))
        var removeTag: [String] = []

        func validate() throws {
            guard strength != nil || add != nil || remove != nil || !addTag.isEmpty || !removeTag.isEmpty else {
                throw ValidationError("Name what is to change: --hard, --soft, --add, --remove, --add-tag or --remove-tag.")
            }
        }

        func run() async throws {
            try await ClientSession.run(options, reason: reason.reason) { client, console in
                let rule = try await client.changeRule(
                    name,
                    ChangeRuleRequest(
                        strength: strength?.rawValue, addMachines: add?.names, removeMachines: remove?.names,
                        addTags: addTag.isEmpty ? nil : addTag, removeTags: removeTag.isEmpty ? nil : removeTag))
                try console.confirm(rule, RuleText.sentence(of: rule, "changed"))
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rm", abstract: "Deletes a rule.",
            discussion: """
                  ovm rule rm spread-web --reason "one server is left"
                """)

        @OptionGroup var options: ClientOptions
        @OptionGroup var reason: ReasonOption
        @Argument(help: "The rule's name.", completion: .ruleNames) var name: String

        func run() async throws {
            try await ClientSession.run(options, reason: reason.reason) { client, console in
                try await client.deleteRule(name)
                try console.confirm(DoneDocument(), "Rule \(name) is deleted.")
            }
        }
    }
}
