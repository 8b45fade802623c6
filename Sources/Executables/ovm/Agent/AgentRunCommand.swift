import AgentRuntime
import ArgumentParser
import Foundation
import Logging
import ServerEnvironment

/// `ovm agent run`: what systemd starts.
struct AgentRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Runs this server's agent until it is told to stop (SIGTERM, or Ctrl-C).",
        discussion: """
            The agent leaves its virtual machines running when it stops, and adopts them when it starts again.
            Exit status: 0 stopped in good order; 1 it must stay down until you act, the last line says why.

              ovm agent run
              ovm agent run --data /srv/ovm --log-level debug
            """)

    @Option(help: "The data directory that bootstrap or join has made.", completion: .directory)
    var data = DataDirectory.standardPath

    @Option(help: "The least important log lines to print: trace, debug, info, notice, warning, error.")
    var logLevel = "info"

    func run() async throws {
        ProcessSettings.disableCoreDumps()
        ProcessSettings.raiseFileLimit()
        guard let level = Logger.Level(rawValue: logLevel) else { throw ValidationError("There is no log level \(logLevel).") }
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
        do {
            try await AgentProcess(directory: DataDirectory(data)).run()
        } catch {
            throw Refusal.exit(with: error)
        }
    }
}
