import ArgumentParser
import PoolCommands
import QueryModel

/// `ovm pool settings`
struct PoolSettingsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settings", abstract: "Shows the pool-wide settings.",
        discussion: """
            ovm pool set changes them; ovm event ls --kind setting-changed shows who did, when and why.

              ovm pool settings
              ovm pool settings -o yaml
            """)

    @OptionGroup var options: ClientOptions

    func run() async throws {
        try await ClientSession.run(options) { client, console in
            let settings = try await client.settings()
            try console.show(settings) { PoolText.properties(of: settings) }
        }
    }
}

/// `ovm pool set`
struct PoolSetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Changes pool-wide settings.",
        discussion: """
            What is not named stays as it is; all that is named changes at once, or nothing does. What runs is left alone: the overcommit
            ratio decides the next starts, and servers begin or end voting one step after the other, the master always among the voters.

              ovm pool set --cpu-overcommit 6
              ovm pool set --voter-limit 3 --voter-replacement 10m --reason "two sites only"
              ovm pool set --voter-limit 7 --if-match 4711
            """)

    @OptionGroup var options: ClientOptions
    @OptionGroup var reason: ReasonOption
    @Option(help: ArgumentHelp("Virtual CPUs for each physical one, 1 to 64; 4 in a new pool.", valueName: "ratio"))
    var cpuOvercommit: Int?
    @Option(
        help: ArgumentHelp("The most servers that vote: 1, 3, 5 or 7; 5 in a new pool.", valueName: "count"),
        completion: .list(["1", "3", "5", "7"]))
    var voterLimit: Int?
    @Option(
        help: ArgumentHelp(
            "How long a voter is silent before another server votes in its place, 10s to 30d; 10m in a new pool.", valueName: "time"))
    var voterReplacement: TimeArgument?
    @Option(
        help: ArgumentHelp(
            "Change them only if their last change is the one at this index, as ovm pool settings shows it.", valueName: "index"))
    var ifMatch: UInt64?

    func validate() throws {
        guard cpuOvercommit != nil || voterLimit != nil || voterReplacement != nil else {
            throw ValidationError("Name what is to change: --cpu-overcommit, --voter-limit or --voter-replacement.")
        }
    }

    func run() async throws {
        let change = ChangeSettingsRequest(
            overcommitRatio: cpuOvercommit, voterLimit: voterLimit, voterReplacementSeconds: voterReplacement?.seconds)
        try await ClientSession.run(options, reason: reason.reason) { client, console in
            let settings = try await client.changeSettings(change, expected: ifMatch)
            try console.show(settings) { PoolText.properties(of: settings) }
        }
    }
}
