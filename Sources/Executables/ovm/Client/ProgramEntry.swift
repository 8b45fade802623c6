import ArgumentParser
import Foundation
import PoolCommands
import QueryModel

extension AsyncParsableCommand {
    /// What wrong usage ends with. The argument parser's own status, 64, is that of sendmail and not of the shell.
    private static var wrongUsage: Int32 { 2 }

    /// Parses the arguments and runs the command; ends the process with the status that it comes to.
    static func runAsProgram() async {
        do {
            var command = try await asyncParseAsRoot(nil)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch  where exitCode(for: error) == .validationFailure {
            if let sentence = unknownCommand(in: CommandLine.arguments.dropFirst()) {
                Console.complain(sentence)
            } else {
                Console.note(fullMessage(for: error) + "\n")
            }
            Foundation.exit(wrongUsage)
        } catch {
            exit(withError: error)
        }
    }

    /// What to say where a word names no command; nil where all of them do. The parser itself calls it an unexpected argument.
    private static func unknownCommand(in words: some Sequence<String>) -> String? {
        var command: any ParsableCommand.Type = self
        var path = [_commandName]
        for word in words {
            let subcommands = command.configuration.subcommands
            guard !subcommands.isEmpty, !word.hasPrefix("-") else { return nil }
            guard let next = subcommands.first(where: { $0._commandName == word }) else {
                let line = path.joined(separator: " ")
                let names = subcommands.map { $0._commandName }
                let meant = FamiliarWord.meaning(of: word, among: names) ?? NearestName.find(word, among: names)
                let hint = meant.map { "Did you mean \($0)? " } ?? ""
                return "There is no command `\(line) \(word)`. \(hint)`\(line) --help` lists them."
            }
            command = next
            path.append(word)
        }
        return nil
    }
}
