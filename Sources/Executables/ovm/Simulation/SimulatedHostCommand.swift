import ArgumentParser
import ServerEnvironment
import SimulatedHost
import UnixSignals

/// `ovm simulated-host`
struct SimulatedHostCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulated-host",
        abstract: "Runs a stand-in for a Xen host, which owns its domains until it ends.",
        discussion: """
            The agent of the same data directory, made with --hypervisor simulated, drives it. Ending this process is the host's power
            cut: its domains are gone, and the next one is another boot. Its capacity stands in simulated.json.

              ovm simulated-host --data /var/lib/ovm
            """)

    @Option(help: "The data directory that it shares with the agent.", completion: .directory)
    var data: String

    func run() async throws {
        ProcessSettings.disableCoreDumps()
        let server = SimulatedHostServer(folder: SimulatedHostFolder(DataDirectory(data).path))
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await server.run() }
                group.addTask { for await _ in signals { return } }
                // Whichever ends first ends the other: a signal, or the server's own failure.
                _ = try await group.next()
                group.cancelAll()
            }
        } catch {
            throw Refusal.exit(with: error)
        }
    }
}
