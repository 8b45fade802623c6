import ArgumentParser

/// The one program: agent, cluster commands and client.
@main
struct OVM: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ovm",
        abstract: "Runs a pool of Xen servers.",
        discussion: """
              On the first server:     ovm pool bootstrap --name POOL
              On each further server:  ovm pool join TOKEN        (ovm pool token create prints a TOKEN)
              On any machine here:     ovm pool demo              (a whole pool of real agents, with simulated hosts)
            """,
        version: ProgramVersion.text,
        subcommands: [
            PoolCommand.self, ServerCommand.self, VirtualMachineCommand.self, RuleCommand.self, TaskCommand.self, EventCommand.self,
            AgentCommand.self, SimulateCommand.self, SimulatedHostCommand.self, ManualCommand.self,
        ])

    /// Runs the program: wrong usage ends with 2, as shells' own commands do.
    static func main() async { await runAsProgram() }
}

/// What `--version` prints and what agents announce.
enum ProgramVersion {
    static let text = "0.1.0"
    /// When the version was made, for the manual page.
    static let date = "2026-11-27"
}

/// `ovm pool`
struct PoolCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pool", abstract: "Founds, joins, shows and sets a server pool.",
        subcommands: [
            PoolBootstrapCommand.self, PoolJoinCommand.self, PoolTokenCommand.self, PoolStatusCommand.self, PoolMasterCommand.self,
            PoolMetricsCommand.self, PoolSettingsCommand.self, PoolSetCommand.self,
            PoolShowCommand.self, PoolDiffCommand.self, PoolDemoCommand.self,
        ])
}

/// `ovm agent`
struct AgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent", abstract: "Runs this server's agent.", subcommands: [AgentRunCommand.self])
}
