import ArgumentParser
import Foundation

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
            Console.note(fullMessage(for: error) + "\n")
            Foundation.exit(wrongUsage)
        } catch {
            exit(withError: error)
        }
    }
}
