import Foundation
import Testing

@Suite("The program explains itself")
struct HelpTests {
    /// A command as the program tells of it.
    struct Command: Decodable {
        var commandName: String
        var abstract: String?
        var discussion: String?
        var superCommands: [String]?
        var subcommands: [Command]?
        var arguments: [Argument]?

        var path: String { ((superCommands ?? []) + [commandName]).joined(separator: " ") }
        /// The command and those below it, without the parser's own.
        var all: [Command] { commandName == "help" ? [] : [self] + (subcommands ?? []).flatMap(\.all) }
        /// Whether it does something itself.
        var isLeaf: Bool { (subcommands ?? []).allSatisfy { $0.commandName == "help" } }
    }

    /// An argument or option of a command.
    struct Argument: Decodable {
        var valueName: String?
        var abstract: String?
        var shouldDisplay: Bool
        /// `positional`, `option` or `flag`.
        var kind: String?
        var names: [Name]?

        struct Name: Decodable {
            var kind: String
            var name: String

            var spelling: String { (kind == "short" ? "-" : "--") + name }
        }
    }

    /// The whole tree of commands.
    static func tree() throws -> Command {
        struct Dump: Decodable { var command: Command }
        let outcome = try ProgramScene().run("--experimental-dump-help")
        return try JSONDecoder().decode(Dump.self, from: Data(outcome.output.utf8)).command
    }

    @Test("every command and every option says what it is for")
    func explainsEverything() throws {
        let commands = try Self.tree().all

        #expect(commands.count > 30)
        for command in commands {
            #expect(!(command.abstract ?? "").isEmpty, "\(command.path)")
            for argument in command.arguments ?? [] where argument.shouldDisplay {
                #expect(!(argument.abstract ?? "").isEmpty, "\(command.path): \(argument.valueName ?? "?")")
            }
        }
    }

    @Test("every command that does something shows an example")
    func showsExamples() throws {
        for command in try Self.tree().all where command.isLeaf {
            let lines = (command.discussion ?? "").split(separator: "\n")
            #expect(lines.contains { $0.hasPrefix("  \(command.path)") }, "\(command.path)")
        }
    }

    @Test("the manual page has a section for every command, and nothing that roff would choke on")
    func printsManual() throws {
        let page = try ProgramScene().run("manual").output

        for command in try Self.tree().all.dropFirst() {
            #expect(page.contains(".SS \"\(command.path.replacing("-", with: "\\-"))"), "\(command.path)")
        }
        #expect(page.hasPrefix(".TH OVM 8 "))
        #expect(page.contains("\n.SH EXIT STATUS\n"))
        let macros: Set = [".TH", ".SH", ".SS", ".TP", ".PP", ".B", ".I", ".RI", ".RS", ".RE", ".nf", ".fi"]
        for line in page.split(separator: "\n") where line.hasPrefix(".") {
            #expect(macros.contains(String(line.prefix { $0 != " " })), "\(line)")
        }
    }

    @Test("wrong usage ends with 2 and says where help is", arguments: [["vm"], ["vm", "strat", "a"], ["vm", "show"], ["pool", "join"]])
    func refusesWrongUsage(arguments: [String]) throws {
        let outcome = try ProgramScene().run(arguments + (arguments == ["vm"] ? ["--nonsense"] : []))

        #expect(outcome.status == 2, "\(outcome.errors)")
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.contains("--help"), "\(outcome.errors)")
    }

    @Test("a word that is no command is answered with the nearest that is")
    func suggestsCommands() throws {
        let outcome = try ProgramScene().run("vm", "strat", "web01")

        #expect(outcome.errors == "ovm: There is no command `ovm vm strat`. Did you mean start? `ovm vm --help` lists them.\n")
    }

    @Test(
        "a word that other tools have for a command is answered with ours",
        arguments: [
            ("vm list", "ls"), ("vm info", "show"), ("vm rm", "delete"), ("server rm", "remove"), ("rule delete", "rm"),
            ("rule create", "add"), ("vm shutdown", "stop"), ("vm destroy", "stop --force"), ("vm save", "suspend"),
            ("server evacuate", "maintenance on"), ("task abort", "cancel"),
        ])
    func knowsOthers(_ line: String, _ ours: String) throws {
        let outcome = try ProgramScene().run(line.split(separator: " ").map(String.init) + ["x"])

        #expect(outcome.status == 2)
        #expect(outcome.errors.contains("There is no command `ovm \(line)`. Did you mean \(ours)?"), "\(outcome.errors)")
    }

    @Test("a client without a pool file, and one whose pool is gone, are told the cause and a cure")
    func tellsCures() throws {
        let scene = try ProgramScene()
        try #require(try BootstrapTests.bootstrap(scene, "a").status == 0)

        let nowhere = try scene.run("vm", "ls", "--pool", "\(scene.folder)/none.json")
        let silent = try scene.run("vm", "ls", "--pool", "\(scene.folder)/a/pool.json")

        #expect(nowhere.isOneSentenceOfEach, "\(nowhere.errors)")
        #expect(silent.status == 3)
        #expect(silent.saysCauseAndCure, "\(silent.errors)")
    }
}
