import ArgumentParser
import Foundation
import SimulationKit

/// `ovm simulate`
struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Simulates whole pools under faults, each from one seed, and checks what must always hold.",
        discussion: """
            The very agent that ships runs in virtual time on the very host model that ships, with lost and late messages, crashes,
            power cuts, partitions, hypervisors that fail and hang, and clocks that drift and stop. Exit status 1 at the first
            violation, naming the command that replays it.

              ovm simulate --seeds 1..1000 --servers 5
            """)

    @Option(help: "Run this one seed.")
    var seed: UInt64?

    @Option(help: "Run these seeds: A..B.")
    var seeds: String?

    @Option(help: "How many servers: 1 to 7.")
    var servers = 3

    @Option(help: "Simulated seconds of work and faults: 1 to 3600.")
    var seconds = 20

    @Flag(help: "Print a line for each seed.")
    var verbose = false

    func validate() throws {
        guard (seed == nil) != (seeds == nil) else { throw ValidationError("Give either --seed N or --seeds A..B.") }
        guard (1...7).contains(servers) else { throw ValidationError("A simulation has 1 to 7 servers.") }
        guard (1...3_600).contains(seconds) else { throw ValidationError("Give 1 to 3600 seconds.") }
        _ = try range()
    }

    func run() async throws {
        let settings = SimulationSettings(seed: 1, servers: servers, seconds: seconds)
        let start = clock()
        let totals = SimulationRunner.run(seeds: try range(), settings: settings, isVerbose: verbose || seed != nil) { line in
            print(line)
            fflush(nil)
        }
        let processor = Double(clock() - start) / Double(CLOCKS_PER_SEC)
        let simulated = Double(totals.simulatedNanoseconds) / 1_000_000_000
        print(
            String(
                format: "%d seeds, %d events, %.0f s simulated, %.1f s of processor time: %@", totals.seeds, totals.events, simulated,
                processor, totals.isClean ? "no violation" : "violation at seed \(totals.failingSeed ?? 0)"))
        if let seed = totals.failingSeed { print("To replay it: ovm simulate --seed \(seed) --servers \(servers) --seconds \(seconds)") }
        if !totals.isClean { throw ExitCode(1) }
    }

    private func range() throws -> ClosedRange<UInt64> {
        if let seed { return seed...seed }
        let parts = (seeds ?? "").components(separatedBy: "..").compactMap { UInt64($0) }
        guard parts.count == 2, parts[0] <= parts[1], parts[1] - parts[0] < 10_000_000 else {
            throw ValidationError("\(seeds ?? "") is no range of seeds. Give it as 1..100.")
        }
        return parts[0]...parts[1]
    }
}
